"""The rules that every request meets: headers, versions, bodies, names, sizes; and imports at the edges."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

import pytest

from tests.contract.client import Client, lines_of, make_zip, table_entries
from tests.contract.test_import import AUTHORS, BOOKS, author_line, book_line, identifier, two_tables

ECHO = {"path": "library:echo", "args": {"value": {"$integer": "BwAAAAAAAAA="}}}


@pytest.mark.parametrize(
    ("client_version", "expected"),
    [
        (None, "7"),
        ("cutover-0.1.0", "7"),
        ("npm-1.48.0", "7"),
        ("npm-1.4.1", "7"),
        ("npm-1.3.0", {"$integer": "BwAAAAAAAAA="}),
        ("python-0.5.0", "7"),
        ("python-0.1.0", {"$integer": "BwAAAAAAAAA="}),
    ],
)
def test_format_follows_the_client_when_none_is_given(
    client: Client, client_version: str | None, expected: Any
) -> None:
    headers = {} if client_version is None else {"Convex-Client": client_version}
    assert client.http.post("/api/query", json=ECHO, headers=headers).json()["value"] == expected


@pytest.mark.any_project
def test_client_version_without_a_dash_is_refused(client: Client) -> None:
    response = client.http.post("/api/query", json=ECHO, headers={"Convex-Client": "cutover"})
    assert (response.status_code, response.json()["code"]) == (400, "InvalidClientVersion")


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("convex_encoded_json", {"$integer": "BwAAAAAAAAA="}),
        ("convex_json", {"$integer": "BwAAAAAAAAA="}),
        ("json", "7"),
        ("convex_clean_json", "7"),
        ("export_json", 7),
    ],
)
def test_every_name_of_a_format_is_known(client: Client, form: str, expected: Any) -> None:
    assert client.http.post("/api/query", json={**ECHO, "format": form}).json()["value"] == expected


@pytest.mark.any_project
def test_key_may_come_as_a_query_parameter(client: Client) -> None:
    key = {"adminKey": client.deployment.admin_key}
    assert client.http.get("/api/check_admin_key", params=key).json()["success"] is True
    wrong = client.http.get("/api/check_admin_key", params={"adminKey": "embedded|guess"})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "BadAdminKey")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[1]", b'"text"', b"null"])
@pytest.mark.any_project
def test_body_that_is_no_json_object_is_refused(client: Client, content: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    response = client.http.post("/api/query", content=content, headers=headers)
    assert (response.status_code, response.json()["code"]) == (400, "BadJsonBody")


def test_body_above_the_limit_is_a_400(client: Client) -> None:
    body = {"path": "library:echo", "args": {"value": "x" * (17 << 20)}}
    response = client.http.post("/api/query", json=body)
    assert (response.status_code, response.json()["code"]) == (400, "BadJsonBody")
    assert client.http.post("/api/query", json=ECHO).json()["value"] == "7"


def test_any_json_media_type_is_accepted(client: Client) -> None:
    headers = {"Content-Type": "application/vnd.api+json; charset=utf-8"}
    response = client.http.post("/api/query", content=json.dumps(ECHO), headers=headers)
    assert response.json()["value"] == "7"


def test_bad_query_string_is_refused(client: Client) -> None:
    response = client.http.get("/api/query", params={"path": "library:echo", "args": "{"})
    assert (response.status_code, response.json()["code"]) == (400, "BadQueryArgs")
    missing = client.http.get("/api/query")
    assert (missing.status_code, missing.json()["code"]) == (400, "BadQueryArgs")


@pytest.mark.any_project
def test_bad_path_is_refused(client: Client) -> None:
    response = client.http.get("/api/%ff")
    assert (response.status_code, response.json()["code"]) == (400, "BadPathArgs")


def test_timestamp_grows_with_every_mutation(client: Client) -> None:
    def now() -> int:
        text = client.http.post("/api/query_ts").json()["ts"]
        return int(struct.unpack("<Q", base64.b64decode(text))[0])

    before = now()
    client.value("mutation", "library:addAuthor", {"name": "Ada"})
    assert now() > before > 10**18


def test_array_of_two_arguments_is_refused(client: Client) -> None:
    response = client.http.post("/api/query", json={"path": "library:echo", "args": [{}, {}]})
    assert (response.status_code, response.json()["code"]) == (400, "BadJsonBody")


@pytest.mark.any_project
def test_echo_and_banner_answer(client: Client) -> None:
    assert client.http.post("/echo", content=b"hello").text == "hello"
    assert client.http.get("/").status_code == 200
    assert client.http.get("/instance_version").text == client.http.get("/version").text


@pytest.mark.parametrize(
    ("name", "value", "accepted"),
    [
        ("N" * 256, "x", True),
        ("N" * 257, "x", False),
        ("A", "x" * 8192, True),
        ("A", "x" * 8193, False),
        ("1A", "x", False),
    ],
)
@pytest.mark.any_project
def test_environment_variables_have_limits(client: Client, name: str, value: str, accepted: bool) -> None:
    change = {"changes": [{"name": name, "value": value}]}
    response = client.post("/api/update_environment_variables", change)
    assert response.status_code == (200 if accepted else 400)
    found = client.get("/api/list_environment_variables").json()["environmentVariables"]
    assert found == ({name: value} if accepted else {})


@pytest.mark.any_project
def test_file_upload_is_refused_while_paused(client: Client) -> None:
    client.post("/api/v1/pause_deployment")
    response = client.http.post("/api/storage/upload?token=x", content=b"x")
    assert (response.status_code, response.json()["code"]) == (400, "BackendIsNotRunning")


def test_export_and_environment_work_while_paused(client: Client) -> None:
    client.run_import(two_tables([author_line(1)], []))
    client.post("/api/v1/pause_deployment")
    assert len(client.documents("authors")) == 1
    change = {"changes": [{"name": "COLOUR", "value": "green"}]}
    assert client.post("/api/update_environment_variables", change).status_code == 200


@pytest.mark.parametrize(
    ("name", "accepted"),
    [("a" * 64, True), ("a" * 65, False), ("_a", False), ("___", False), ("9a", False), ("a-b", False)],
)
@pytest.mark.any_project
def test_table_names_have_rules(client: Client, name: str, accepted: bool) -> None:
    token = client.post("/api/import/start_upload").json()["uploadToken"]
    body = {
        "import": {"format": "jsonLines", "mode": "replace", "tableName": name},
        "uploadToken": token,
        "partTokens": [],
    }
    response = client.post("/api/import/finish_upload", body)
    assert response.status_code == (200 if accepted else 400)
    if not accepted:
        assert response.json()["code"] == "ImportInvalidName"


@pytest.mark.parametrize(
    ("field", "accepted"),
    [("a b", True), ("x" * 1024, True), ("x" * 1025, False), ("$a", False), ("é", False), ("a\n", False)],
)
@pytest.mark.any_project
def test_field_names_have_rules(client: Client, field: str, accepted: bool) -> None:
    state = client.run_import(lines_of([{field: 1}]), form="jsonLines", table="loose")
    assert state["state"] == ("completed" if accepted else "failed"), state


def test_empty_file_makes_an_empty_table(client: Client) -> None:
    client.run_import(two_tables([author_line(1)], []))
    state = client.run_import(b"", form="jsonLines", table="authors")
    assert (state["state"], state["num_rows_written"]) == ("completed", "0")
    assert client.documents("authors") == []


def test_rows_with_and_without_ids_may_be_mixed(client: Client) -> None:
    rows = [{"_id": identifier(AUTHORS, 3), "name": "has"}, {"name": "has not"}]
    client.run_import(two_tables([author_line(1)], []))
    assert client.run_import(lines_of(rows), form="jsonLines", table="authors")["state"] == "completed"
    assert identifier(AUTHORS, 3) in {row["_id"] for row in client.documents("authors")}


def test_files_stay_unless_the_zip_brings_files(client: Client) -> None:
    stored = client.value("action", "actions:storeText", {"text": "kept"})
    empty = make_zip({"README.md": "nothing"})
    assert client.run_import(empty, mode="replaceAll")["state"] == "completed"
    assert client.http.get(f"/api/storage/{stored['id']}").text == "kept"
    without = make_zip({"_storage/documents.jsonl": ""})
    assert client.run_import(without, mode="replaceAll")["state"] == "completed"
    assert client.http.get(f"/api/storage/{stored['id']}").status_code == 404


@pytest.mark.any_project
def test_metadata_without_a_blob_is_dropped(client: Client) -> None:
    line = json.dumps({"_id": identifier(8_001, 5), "_creationTime": 1.5e12}) + "\n"
    assert client.run_import(make_zip({"_storage/documents.jsonl": line}))["state"] == "completed"
    assert client.export(files=True).read("_storage/documents.jsonl") == b""


def test_append_that_fails_half_way_keeps_what_it_had_written(client: Client) -> None:
    client.run_import(two_tables([author_line(1)], []))
    many = [{"name": f"n{n}"} for n in range(8_000)]
    state = client.run_import(
        lines_of([*many, {"name": 5}]), mode="append", form="jsonLines", table="authors"
    )
    assert (state["state"], "SchemaEnforcementError" in state["error_message"]) == ("failed", True)
    assert client.system("cli/tableSize", {"tableName": "authors"}) > 1


def test_other_requests_are_answered_while_an_import_runs(client: Client) -> None:
    author = identifier(AUTHORS, 1)
    books = [book_line(n, author, notes="x" * 500) for n in range(12_000)]
    import_id = client.begin_import(two_tables([author_line(1)], books))
    client.await_import(import_id, ("waiting_for_confirmation",))
    client.post("/api/perform_import", {"importId": import_id})
    answered = 0
    while client.system("cli/queryImport", {"importId": import_id})["state"]["state"] == "in_progress":
        assert client.value("query", "library:echo", {"value": 1}) == 1
        answered += 1
    assert answered > 1
    assert client.await_import(import_id, ("completed",))["num_rows_written"] == "12001"


def test_export_is_of_one_moment_while_mutations_run(client: Client) -> None:
    author = str(client.value("mutation", "library:addAuthor", {"name": "0"}))
    client.value("mutation", "library:addManyBooks", {"author": author, "count": 3_000})
    assert client.post("/api/export/request/zip").status_code == 200
    books: list[str] = []
    while client.system("cli/exports:getLatest")["state"] in ("requested", "in_progress"):
        books.append(client.value("mutation", "library:addBook", {"author": author, "title": "late"}))
    latest = client.value("query", "_system/cli/exports:getLatest", headers=client.admin)
    archive = client.get(f"/api/export/zip/{latest['start_ts']}").content
    state = client.run_import(archive, mode="replaceAll")
    kept = len(client.documents("books")) - 3_000
    assert state["state"] == "completed"
    assert 0 <= kept <= len(books)
    assert {row["_id"] for row in client.documents("books") if row["title"] == "late"} == set(books[:kept])


def test_checkpoints_tell_what_an_import_will_do(client: Client) -> None:
    client.run_import(two_tables([author_line(1), author_line(2)], []))
    tables = table_entries({"authors": (AUTHORS, [author_line(3)]), "books": (BOOKS, [])})
    waiting = client.begin_import(make_zip(tables))
    client.await_import(waiting, ("waiting_for_confirmation",))
    document = client.system("cli/queryImport", {"importId": waiting})
    [authors] = [one for one in document["checkpoints"] if one["display_table_name"] == "authors"]
    numbers = [authors[f"{what}"] for what in ("total_num_rows_to_write", "existing_rows_to_delete")]
    assert ([int(number) for number in numbers], authors["is_missing_id_field"]) == ([1, 2], False)
    assert (document["mode"], document["requestor"]) == ("Replace", {"type": "snapshotImport"})
    client.post("/api/cancel_import", {"importId": waiting})
