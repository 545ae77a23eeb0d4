"""Every route under every key (acting as a user, the reader's, a user's token); and what is not covered."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.contract.client import Client, lines_of, make_zip
from tests.contract.test_identity import bearer, claims_for, sign, trust
from tests.contract.test_read_only import reader

__all__ = ["reader"]  # a fixture

USER = {
    "subject": "u|cutover",
    "issuer": "https://convex.test",
    "tokenIdentifier": "https://convex.test|u",
    "name": "É",
}
QUERY = {"path": "library:whoAmI", "args": {}, "format": "json"}
# Each route that runs a function: method, address, body, and where its answer has the result.
CALLS: dict[str, tuple[str, str, Any, tuple[Any, ...]]] = {
    "query": ("POST", "/api/query", QUERY, ("value",)),
    "GET query": ("GET", "/api/query?path=library:whoAmI&args={}&format=json", None, ("value",)),
    "query_batch": ("POST", "/api/query_batch", {"queries": [QUERY]}, ("results", 0, "value")),
    "mutation": ("POST", "/api/mutation", {**QUERY, "path": "library:whoWrites"}, ("value",)),
    "action": ("POST", "/api/action", {**QUERY, "path": "actions:whoAmI"}, ("value",)),
    "function": ("POST", "/api/function", QUERY, ("value",)),
    "run": ("POST", "/api/run/library/whoAmI", {"args": {}}, ("value",)),
}
ADMINISTRATION = [
    ("POST", "/api/import/start_upload"),
    ("POST", "/api/import/upload_part?uploadToken=x&partNumber=1"),
    ("POST", "/api/import/finish_upload"),
    ("POST", "/api/import?format=zip"),
    ("POST", "/api/perform_import"),
    ("POST", "/api/cancel_import"),
    ("POST", "/api/export/request/zip"),
    ("GET", "/api/export/zip/1"),
    ("POST", "/api/update_environment_variables"),
    ("POST", "/api/v1/update_environment_variables"),
    ("GET", "/api/list_environment_variables"),
    ("GET", "/api/v1/list_environment_variables"),
    ("POST", "/api/v1/pause_deployment"),
    ("POST", "/api/v1/unpause_deployment"),
    ("GET", "/api/v1/deployment_info"),
    ("GET", "/api/check_admin_key"),
]


def result(client: Client, route: str, headers: dict[str, str]) -> Any:
    method, address, body, path = CALLS[route]
    response = client.http.request(method, address, json=body, headers=headers)
    assert response.status_code == 200, response.text
    found = response.json()
    for step in path:
        found = found[step]
    return found


@pytest.mark.parametrize("route", list(CALLS))
def test_administrator_acts_as_a_user_on_each_route(client: Client, route: str) -> None:
    assert result(client, route, client.acting_as(USER)) == USER


@pytest.mark.parametrize("route", list(CALLS))
def test_key_alone_is_nobody_on_each_route(client: Client, route: str) -> None:
    assert result(client, route, client.admin) is None


@pytest.mark.parametrize("route", list(CALLS))
def test_read_only_key_may_call_what_everybody_may(
    client: Client, reader: dict[str, str], route: str
) -> None:
    assert result(client, route, reader) is None


@pytest.mark.parametrize("route", list(CALLS))
def test_read_only_key_acts_as_nobody_on_any_route(
    client: Client, reader: dict[str, str], route: str
) -> None:
    method, address, body, _ = CALLS[route]
    user = base64.b64encode(json.dumps(USER).encode()).decode()
    headers = {"Authorization": f"{reader['Authorization']}:{user}"}
    response = client.http.request(method, address, json=body, headers=headers)
    assert (response.status_code, response.json()["code"]) == (403, "OperationNotPermitted")


@pytest.mark.any_project
def test_administration_needs_the_key(client: Client) -> None:
    for method, address in ADMINISTRATION:
        response = client.http.request(method, address)
        assert (response.status_code, response.json()["code"]) == (403, "BadDeployKey"), address


def test_user_and_acting_administrator_do_not_administrate(client: Client) -> None:
    made = sign(claims_for(client))
    trust(client, made["jwks"])
    for headers in (bearer(made["token"]), client.acting_as(USER)):
        for method, address in ADMINISTRATION:
            response = client.http.request(method, address, headers=headers)
            assert (response.status_code, response.json()["code"]) == (403, "BadDeployKey"), address
        system = client.http.post("/api/query", json={**QUERY, "path": "_system/cli/tables"}, headers=headers)
        assert (system.status_code == 403) == (headers == bearer(made["token"]))
    assert client.system("frontend/deploymentState:deploymentState")["state"] == "running"


@pytest.mark.parametrize("version", ["npm-0.19.1", "npm-cli-0.10.0", "python-0.0.2", "npm-banana"])
@pytest.mark.any_project
def test_client_that_is_too_old_is_refused(client: Client, version: str) -> None:
    response = client.http.post("/api/query", json=QUERY, headers={"Convex-Client": version})
    assert (response.status_code, response.json()["code"]) == (400, "ClientVersionUnsupported")
    assert response.headers["x-convex-deprecation-state"] == "Unsupported"


@pytest.mark.parametrize(
    ("version", "state"), [("python-0.2.0", "UpgradeRequired"), ("npm-1.0.0", None), ("cutover-0.0.1", None)]
)
def test_client_that_will_soon_be_too_old_is_told(client: Client, version: str, state: str | None) -> None:
    response = client.http.post("/api/query", json=QUERY, headers={"Convex-Client": version})
    assert (response.status_code, response.headers.get("x-convex-deprecation-state")) == (200, state)


@pytest.mark.parametrize("path", ["/api/check_admin_key", "/api/list_environment_variables", "/version"])
@pytest.mark.any_project
def test_client_version_is_read_on_every_route(client: Client, path: str) -> None:
    response = client.http.get(path, headers={**client.admin, "Convex-Client": "cutover"})
    assert (response.status_code, response.json()["code"]) == (400, "InvalidClientVersion")


# What docs/contract.md lists as not covered: a request, and the words by which it is refused.
NOT_COVERED: dict[str, tuple[str, str, Any, str]] = {
    "query_at_ts": ("POST", "/api/query_at_ts", {**QUERY, "ts": "AAAAAAAAAAA="}, "/api/query_at_ts"),
    "inline query": ("POST", "/api/run_test_function", {}, "/api/run_test_function"),
    "component": ("POST", "/api/function", {**QUERY, "componentPath": "a"}, "Components"),
    "component's export": ("POST", "/api/export/request/zip?component=a", None, "Components"),
    "component's import": ("POST", "/api/import?format=zip&componentPath=a", None, "Components"),
    "delete_tables": ("POST", "/api/delete_tables", {"tableNames": ["loose"]}, "/api/delete_tables"),
    "clear_tables": (
        "PUT",
        "/api/streaming_import/clear_tables",
        {"tableNames": ["loose"]},
        "/clear_tables",
    ),
    "set_expiration": (
        "POST",
        "/api/export/set_expiration/x",
        {"expirationTsNs": 1},
        "/api/export/set_expiration/x",
    ),
    "cancel": ("POST", "/api/export/cancel/x", None, "/api/export/cancel/x"),
    "deploy": ("POST", "/api/deploy2/start_push", {}, "/api/deploy2/start_push"),
    "deploy's first question": ("POST", "/api/get_config_hashes", {}, "/api/get_config_hashes"),
    "data sync": ("POST", "/api/v1/data/sync", {}, "/api/v1/data/sync"),
    "list_snapshot": ("GET", "/api/list_snapshot", None, "/api/list_snapshot"),
    "document_deltas": ("GET", "/api/document_deltas?cursor=0", None, "/api/document_deltas"),
}


@pytest.mark.parametrize("what", list(NOT_COVERED))
@pytest.mark.embedded_only
def test_what_is_not_covered_is_refused_by_name(client: Client, what: str) -> None:
    method, address, body, words = NOT_COVERED[what]
    client.run_import(lines_of([{"name": "stays"}]), form="jsonLines", table="loose")
    response = client.http.request(method, address, json=body, headers=client.admin)
    assert response.status_code == 400
    assert (words in response.json()["message"], "not covered" in response.json()["message"]) == (True, True)
    assert client.system("cli/tableSize", {"tableName": "loose"}) == 1


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ({"_components/a/t/documents.jsonl": "{}\n"}, "ComponentNotCovered"),
        (
            {"t/generated_schema.jsonl": '"record"\n', "t/documents.jsonl": '{"a":1}\n'},
            "SchemaShapeNotCovered",
        ),
    ],
)
@pytest.mark.embedded_only
def test_archive_that_is_not_covered_is_refused_by_name(
    client: Client, entries: dict[str, str | bytes], code: str
) -> None:
    state = client.run_import(make_zip(entries))
    assert (state["state"], code in state["error_message"]) == ("failed", True)
    assert "not covered" in state["error_message"]
