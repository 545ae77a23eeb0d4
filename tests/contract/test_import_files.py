"""Files in an import: their ids and number, what is checked of them, and what a refused import leaves."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.contract.client import Client, make_zip
from tests.contract.test_import import identifier

pytestmark = pytest.mark.any_project
NUMBER, OTHER = 8_010, 8_011
FILE = identifier(NUMBER, 1)


def files(blobs: dict[str, bytes], *metadata: dict[str, Any]) -> bytes:
    """A ZIP of files: names within `_storage`, and lines of its documents."""
    entries: dict[str, str | bytes] = {f"_storage/{name}": blob for name, blob in blobs.items()}
    if metadata:
        entries["_storage/documents.jsonl"] = "".join(json.dumps(line) + "\n" for line in metadata)
    return make_zip(entries)


@pytest.fixture
def stored(client: Client) -> Client:
    """A deployment with one file, its bytes "first"."""
    assert client.run_import(files({FILE: b"first"}, {"_id": FILE}))["state"] == "completed"
    return client


REFUSED: dict[str, tuple[str, str, bytes]] = {
    "file twice": ("replace", "DuplicateId", files({f"{FILE}.a": b"1", f"{FILE}.b": b"2"})),
    "line twice": ("replace", "DuplicateId", files({FILE: b"1"}, {"_id": FILE}, {"_id": FILE})),
    "file of another number": (
        "replace",
        "InvalidId",
        files({FILE: b"1", identifier(OTHER, 2): b"2"}, {"_id": FILE}),
    ),
    "line of another number": (
        "replace",
        "InvalidId",
        files({FILE: b"1"}, {"_id": FILE}, {"_id": identifier(OTHER, 2)}),
    ),
    "name that is no id": ("replace", "InvalidId", files({"picture.png": b"1"})),
    "line without an id": ("replace", "InvalidId", files({FILE: b"1"}, {"sha256": "x"})),
    "time before all times": (
        "replace",
        "InvalidCreationTime",
        files({FILE: b"1"}, {"_id": FILE, "_creationTime": -5}),
    ),
    "file that is there already": ("append", "DuplicateId", files({FILE: b"other"}, {"_id": FILE})),
    "append under another number": ("append", "ImportConflict", files({identifier(OTHER, 2): b"2"})),
    "files where there must be none": ("requireEmpty", "already has files", files({FILE: b"1"})),
}


@pytest.mark.parametrize("reason", list(REFUSED))
def test_refused_files_leave_those_that_were_there(stored: Client, reason: str) -> None:
    mode, words, content = REFUSED[reason]
    state = stored.run_import(content, mode=mode)
    assert (state["state"], words in state.get("error_message", "")) == ("failed", True), state
    archive = stored.export(files=True)
    assert [name for name in archive.namelist() if name.startswith("_storage/")] == [
        "_storage/documents.jsonl",
        f"_storage/{FILE}",
    ]
    assert archive.read(f"_storage/{FILE}") == b"first"
    assert stored.http.get(f"/api/storage/{FILE}").content == b"first"


def test_append_adds_to_the_files_that_are_there(stored: Client) -> None:
    second = identifier(NUMBER, 2)
    assert stored.run_import(files({f"{second}.txt": b"second"}), mode="append")["state"] == "completed"
    archive = stored.export(files=True)
    assert [archive.read(f"_storage/{name}") for name in (FILE, second)] == [b"first", b"second"]


def test_replace_puts_other_bytes_under_the_same_id(stored: Client) -> None:
    line = {"_id": FILE, "_creationTime": 1.5e12, "internalId": "a-b", "contentType": "text/x"}
    assert stored.run_import(files({FILE: b"other"}, line))["state"] == "completed"
    served = stored.http.get(f"/api/storage/{FILE}")
    assert (served.content, served.headers["content-type"]) == (b"other", "text/x")
    [exported] = stored.export(files=True).read("_storage/documents.jsonl").splitlines()
    assert {name: json.loads(exported)[name] for name in line} == line
