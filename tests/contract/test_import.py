"""Snapshot import: formats, modes, table numbers, what is refused, and that a refusal changes nothing."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from fixtures import wire
from tests.contract.client import Client, lines_of, make_zip, table_entries

AUTHORS, BOOKS = 10_001, 10_002
VECTORS = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "facts" / "id_vectors.jsonl").read_text().splitlines()
]


def identifier(number: int, n: int) -> str:
    return wire.encode_id(number, n.to_bytes(16, "big"))


def author_line(n: int, number: int = AUTHORS, **fields: Any) -> str:
    return json.dumps(
        {"_id": identifier(number, n), "_creationTime": 1_700_000_000_000.5, "name": f"A{n}", **fields}
    )


def book_line(n: int, author: str, **fields: Any) -> str:
    return json.dumps({"_id": identifier(BOOKS, n), "author": author, "title": f"B{n}", **fields})


def two_tables(authors: list[str], books: list[str], authors_number: int = AUTHORS) -> bytes:
    return make_zip(table_entries({"authors": (authors_number, authors), "books": (BOOKS, books)}))


def names(client: Client) -> list[str]:
    found: list[str] = client.value("query", "library:names", headers=client.admin)
    return sorted(found)


def test_every_id_vector_is_kept_and_its_table_gives_ids_of_its_number(client: Client) -> None:
    numbers = sorted({int(vector["table_number"]) for vector in VECTORS})
    tables = {
        f"t{number}": (
            number,
            [json.dumps({"_id": v["id"]}) for v in VECTORS if v["table_number"] == number] + ["{}"],
        )
        for number in numbers
    }
    elsewhere: dict[str, tuple[int, list[str]]] = {"authors": (20_001, []), "books": (20_002, [])}
    assert client.run_import(make_zip(table_entries({**tables, **elsewhere})))["state"] == "completed"
    archive = client.export()
    for number in numbers:
        ids = [json.loads(line)["_id"] for line in archive.read(f"t{number}/documents.jsonl").splitlines()]
        assert all(wire.decode_id(found)[0] == number for found in ids)
        expected = {vector["id"] for vector in VECTORS if vector["table_number"] == number}
        assert expected < set(ids)


@pytest.mark.parametrize("spoil", ["swapped character", "longer", "upper case", "bad tail", "short"])
def test_string_that_is_almost_an_id_is_refused(client: Client, spoil: str) -> None:
    good = identifier(AUTHORS, 7)
    spoilt = {
        "swapped character": good[:10] + ("0" if good[10] != "0" else "1") + good[11:],
        "longer": f"{good}0",
        "upper case": good.upper(),
        "bad tail": good[:-1] + chr(ord(good[-1]) ^ 1),
        "short": good[:-2],
    }[spoil]
    state = client.run_import(two_tables([json.dumps({"_id": spoilt, "name": "x"})], []))
    assert (state["state"], "InvalidId" in state["error_message"]) == ("failed", True)


def test_zip_brings_ids_times_and_values(client: Client) -> None:
    author = identifier(AUTHORS, 1)
    line = (
        f'{{"_id":"{identifier(BOOKS, 1)}","_creationTime":1700000000000.5,"author":"{author}",'
        '"title":"T","copies":7,"pages":7.0,"cover":{"$bytes":"AAE="}}'
    )
    state = client.run_import(two_tables([author_line(1)], [line]))
    assert (state["state"], state["num_rows_written"]) == ("completed", "2")
    body = {"path": "library:get", "args": {"id": identifier(BOOKS, 1)}, "format": "export_json"}
    exported = client.http.post("/api/query", json=body).text
    assert '"copies":7,"cover":{"$bytes":"AAE="},"pages":7.0' in exported
    assert '"_creationTime":1700000000000.5' in exported


@pytest.mark.parametrize("prefix", ["", "snapshot/", "a/b/"])
def test_zip_entries_may_stand_in_any_folder(client: Client, prefix: str) -> None:
    entries = {
        f"{prefix}{name}": content
        for name, content in table_entries({"authors": (AUTHORS, [author_line(1)])}).items()
    }
    assert (
        client.run_import(
            make_zip({**entries, f"{prefix}README.md": "x", f"{prefix}_other/documents.jsonl": "{}"})
        )["state"]
        == "completed"
    )
    assert names(client) == ["A1"]


def test_numbers_are_floats_unless_the_table_is_uniform(client: Client) -> None:
    row = {"author": identifier(AUTHORS, 1), "title": "T", "pages": 7}
    client.run_import(two_tables([author_line(1)], []))
    assert client.run_import(lines_of([row]), form="jsonLines", table="books")["state"] == "completed"
    uniform = table_entries({"books": (BOOKS, [json.dumps(row)])})
    state = client.run_import(make_zip(uniform))
    assert (state["state"], "SchemaEnforcementError" in state["error_message"]) == ("failed", True)


@pytest.mark.parametrize(
    ("form", "content"),
    [
        ("jsonLines", b'{"name":"a","age":1}\n{"name":"b"}'),
        ("jsonArray", b'[{"name":"a","age":1},{"name":"b"}]'),
        ("csv", b'name,age\n"a",1\r\nb,\n'),
    ],
)
def test_single_table_formats(client: Client, form: str, content: bytes) -> None:
    assert client.run_import(content, form=form, table="authors")["state"] == "completed"
    rows = [(row["name"], row.get("age")) for row in client.documents("authors")]
    assert rows == [("a", 1.0), ("b", None)]


@pytest.mark.any_project
def test_csv_cells_are_numbers_where_they_read_as_one(client: Client) -> None:
    content = b'name,a,b,c\n"x, ""y""\nz",1e3,0x10,\n'
    assert client.run_import(content, form="csv", table="free")["state"] == "completed"
    [row] = client.documents("free")
    assert (row["name"], row["a"], row["b"], row["c"]) == ('x, "y"\nz', 1000.0, "0x10", "")


def test_modes_decide_what_becomes_of_the_documents_there_are(client: Client) -> None:
    def add(mode: str) -> dict[str, Any]:
        return client.run_import(lines_of([{"name": mode}]), mode=mode, form="jsonLines", table="authors")

    assert add("requireEmpty")["state"] == "completed"
    assert add("append")["state"] == "completed"
    assert names(client) == ["append", "requireEmpty"]
    assert "already has documents" in add("requireEmpty")["error_message"]
    assert add("replace")["state"] == "completed"
    assert names(client) == ["replace"]


def test_replace_keeps_the_table_number_and_leaves_other_tables_alone(client: Client) -> None:
    client.run_import(two_tables([author_line(1)], [book_line(1, identifier(AUTHORS, 1))]))
    client.run_import(lines_of([{"name": "new"}]), form="jsonLines", table="authors")
    [author] = client.documents("authors")
    assert wire.decode_id(author["_id"])[0] == AUTHORS
    assert len(client.documents("books")) == 1


def test_table_named_without_documents_is_emptied(client: Client) -> None:
    client.run_import(two_tables([author_line(1)], []))
    assert (
        client.run_import(make_zip({"_tables/documents.jsonl": f'{{"name":"authors","id":{AUTHORS}}}\n'}))[
            "state"
        ]
        == "completed"
    )
    assert names(client) == []


def test_replace_all_empties_declared_tables_and_drops_the_others(client: Client) -> None:
    client.run_import(lines_of([{"a": 1}]), form="jsonLines", table="loose")
    client.run_import(two_tables([author_line(1)], [book_line(1, identifier(AUTHORS, 1))]))
    books = make_zip(table_entries({"authors": (AUTHORS, [author_line(2)])}))
    assert client.run_import(books, mode="replaceAll")["state"] == "completed"
    tables = [entry["name"] for entry in client.system("cli/tables")["page"]]
    assert tables == ["authors", "books"]
    assert (names(client), client.documents("books")) == (["A2"], [])


@pytest.mark.any_project
def test_table_without_a_number_takes_that_of_its_first_id(client: Client) -> None:
    rows: list[dict[str, Any]] = [{"_id": identifier(12_345, 1)}, {"x": 1}]
    assert client.run_import(lines_of(rows), form="jsonLines", table="fresh")["state"] == "completed"
    assert {wire.decode_id(row["_id"])[0] for row in client.documents("fresh")} == {12_345}


@pytest.mark.any_project
def test_new_table_without_ids_takes_the_next_free_number(client: Client) -> None:
    client.run_import(lines_of([{"x": 1}]), form="jsonLines", table="fresh")
    [row] = client.documents("fresh")
    assert wire.decode_id(row["_id"])[0] > BOOKS


def test_ids_are_judged_by_the_table_numbers_after_the_import(client: Client) -> None:
    client.run_import(two_tables([author_line(1)], [book_line(1, identifier(AUTHORS, 1))]))
    moved = two_tables([author_line(1, 11_111)], [book_line(1, identifier(11_111, 1))], authors_number=11_111)
    assert client.run_import(moved)["state"] == "completed"
    assert client.value("query", "library:booksOf", {"author": identifier(11_111, 1)})[0]["title"] == "B1"
    client.run_import(two_tables([author_line(1)], []))


REFUSALS: dict[str, tuple[str, bytes]] = {
    "wrong number": ("ImportConflict", two_tables([author_line(1, BOOKS)], [])),
    "duplicate id": ("DuplicateId", two_tables([author_line(1), author_line(1)], [])),
    "number of a table that stays": ("TableNumberConflict", make_zip(table_entries({"fresh": (BOOKS, [])}))),
    "number twice in the import": (
        "TableNumberConflict",
        make_zip(table_entries({"a": (10_900, []), "b": (10_900, [])})),
    ),
    "schema": ("SchemaEnforcementError", two_tables([author_line(1, extra=True)], [])),
    "reference to a wrong table": (
        "SchemaEnforcementError",
        two_tables([], [book_line(1, identifier(BOOKS, 1))]),
    ),
    "integer creation time": (
        "InvalidCreationTime",
        two_tables([json.dumps({"_creationTime": 5, "name": "x"})], []),
    ),
    "negative creation time": (
        "InvalidCreationTime",
        two_tables([json.dumps({"_creationTime": -5.0, "name": "x"})], []),
    ),
    "blank line": ("Row 2 wasn't valid JSON", two_tables([author_line(1), "", author_line(2)], [])),
    "byte order mark": (
        "wasn't valid JSON",
        make_zip({"authors/documents.jsonl": b"\xef\xbb\xbf" + author_line(1).encode()}),
    ),
    "not UTF-8": ("wasn't valid UTF-8", make_zip({"authors/documents.jsonl": b'{"name":"\xff"}\n'})),
    "not an object": ("isn't a JSON object", two_tables(["[1]"], [])),
    "tag outside a uniform table": (
        "starts with '$'",
        make_zip({"authors/documents.jsonl": '{"name":"x","age":{"$integer":"AQAAAAAAAAA="}}\n'}),
    ),
    "unknown tag": ("starts with a '$'", two_tables([author_line(1, age={"$what": "x"})], [])),
    "integer beyond 64 bits": ("does not fit into 64 bits", two_tables([author_line(1, age=2**63)], [])),
    "system field": ("starts with an underscore", two_tables([author_line(1, _secret=1.0)], [])),
    "table name": ("ImportInvalidName", make_zip(table_entries({"a-b": (10_900, [])}))),
    "no ZIP": ("InvalidZip", b"PK nothing"),
}


@pytest.mark.parametrize("reason", list(REFUSALS))
def test_refused_import_says_why_and_changes_nothing(client: Client, reason: str) -> None:
    expected, content = REFUSALS[reason]
    client.run_import(two_tables([author_line(9)], [book_line(9, identifier(AUTHORS, 9))]))
    before = {table: client.documents(table) for table in ("authors", "books")}
    state = client.run_import(content)
    assert state["state"] == "failed"
    assert expected in state["error_message"]
    assert {table: client.documents(table) for table in ("authors", "books")} == before


@pytest.mark.any_project
def test_changed_byte_in_a_stored_entry_is_noticed(client: Client) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("authors/documents.jsonl", '{"name":"honest"}\n')
    state = client.run_import(buffer.getvalue().replace(b"honest", b"forged"))
    assert (state["state"], "checksum" in state["error_message"]) == ("failed", True)


def test_number_change_that_would_break_references_is_refused(client: Client) -> None:
    client.run_import(two_tables([author_line(1)], [book_line(1, identifier(AUTHORS, 1))]))
    only_authors = make_zip(table_entries({"authors": (11_111, [author_line(1, 11_111)])}))
    assert "ImportForeignKey" in client.run_import(only_authors)["error_message"]
    assert names(client) == ["A1"]


def test_append_refuses_an_id_that_exists(client: Client) -> None:
    client.run_import(two_tables([author_line(1)], []))
    state = client.run_import(
        make_zip(table_entries({"authors": (AUTHORS, [author_line(1)])})), mode="append"
    )
    assert "DuplicateId" in state["error_message"]
