"""Function calls over HTTP: results, failures, visibility, rollback, actions and scheduled jobs."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest

from tests.contract.client import Client


def test_mutation_returns_its_result_and_query_reads_it_back(client: Client) -> None:
    author = client.value("mutation", "library:addAuthor", {"name": "Ada"})
    book = client.value("mutation", "library:addBook", {"author": author, "title": "Notes"})
    found = client.value("query", "library:get", {"id": book})
    assert (found["_id"], found["author"], found["title"]) == (book, author, "Notes")


def test_default_export_answers_to_the_module_alone(client: Client) -> None:
    assert client.value("query", "library") == "the default export"


def test_run_route_takes_the_path_from_the_url(client: Client) -> None:
    answer = client.http.post("/api/run/library/echo", json={"args": {"value": "x"}}).json()
    assert answer == {"status": "success", "value": "x"}


def test_get_query_takes_arguments_from_the_query_string(client: Client) -> None:
    answer = client.http.get(
        "/api/query", params={"path": "library:echo", "args": '{"value": 4}', "format": "json"}
    )
    assert answer.json()["value"] == 4


def test_arguments_may_come_as_an_array_of_one(client: Client) -> None:
    answer = client.http.post(
        "/api/query", json={"path": "library:echo", "args": [{"value": 1}], "format": "json"}
    )
    assert answer.json()["value"] == 1


def test_thrown_error_is_a_200_with_its_message(client: Client) -> None:
    message = client.error("query", "library:failPlainly")
    assert message.startswith("[Request ID: ")
    assert "Server Error\nUncaught Error: out of paper" in message


@pytest.mark.parametrize(
    ("form", "sheets"), [("convex_encoded_json", {"$integer": "AwAAAAAAAAA="}), ("json", "3")]
)
def test_convex_error_carries_its_data_in_the_requested_format(
    client: Client, form: str, sheets: Any
) -> None:
    answer = client.call("query", "library:failWithData", form=form)
    assert answer["errorData"] == {"code": "NO_PAPER", "sheets": sheets}
    assert "Uncaught ConvexError: " in answer["errorMessage"]


def test_console_lines_are_returned(client: Client) -> None:
    assert client.call("query", "library:logs")["logLines"] == ["[LOG] 'hello' { a: 1 }"]


def test_unknown_function_is_an_error_that_names_it(client: Client) -> None:
    assert "Could not find public function for 'library:nope'" in client.error("query", "library:nope")
    body = {"path": "library:nope", "args": {}, "format": "json"}
    answer = client.post("/api/function", body).json()
    assert "Could not find function for 'library:nope'" in answer["errorMessage"]


def test_wrong_kind_is_an_error(client: Client) -> None:
    assert "defined as mutation" in client.error("query", "library:addAuthor", {"name": "x"})


def test_internal_function_needs_the_admin_key(client: Client) -> None:
    assert "Could not find public function" in client.error("query", "library:names")
    assert client.value("query", "library:names", headers=client.admin) == []


def test_function_route_refuses_callers_without_key(client: Client) -> None:
    response = client.http.post("/api/function", json={"path": "library:echo", "args": {"value": 1}})
    assert (response.status_code, response.json()["code"]) == (403, "BadDeployKey")


@pytest.mark.parametrize(
    ("path", "args", "part"),
    [
        ("library:addAuthor", {}, "missing the required field `name`"),
        ("library:addAuthor", {"name": "x", "extra": 1}, "extra field `extra`"),
        ("library:addAuthor", {"name": 3}, "Path: .name\nValue: 3.0\nValidator: v.string()"),
        ("library:addAuthor", {"name": "x", "age": None}, "Path: .age"),
        ("library:addBook", {"author": "nonsense", "title": "x"}, 'Validator: v.id("authors")'),
        ("library:addBook", {"author": "nonsense", "title": "x", "state": "lost"}, "ArgumentValidationError"),
    ],
)
def test_wrong_arguments_are_refused_in_words(
    client: Client, path: str, args: dict[str, Any], part: str
) -> None:
    message = client.error("mutation", path, args)
    assert "ArgumentValidationError" in message
    assert part in message


def test_id_of_another_table_is_refused(client: Client) -> None:
    author = client.value("mutation", "library:addAuthor", {"name": "Ada"})
    message = client.error("query", "library:get", {"id": author})
    assert f'Found ID "{author}" from table `authors`' in message


def test_wrong_result_is_refused(client: Client) -> None:
    assert "ReturnsValidationError" in client.error("query", "library:wrongReturn")


@pytest.mark.parametrize("fields", [{"pages": "many"}, {"unknown": 1}, {"state": "lost"}, {"title": None}])
def test_write_that_breaks_the_schema_changes_nothing(client: Client, fields: dict[str, Any]) -> None:
    author = client.value("mutation", "library:addAuthor", {"name": "Ada"})
    book = client.value("mutation", "library:addBook", {"author": author, "title": "Notes"})
    before = client.value("query", "library:get", {"id": book})
    message = client.error("mutation", "library:changeBook", {"id": book, "fields": fields})
    assert 'in table "books" because it does not match the schema' in message
    assert client.value("query", "library:get", {"id": book}) == before


def test_patching_with_undefined_removes_the_field(client: Client) -> None:
    author = client.value("mutation", "library:addAuthor", {"name": "Ada"})
    book = client.value("mutation", "library:addBook", {"author": author, "title": "Notes", "pages": 3})
    assert "pages" not in client.value("mutation", "library:clearPages", {"id": book})


def test_failed_mutation_is_taken_back(client: Client) -> None:
    assert "taken back" in client.error("mutation", "library:addThenFail", {"name": "x"})
    assert client.value("query", "library:names", headers=client.admin) == []


def test_failed_nested_mutation_is_taken_back_alone(client: Client) -> None:
    assert client.value("mutation", "library:addThenCatch", {"name": "x"}) == ["x kept"]


def test_deleting_twice_is_an_error(client: Client) -> None:
    author = client.value("mutation", "library:addAuthor", {"name": "Ada"})
    book = client.value("mutation", "library:addBook", {"author": author, "title": "Notes"})
    assert client.value("mutation", "library:removeBook", {"id": book}) is None
    assert f"nonexistent document ID {book}" in client.error("mutation", "library:removeBook", {"id": book})


def test_concurrent_mutations_lose_no_update(client: Client) -> None:
    author = client.value("mutation", "library:addAuthor", {"name": "Ada"})
    book = client.value("mutation", "library:addBook", {"author": author, "title": "Notes", "pages": 0})

    def add_ten() -> None:
        for _ in range(10):
            client.value("mutation", "library:increment", {"id": book})

    threads = [threading.Thread(target=add_ten) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert client.value("query", "library:get", {"id": book})["pages"] == 40


def test_queries_of_a_batch_are_answered_in_order(client: Client) -> None:
    queries = [{"path": "library:echo", "args": {"value": n}, "format": "json"} for n in range(3)]
    queries.append({"path": "library:failPlainly", "args": {}, "format": "json"})
    results = client.http.post("/api/query_batch", json={"queries": queries}).json()["results"]
    assert [result.get("value") for result in results] == [0, 1, 2, None]
    assert results[3]["status"] == "error"


def test_action_calls_mutations_and_queries_of_its_own(client: Client) -> None:
    assert client.value("action", "actions:addTwice", {"name": "x"}) == ["x 1", "x 2"]


def test_network_is_for_actions_only(client: Client) -> None:
    assert "Can't use fetch() in queries" in client.error("query", "library:fetchInQuery")
    url = f"{client.deployment.url}/instance_name"
    assert client.value("action", "actions:fetchText", {"url": url}) == client.name


def test_scheduled_function_waits_until_it_is_asked_for(client: Client) -> None:
    client.system("embedded:runScheduledJobs", kind="mutation")
    job = client.value("mutation", "library:later", {"name": "Late"})
    jobs = {entry["_id"]: entry for entry in client.system("embedded:scheduledJobs")}
    assert jobs[job]["state"] == {"kind": "pending"}
    assert jobs[job]["name"] == "library.js:addQuietly"
    assert client.value("query", "library:names", headers=client.admin) == []
    assert client.system("embedded:runScheduledJobs", kind="mutation") == {"run": 1, "failed": 0}
    assert client.value("query", "library:names", headers=client.admin) == ["Late"]


def test_waiting_jobs_are_listed_page_by_page(client: Client) -> None:
    path, key = "frontend/paginatedScheduledJobs", client.admin
    before = len(client.system(path, {"paginationOpts": {"numItems": 1000, "cursor": None}})["page"])
    jobs = [
        client.value("mutation", "library:later", {"name": str(number)}, headers=key) for number in (1, 2)
    ]
    first = client.system(path, {"paginationOpts": {"numItems": before + 1, "cursor": None}})
    rest = {"paginationOpts": {"numItems": 9, "cursor": first["continueCursor"]}}
    second = client.system(path, rest)
    assert (first["isDone"], second["isDone"]) == (False, True)
    listed = [job for job in first["page"] + second["page"] if job["_id"] in jobs]
    assert [job["_id"] for job in listed] == jobs
    assert {job["udfPath"] for job in listed} == {"library.js:addQuietly"}
    assert [job["state"] for job in listed] == [{"type": "pending"}] * 2
    due = [int(job["nextTs"]) for job in listed]  # nanoseconds, an Int64
    assert due == sorted(due)
    assert abs(due[0] / 1e9 - time.time()) < 600
    client.system("embedded:runScheduledJobs", kind="mutation")  # none is left for another test


def test_environment_variables_are_what_functions_see(client: Client) -> None:
    change = {"changes": [{"name": "COLOUR", "value": "green"}]}
    assert client.post("/api/update_environment_variables", change).status_code == 200
    assert client.value("query", "library:environment", {"name": "COLOUR"}) == "green"
    assert client.get("/api/v1/list_environment_variables").json()["environmentVariables"] == {
        "COLOUR": "green"
    }
    removal = {"changes": [{"name": "COLOUR"}]}
    assert client.post("/api/v1/update_environment_variables", removal).status_code == 200
    assert client.value("query", "library:environment", {"name": "COLOUR"}) is None


def test_variables_with_which_the_functions_do_not_load_are_refused(client: Client) -> None:
    before = {"changes": [{"name": "COLOUR", "value": "green"}]}
    assert client.post("/api/update_environment_variables", before).status_code == 200
    spoiling = {"changes": [{"name": "SPOIL_LIMITS", "value": "1"}, {"name": "COLOUR", "value": "red"}]}
    response = client.post("/api/update_environment_variables", spoiling)
    assert (response.status_code, response.json()["code"]) == (400, "InvalidEnvironment")
    assert client.value("query", "library:environment", {"name": "COLOUR"}) == "green"
    assert client.get("/api/list_environment_variables").json()["environmentVariables"] == {"COLOUR": "green"}


@pytest.mark.parametrize("change", [None, "A", {}, {"name": 5}, {"name": "A", "value": 5}])
@pytest.mark.any_project
def test_change_of_variables_that_is_none_is_refused(client: Client, change: Any) -> None:
    good = {"name": "COLOUR", "value": "green"}
    response = client.post("/api/update_environment_variables", {"changes": [good, change]})
    assert response.status_code == 400
    assert client.get("/api/list_environment_variables").json()["environmentVariables"] == {}


def test_variables_of_the_process_are_hidden_from_functions(client: Client) -> None:
    assert client.value("query", "library:environment", {"name": "PATH"}) is None
    assert client.value("query", "library:environment", {"name": "CONVEX_ADMIN_KEY"}) is None
    assert client.value("query", "library:environment", {"name": "CONVEX_SITE_URL"}) == client.site_url


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/api/query", {"args": {}}, "BadJsonBody"),
        ("/api/query", {"path": "a b:c", "args": {}}, "BadConvexFunctionIdentifier"),
        ("/api/query", {"path": "library:echo", "args": {}, "format": "xml"}, "BadFormat"),
        ("/api/run/library", {"args": {}}, "MissingIdentifier"),
    ],
)
def test_malformed_request_is_a_400_with_a_code(client: Client, path: str, body: Any, code: str) -> None:
    response = client.post(path, body)
    assert (response.status_code, response.json()["code"]) == (400, code)


@pytest.mark.embedded_only
def test_unknown_route_is_named_in_its_refusal(client: Client) -> None:
    response = client.get("/api/list_snapshot")
    assert (response.status_code, response.json()["message"]) == (
        400,
        "GET /api/list_snapshot is not covered by the embedded deployment.",
    )


def test_body_without_json_type_is_refused(client: Client) -> None:
    response = client.http.post("/api/query", content=b'{"path": "library:echo"}')
    assert (response.status_code, response.json()["code"]) == (400, "BadJsonBody")


def test_http_actions_are_served_on_the_site_port(client: Client) -> None:
    client.value("mutation", "library:addAuthor", {"name": "Ada"})
    site = client.site_url
    assert client.http.get(f"{site}/names").json() == ["Ada"]
    echoed = client.http.post(f"{site}/echo/deep/path", content=b"hello")
    assert (echoed.status_code, echoed.text, echoed.headers["x-path"]) == (201, "hello", "/echo/deep/path")
    assert client.http.get(f"{site}/nothing").status_code == 404


def test_file_stored_by_an_action_is_served(client: Client) -> None:
    stored = client.value("action", "actions:storeText", {"text": "hello"})
    response = client.http.get(stored["url"])
    assert (response.text, response.headers["content-type"]) == ("hello", "text/plain")


@pytest.mark.any_project
def test_other_origins_may_call(client: Client) -> None:
    asked = client.http.options(
        "/api/query", headers={"Origin": "http://app", "Access-Control-Request-Headers": "x-a"}
    )
    assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (204, "http://app")
    assert asked.headers["access-control-allow-headers"] == "x-a"


def test_schema_is_told_as_the_project_exports_it(client: Client) -> None:
    told = json.loads(client.system("frontend/getSchemas", {"componentId": None})["active"])
    assert told["schemaValidation"] is True
    (authors,) = [table for table in told["tables"] if table["tableName"] == "authors"]
    assert authors["documentType"]["type"] == "object"
    assert authors["documentType"]["value"]["name"] == {"fieldType": {"type": "string"}, "optional": False}
