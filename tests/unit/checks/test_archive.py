"""Exports are read as they are written, Int64 apart from Float64, with every document at hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks.target.archive import Archive, Spool, id_of
from migration.errors import RunIncomplete
from tests.unit.checks.material import NUMBERS, doc_id, export


def test_tables_have_their_numbers_and_documents(tmp_path: Path) -> None:
    path = export(tmp_path / "e.zip", {"cases": [{"_id": doc_id("cases", 1), "a": 1.0, "b": 1}]})
    with Archive(path) as archive:
        assert archive.numbers == NUMBERS
        assert archive.tables == sorted(NUMBERS)
        (document,) = archive.documents("cases")
    assert (type(document["a"]), type(document["b"])) == (float, int)


def test_a_component_has_a_folder_of_its_own(tmp_path: Path) -> None:
    path = export(tmp_path / "e.zip", {"sent": [{"_id": "x"}]}, prefix="_components/mail/")
    with Archive(path) as archive:
        assert "_components/mail/sent" in archive.tables
        assert list(archive.lines("sent")) == []


def test_an_export_that_is_not_there_leaves_the_run_incomplete(tmp_path: Path) -> None:
    with pytest.raises(RunIncomplete):
        Archive(tmp_path / "none.zip")


@pytest.mark.parametrize(
    "line",
    [
        b'{"_id":"abc","x":1.0}',
        b'{"x":1.0,"_id":"abc"}',
        b'{"_id": "abc"}',
        rb'{"note":"she wrote \"_id\":\"zzz\" here","_id":"abc"}',
        b'{"inner":{"_id":"zzz"},"_id":"abc"}',
    ],
)
def test_the_id_of_a_line_is_its_own(line: bytes) -> None:
    assert id_of(line) == "abc"


def test_a_spool_serves_documents_by_id_and_leaves_no_file(tmp_path: Path) -> None:
    documents = [{"_id": f"id{number}", "text": "é" * number} for number in range(50)]
    with Archive(export(tmp_path / "e.zip", {"cases": documents})) as archive:
        spool = Spool.of(archive, "cases", tmp_path / "unpacked")
    assert [spool.document(document["_id"]) for document in reversed(documents)] == documents[::-1]
    assert spool.line("id99") is None
    assert not (tmp_path / "unpacked").exists()


def test_an_id_that_occurs_twice_is_noticed(tmp_path: Path) -> None:
    with Archive(export(tmp_path / "e.zip", {"cases": [{"_id": "a"}, {"_id": "a"}]})) as archive:
        assert Spool.of(archive, "cases", tmp_path / "u").duplicates == ["a"]


def test_an_absent_table_is_empty(tmp_path: Path) -> None:
    with Archive(export(tmp_path / "e.zip", {})) as archive:
        assert list(Spool.of(archive, "cases", tmp_path / "u")) == []
