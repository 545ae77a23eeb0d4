"""Snapshot ZIPs: digests that know data and not its order, and damage that is noticed."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from migration.archive import Archive, summarise
from migration.errors import RunIncomplete
from migration.ids import encode

A, B = b"a" * 16, b"b" * 16


def _snapshot(
    path: Path, number: int, documents: list[dict[str, Any]], files: dict[str, bytes] | None = None
) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("_tables/documents.jsonl", json.dumps({"name": "cases", "id": number}) + "\n")
        archive.writestr("cases/documents.jsonl", "".join(json.dumps(one) + "\n" for one in documents))
        archive.writestr("cases/generated_schema.jsonl", '"uniform"\n')
        for name, content in (files or {}).items():
            archive.writestr(f"_storage/{name}", content)
    return path


def _case(raw: bytes, number: int = 10001, **fields: Any) -> dict[str, Any]:
    return {"_id": encode(number, raw), "_creationTime": 1.5, **fields}


def _digest(tmp_path: Path, documents: list[dict[str, Any]], number: int = 10001, **rest: Any) -> str:
    return summarise(_snapshot(tmp_path / "s.zip", number, documents, **rest)).digest


def test_neither_order_nor_table_numbers_nor_key_order_change_the_digest(tmp_path: Path) -> None:
    one = _digest(tmp_path, [_case(A, x="1", y="2"), _case(B)])
    assert _digest(tmp_path, [_case(B), _case(A, y="2", x="1")]) == one
    assert _digest(tmp_path, [_case(A, 77, x="1", y="2"), _case(B, 77)], 77) == one


@pytest.mark.parametrize(
    "other", [{"n": 1}, {"n": 1.5}, {"n": None}, {}, {"n": "1.0"}, {"n": 1.0, "m": None}, {"n": True}]
)
def test_every_difference_of_a_value_changes_the_digest(other: dict[str, Any], tmp_path: Path) -> None:
    assert _digest(tmp_path, [_case(A, **other)]) != _digest(tmp_path, [_case(A, n=1.0)])


def test_a_doubled_a_missing_and_a_moved_document_change_the_digest(tmp_path: Path) -> None:
    digests = {
        _digest(tmp_path, documents)
        for documents in ([_case(A)], [_case(A), _case(A)], [_case(B)], [_case(A), _case(B)], [])
    }
    assert len(digests) == 5


def test_an_emptied_table_is_the_same_as_an_absent_one(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "none.zip", "w") as archive:
        archive.writestr("_tables/documents.jsonl", "")
    assert _digest(tmp_path, []) == summarise(tmp_path / "none.zip").digest


def test_stored_files_belong_to_the_data(tmp_path: Path) -> None:
    name = encode(5, A)
    digests = {
        _digest(tmp_path, [], files=files)
        for files in ({}, {f"{name}.png": b"one"}, {f"{name}.png": b"two"}, {encode(5, B): b"one"})
    }
    assert len(digests) == 4


def test_a_component_s_table_of_the_same_name_is_another_table(tmp_path: Path) -> None:
    path = _snapshot(tmp_path / "s.zip", 10001, [_case(A)])
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("_components/chat/cases/documents.jsonl", json.dumps(_case(B)) + "\n")
    found = summarise(path).tables
    assert (found["cases"].documents, found["_components/chat/cases"].documents) == (1, 1)


def test_a_damaged_snapshot_is_never_read_as_a_smaller_one(tmp_path: Path) -> None:
    path = _snapshot(tmp_path / "s.zip", 10001, [_case(A, text="some text to damage")])
    content = bytearray(path.read_bytes())
    content[content.index(b"some text")] ^= 1
    path.write_bytes(content)
    with pytest.raises(RunIncomplete, match="can not be read back"):
        summarise(path)
    path.write_bytes(content[:-30])
    with pytest.raises(RunIncomplete, match="can not be read back"):
        summarise(path)


def test_lines_come_out_as_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "s.zip"
    line = b'{"_id":"x",  "n":1.50,"t":"\\u00e9"}'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("cases/documents.jsonl", line + b"\n")
    with Archive(path) as archive_:
        assert list(archive_.lines("cases")) == [line]
        assert list(archive_.lines("absent")) == []
