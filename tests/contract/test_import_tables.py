"""Which table an import writes to, under which number, and what it may not do to the others."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from fixtures import wire
from tests.contract.client import SETTLED, Client, lines_of, make_zip, table_entries
from tests.contract.test_import import AUTHORS, BOOKS, author_line, book_line, identifier, names, two_tables


def tables_of(client: Client) -> dict[str, int]:
    lines = client.export().read("_tables/documents.jsonl").splitlines()
    return {entry["name"]: entry["id"] for entry in map(json.loads, lines)}


def test_table_that_is_only_named_must_be_empty_too(client: Client) -> None:
    client.run_import(two_tables([author_line(1)], []))
    named = make_zip({"_tables/documents.jsonl": f'{{"name":"authors","id":{AUTHORS}}}\n'})
    state = client.run_import(named, mode="requireEmpty")
    assert (state["state"], "already has documents" in state["error_message"]) == ("failed", True)
    assert names(client) == ["A1"]


def test_two_tables_may_exchange_their_numbers(client: Client) -> None:
    client.run_import(two_tables([author_line(1)], [book_line(1, identifier(AUTHORS, 1))]))
    author, book = identifier(BOOKS, 1), identifier(AUTHORS, 1)
    swapped = {
        "authors": (BOOKS, [json.dumps({"_id": author, "name": "A1"})]),
        "books": (AUTHORS, [json.dumps({"_id": book, "author": author, "title": "B1"})]),
    }
    assert client.run_import(make_zip(table_entries(swapped)))["state"] == "completed"
    assert client.value("query", "library:booksOf", {"author": author})[0]["_id"] == book
    assert "Found ID" in client.error("query", "library:get", {"id": author})
    client.run_import(two_tables([], []))


@pytest.mark.any_project
def test_number_of_the_system_is_refused(client: Client) -> None:
    [latest] = client.system("cli/queryImport:list")[:1]
    number = wire.decode_id(latest["_id"])[0]
    state = client.run_import(make_zip(table_entries({"fresh": (number, [])})))
    assert (state["state"], "TableNumberConflict" in state["error_message"]) == ("failed", True)


@pytest.mark.parametrize("mode", ["replace", "append", "requireEmpty", "replaceAll"])
@pytest.mark.any_project
def test_named_number_wins_over_that_of_the_first_id(client: Client, mode: str) -> None:
    content = make_zip(table_entries({"fresh": (10_800, [json.dumps({"_id": identifier(10_801, 1)})])}))
    state = client.run_import(content, mode=mode)
    assert (state["state"], "ImportConflict" in state["error_message"]) == ("failed", True)
    assert "fresh" not in tables_of(client)


def test_append_keeps_the_number_and_refuses_another(client: Client) -> None:
    client.run_import(two_tables([author_line(1)], []))
    other = client.run_import(
        lines_of([{"_id": identifier(11_111, 2), "name": "x"}]),
        mode="append",
        form="jsonLines",
        table="authors",
    )
    assert (other["state"], "ImportConflict" in other["error_message"]) == ("failed", True)
    more = make_zip(table_entries({"authors": (AUTHORS, [author_line(2)])}))
    assert client.run_import(more, mode="append")["state"] == "completed"
    assert (names(client), tables_of(client)["authors"]) == (["A1", "A2"], AUTHORS)


def test_append_that_fails_keeps_whole_batches_and_nothing_of_the_last(client: Client) -> None:
    client.run_import(two_tables([author_line(1)], []))
    rows: list[dict[str, Any]] = [{"name": f"n{n}"} for n in range(8_000)]
    late: list[dict[str, Any]] = [{"name": "too late"}, {"name": 5}]
    state = client.run_import(lines_of([*rows, *late]), mode="append", form="jsonLines", table="authors")
    assert state["state"] == "failed"
    kept = [row["name"] for row in client.documents("authors")]
    assert len(kept) > 1
    assert kept == ["A1", *(row["name"] for row in rows)][: len(kept)]


@pytest.mark.any_project
def test_imports_side_by_side_give_each_new_table_a_number_of_its_own(client: Client) -> None:
    waiting = [
        client.begin_import(
            lines_of([{"n": n} for n in range(6_000)]), form="jsonLines", table=f"fresh{table}"
        )
        for table in range(4)
    ]
    for import_id in waiting:
        client.await_import(import_id, ("waiting_for_confirmation",))
    threads = [
        threading.Thread(target=client.post, args=("/api/perform_import", {"importId": import_id}))
        for import_id in waiting
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    states = [client.await_import(import_id, SETTLED)["state"] for import_id in waiting]
    tables = tables_of(client)
    imported = [f"fresh{n}" for n, state in enumerate(states) if state == "completed"]
    assert len({tables[name] for name in imported}) == len(imported) > 0
    for name in imported:
        assert {wire.decode_id(row["_id"])[0] for row in client.documents(name)} == {tables[name]}
    assert set(states) == {"completed"}


def test_table_made_while_an_import_runs_gets_another_number(client: Client) -> None:
    import_id = client.begin_import(
        lines_of([{"n": n, "text": "x" * 500} for n in range(8_000)]), form="jsonLines", table="fresh"
    )
    client.await_import(import_id, ("waiting_for_confirmation",))
    client.post("/api/perform_import", {"importId": import_id})
    made = client.value("mutation", "limits:makeTable", {"table": "made", "fail": False})
    assert client.await_import(import_id, SETTLED)["state"] == "completed"
    tables = tables_of(client)
    assert tables["made"] == wire.decode_id(made)[0] != tables["fresh"]
    assert [row["_id"] for row in client.documents("made")] == [made]


def test_table_of_a_failed_mutation_was_never_there(client: Client) -> None:
    assert "taken back" in client.error("mutation", "limits:makeTable", {"table": "ghost", "fail": True})
    assert "ghost" not in [entry["name"] for entry in client.system("cli/tables")["page"]]
    client.value("mutation", "limits:makeTable", {"table": "ghost", "fail": False})
    assert len(client.documents("ghost")) == 1


@pytest.mark.any_project
def test_upload_is_finished_once(client: Client) -> None:
    token = client.post("/api/import/start_upload").json()["uploadToken"]
    target = {"mode": "replace", "format": "jsonLines", "tableName": "loose"}
    body = {"import": target, "uploadToken": token, "partTokens": []}
    assert client.post("/api/import/finish_upload", {**body, "partTokens": None}).status_code == 400
    assert client.post("/api/import/finish_upload", body).status_code == 200
    again = client.post("/api/import/finish_upload", body)
    assert (again.status_code, again.json()["code"]) == (400, "InvalidUploadToken")
    late = client.http.post(
        f"/api/import/upload_part?uploadToken={token}&partNumber=2", content=b"x", headers=client.admin
    )
    assert (late.status_code, late.json()["code"]) == (400, "InvalidUploadToken")


@pytest.mark.parametrize("query", ["format=xml", "format=jsonLines&tableName=a&mode=merge", ""])
@pytest.mark.any_project
def test_import_at_once_names_its_query_string_when_it_is_bad(client: Client, query: str) -> None:
    response = client.http.post(f"/api/import?{query}", content=b"", headers=client.admin)
    assert (response.status_code, response.json()["code"]) == (400, "BadQueryArgs")
