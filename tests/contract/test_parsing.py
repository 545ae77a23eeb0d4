"""What a body or a file for import must be, to the byte: text, numbers, names, lines."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.contract.client import Client, lines_of, make_zip
from tests.contract.test_import import identifier

BOM = b"\xef\xbb\xbf"
DIGITS = b"9" * 400


def ask(client: Client, value: bytes, form: str = "json") -> Any:
    """The answer to a query whose one argument is these bytes of JSON."""
    content = b'{"path":"library:echo","format":"%s","args":{"value":%s}}' % (form.encode(), value)
    return client.http.post("/api/query", content=content, headers={"Content-Type": "application/json"})


@pytest.mark.parametrize(
    "value",
    [b'"\xff"', b'"\\ud800"', b'"\\udc00x"', b"1e999", DIGITS, b"-" + DIGITS, b"9" * 300 + b"e99", BOM],
)
@pytest.mark.any_project
def test_argument_that_would_be_stored_as_another_value_is_refused(client: Client, value: bytes) -> None:
    answer = ask(client, value)
    assert (answer.status_code, answer.json()["code"]) == (400, "BadJsonBody")


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (b"-0.0", {"$float": "AAAAAAAAAIA="}),
        (b"1.7976931348623157e308", 1.7976931348623157e308),
        (b"5e-324", 5e-324),
        (b"1" + b"0" * 300, 1e300),
        (b'"\\ud83d\\ude00 -0 1e999"', "\U0001f600 -0 1e999"),
    ],
)
def test_argument_at_the_edge_is_kept(client: Client, value: bytes, kept: Any) -> None:
    assert ask(client, value, "convex_encoded_json").json()["value"] == kept


ROWS = {
    "number out of range": (b'{"a":1e999}', "out of range"),
    "hundreds of digits": (b'{"a":%s}' % DIGITS, "out of range"),
    "digits and an exponent": (b'{"a":[%se99]}' % (b"9" * 300), "out of range"),
    "lone surrogate": (b'{"a":"\\ud800"}', "lone surrogate"),
    "dollar key within": (b'{"a":[{"$b":1}]}', "starts with '$'"),
    "no JSON": (b"{a:1}", "wasn't valid JSON"),
    "number for a row": (b"5", "isn't a JSON object"),
    "id that is null": (b'{"_id":null}', "InvalidId"),
    "empty id": (b'{"_id":""}', "InvalidId"),
    "creation time of zero": (b'{"_creationTime":0}', "InvalidCreationTime"),
    "creation time of 2^53": (b'{"_creationTime":9007199254740992}', "InvalidCreationTime"),
    "creation time as text": (b'{"_creationTime":"1"}', "InvalidCreationTime"),
}


@pytest.mark.parametrize("form", ["jsonLines", "jsonArray"])
@pytest.mark.parametrize("reason", list(ROWS))
@pytest.mark.any_project
def test_row_that_cannot_be_kept_as_it_is_fails_the_import(client: Client, form: str, reason: str) -> None:
    row, words = ROWS[reason]
    content = row + b"\n" if form == "jsonLines" else b"[" + row + b"]"
    state = client.run_import(content, form=form, table="loose")
    assert state["state"] == "failed"
    assert words in state["error_message"] or (form, reason) in (
        # An array is one JSON text: what is no JSON or out of range has no row to be named by.
        ("jsonArray", "no JSON"),
        ("jsonArray", "number out of range"),
        ("jsonArray", "hundreds of digits"),
        ("jsonArray", "digits and an exponent"),
        ("jsonArray", "lone surrogate"),
    )
    assert [entry["name"] for entry in client.system("cli/tables")["page"] if entry["name"] == "loose"] == []


@pytest.mark.embedded_only
@pytest.mark.parametrize("row", ['{"b":1,"a":{"__proto__":{"x":1}}}', '{"z":1,"__proto__":{"x":1}}'])
def test_name_that_javascript_swallows_is_refused(client: Client, row: str) -> None:
    state = client.run_import(row.encode(), form="jsonLines", table="loose")
    assert (state["state"], "__proto__" in state["error_message"]) == ("failed", True)


@pytest.mark.parametrize(
    ("form", "content", "words"),
    [
        ("jsonLines", BOM + b'{"a":1}\n', "wasn't valid JSON"),
        ("jsonArray", BOM + b'[{"a":1}]', "wasn't valid JSON"),
        ("csv", BOM + b"a\n1\n", "invalid character"),
        ("jsonLines", b'{"a":1}\n\n{"a":2}\n', "Row 2"),
        ("jsonLines", b'{"a":1}\n  \n', "Row 2"),
        ("jsonArray", b"", "wasn't valid JSON"),
        ("jsonArray", b'{"a":1}', "isn't a JSON array"),
        ("jsonArray", b"[" + b" " * (16 << 20) + b"]", "JsonArrayTooLarge"),
        ("csv", b"", "CsvMissingHeaders"),
        ("csv", b"a,b\n1\n", "CsvRowMissingFields"),
        ("csv", b"a,b\n1,2,3\n", "CsvRowMissingFields"),
        ("csv", b"a,a\n1,2\n", "CsvInvalidHeader"),
        ("csv", b'a\n"x\n', "CsvInvalid"),
        ("csv", b"$a\n1\n", "starts with a '$'"),
        ("csv", b"a\n\xff\n", "InvalidUtf8"),
    ],
)
@pytest.mark.any_project
def test_file_that_is_not_of_its_format_fails(client: Client, form: str, content: bytes, words: str) -> None:
    state = client.run_import(content, form=form, table="loose")
    assert (state["state"], words in state.get("error_message", "")) == ("failed", True), state


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b"a,b\r\n1,x\r\n", [{"a": 1.0, "b": "x"}]),
        (b"a,b\r1,x\r2,y", [{"a": 1.0, "b": "x"}, {"a": 2.0, "b": "y"}]),
        (b"\n\na\n\n1\n\r\n\n2\n\n", [{"a": 1.0}, {"a": 2.0}]),
        (b'a\n""\n', [{"a": ""}]),
        (b" a , b b \n1,2\n", [{"a": 1.0, "b b": 2.0}]),
        (b"a,b,c\n1e999,-inf,NaN\n", [{"a": "Infinity", "b": "-Infinity", "c": "NaN"}]),
        (b"a,b,c,d\n+1,.5,1.,0x1\n", [{"a": 1.0, "b": 0.5, "c": 1.0, "d": "0x1"}]),
        (b"a,b\n 1,1 \n", [{"a": " 1", "b": "1 "}]),
        (b"a\n", []),
    ],
)
@pytest.mark.any_project
def test_csv_is_read_as_convex_reads_it(client: Client, content: bytes, rows: list[dict[str, Any]]) -> None:
    state = client.run_import(content, form="csv", table="loose")
    assert state["state"] == "completed", state
    page = {"table": "loose", "order": "asc", "paginationOpts": {"cursor": None, "numItems": 9}}
    found = client.system("cli/tableData", page)["page"]
    assert [{name: row[name] for name in row if name[0] != "_"} for row in found] == rows


def test_empty_cell_is_absent_only_where_the_schema_says_optional(client: Client) -> None:
    assert client.run_import(b"name,email\n,\n", form="csv", table="authors")["state"] == "completed"
    [row] = client.documents("authors")
    assert (row["name"], "email" in row) == ("", False)
    from_lines = client.run_import(lines_of([{"name": "", "email": ""}]), form="jsonLines", table="authors")
    assert (from_lines["state"], client.documents("authors")[0]["email"]) == ("completed", "")


@pytest.mark.any_project
def test_duplicate_ids_far_apart_are_found(client: Client) -> None:
    rows: list[dict[str, Any]] = [{"_id": identifier(10_700, n)} for n in range(9_000)]
    state = client.run_import(lines_of([*rows, rows[0]]), form="jsonLines", table="loose")
    assert (state["state"], "DuplicateId" in state["error_message"]) == ("failed", True)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([{"name": "loose", "id": 0}], "needs a name and a table number"),
        ([{"name": "loose", "id": 1.5}], "needs a name and a table number"),
        ([{"name": "loose", "id": 2**32}], "needs a name and a table number"),
        ([{"name": "loose", "id": "10500"}], "needs a name and a table number"),
        ([{"id": 10_500}], "needs a name and a table number"),
        ([{"name": "loose", "id": 10_500}, {"name": "loose", "id": 10_501}], "twice"),
        ([{"name": "_storage", "id": 10_500}], "InvalidTableName"),
        ([{"name": "_scheduled_functions", "id": 10_500}], "InvalidTableName"),
        ([{"name": "a-b", "id": 10_500}], "ImportInvalidName"),
    ],
)
@pytest.mark.any_project
def test_list_of_tables_must_make_sense(client: Client, lines: list[dict[str, Any]], words: str) -> None:
    state = client.run_import(make_zip({"_tables/documents.jsonl": lines_of(lines)}))
    assert (state["state"], words in state.get("error_message", "")) == ("failed", True), state


@pytest.mark.any_project
def test_other_system_tables_are_skipped_whatever_they_hold(client: Client) -> None:
    entries: dict[str, str | bytes] = {
        "_other/documents.jsonl": "no JSON",
        "_other/generated_schema.jsonl": '"shape"\n',
        "loose/documents.jsonl": json.dumps({"a": 1}) + "\n",
    }
    assert client.run_import(make_zip(entries))["num_rows_written"] == "1"
