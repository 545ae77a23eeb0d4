"""Snapshot export: the ZIP's layout, its numbers, files, and one at a time."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import threading
from typing import Any

import pytest

from tests.contract.client import Client, make_zip, table_entries
from tests.contract.test_import import AUTHORS, BOOKS, author_line, book_line, identifier

# Any number that no other table has: files bring theirs along.
STORAGE = 8_000


def test_layout_is_the_contracts(client: Client) -> None:
    client.run_import(
        make_zip(
            table_entries(
                {
                    "authors": (AUTHORS, [author_line(1)]),
                    "books": (BOOKS, [book_line(n, identifier(AUTHORS, 1)) for n in range(3)]),
                    "empty": (10_050, []),
                }
            )
        )
    )
    archive = client.export()
    assert archive.namelist() == [
        "README.md",
        "_tables/documents.jsonl",
        *(
            f"{table}/{part}.jsonl"
            for table in ("empty", "authors", "books")
            for part in ("documents", "generated_schema")
        ),
    ]
    tables = [json.loads(line) for line in archive.read("_tables/documents.jsonl").splitlines()]
    assert [(table["name"], table["id"]) for table in tables] == [
        ("authors", AUTHORS),
        ("books", BOOKS),
        ("empty", 10_050),
    ]
    assert archive.read("books/generated_schema.jsonl") == b'"uniform"\n'
    assert archive.testzip() is None
    assert {entry.external_attr >> 16 & 0o777 for entry in archive.infolist()} == {0o644}


def test_documents_are_lossless_lines_with_their_fields_in_order(client: Client) -> None:
    author_id, book_id = identifier(AUTHORS, 1), identifier(BOOKS, 1)
    author = (
        f'{{"_creationTime":1700000000000.0,"_id":"{author_id}",'
        r'"age":-0.0,"email":"é\n\"","name":"x"}'
    )
    book = (
        f'{{"_creationTime":1700000000000.25,"_id":"{book_id}","author":"{author_id}",'
        '"copies":-9223372036854775808,"cover":{"$bytes":"AAEC/w=="},'
        '"notes":{"a":[1.0,{"$float":"AAAAAAAA8H8="}],"b":null},"title":""}'
    )
    client.run_import(make_zip(table_entries({"authors": (AUTHORS, [author]), "books": (BOOKS, [book])})))
    archive = client.export()
    assert archive.read("authors/documents.jsonl").decode() == author + "\n"
    assert archive.read("books/documents.jsonl").decode() == book + "\n"


@pytest.mark.any_project
def test_export_imported_again_gives_the_same_export(client: Client) -> None:
    client.run_import(make_zip(table_entries({"authors": (AUTHORS, [author_line(n) for n in range(5)])})))
    first = client.export()
    content = {name: first.read(name) for name in first.namelist()}
    assert client.run_import(make_zip(content), mode="replaceAll")["state"] == "completed"
    second = client.export()
    assert {name: second.read(name) for name in second.namelist()} == content


@pytest.mark.any_project
def test_files_travel_with_their_ids(client: Client) -> None:
    blob, file_id = b"\x00\x01hello", identifier(STORAGE, 5)
    sha256 = base64.b64encode(hashlib.sha256(blob).digest()).decode()
    metadata: dict[str, Any] = {
        "_id": file_id,
        "_creationTime": 1.5e12,
        "sha256": sha256,
        "contentType": "text/x",
    }
    content: dict[str, str | bytes] = {
        "_storage/documents.jsonl": json.dumps(metadata) + "\n",
        f"_storage/{file_id}.bin": blob,
    }
    assert client.run_import(make_zip(content))["state"] == "completed"
    archive = client.export(files=True)
    assert archive.read(f"_storage/{file_id}") == blob
    [line] = archive.read("_storage/documents.jsonl").splitlines()
    exported = json.loads(line)
    assert (exported["size"], exported["sha256"], exported["contentType"]) == (7.0, sha256, "text/x")
    assert "_storage/documents.jsonl" not in client.export().namelist()
    assert client.http.get(f"/api/storage/{file_id}").content == blob


@pytest.mark.any_project
def test_file_with_a_wrong_checksum_is_refused(client: Client) -> None:
    file_id = identifier(STORAGE, 6)
    metadata = {"_id": file_id, "sha256": base64.b64encode(bytes(32)).decode()}
    content: dict[str, str | bytes] = {
        "_storage/documents.jsonl": json.dumps(metadata) + "\n",
        f"_storage/{file_id}": b"x",
    }
    assert "InvalidSha256" in client.run_import(make_zip(content))["error_message"]


@pytest.mark.any_project
def test_export_is_known_by_timestamp_and_by_id(client: Client) -> None:
    client.export()
    latest = client.system("cli/exports:getLatest")
    by_ts = client.get(f"/api/export/zip/{latest['start_ts']}")
    assert by_ts.content == client.get(f"/api/export/zip/{latest['_id']}").content
    assert (
        by_ts.headers["content-disposition"]
        == f"attachment; filename=snapshot_{client.name}_{latest['start_ts']}.zip"
    )


@pytest.mark.any_project
def test_unknown_export_is_not_found(client: Client) -> None:
    assert client.get("/api/export/zip/123").json()["code"] == "ExportNotFound"
    assert client.get("/api/export/zip/..%2Fx").json()["code"] == "BadSnapshotId"


def test_second_export_is_refused_while_one_runs(client: Client) -> None:
    noise = random.Random(20260115)  # noqa: S311 - the same text each time
    # Text that compresses badly, so that the export is still at work when the next requests arrive.
    slow = [book_line(n, identifier(AUTHORS, 1), notes=noise.randbytes(450_000).hex()) for n in range(20)]
    tables = {"authors": (AUTHORS, [author_line(1)]), "books": (BOOKS, slow)}
    assert client.run_import(make_zip(table_entries(tables)))["state"] == "completed"
    assert client.post("/api/export/request/zip").status_code == 200
    second = client.post("/api/export/request/zip")
    assert (second.status_code, second.json()["code"]) == (400, "ExportInProgress")
    running = client.system("cli/exports:getLatest")
    early = client.get(f"/api/export/zip/{running['_id']}")
    assert early.json()["code"] == "ExportNotComplete"
    while (state := client.system("cli/exports:getLatest")["state"]) != "completed":
        assert state in ("requested", "in_progress")


def test_exports_amid_mutations_hold_whole_transactions(client: Client) -> None:
    author = str(client.value("mutation", "library:addAuthor", {"name": "0"}))
    done = threading.Event()
    written: list[int] = []

    def write_pairs() -> None:
        writer = Client(client.deployment)
        while not done.is_set():
            writer.value("mutation", "library:addManyBooks", {"author": author, "count": 2})
            written.append(2)

    thread = threading.Thread(target=write_pairs)
    thread.start()
    seen: list[tuple[int, int, int]] = []
    try:
        while len(seen) < 6 or seen[-1][1] == seen[0][1]:
            assert thread.is_alive()
            before = sum(written)
            found = len(client.documents("books"))
            seen.append((before, found, sum(written) + 2))
    finally:
        done.set()
        thread.join()
    assert [found for _, found, _ in seen] == sorted(found for _, found, _ in seen)
    assert all(found % 2 == 0 and before <= found <= after for before, found, after in seen)
