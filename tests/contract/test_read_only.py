"""The key that may look and not touch: what it sees, what it is refused, and how the refusal is worded."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from tests.contract.client import Client


@pytest.fixture
def reader(client: Client) -> dict[str, str]:
    """Headers of the read-only key."""
    if not client.deployment.read_only_key:
        pytest.skip("needs a read-only key of the deployment")
    return {"Authorization": f"Convex {client.deployment.read_only_key}"}


def test_read_only_key_looks_at_everything(client: Client, reader: dict[str, str]) -> None:
    client.value("mutation", "library:addAuthor", {"name": "Ada"})
    assert client.value("query", "library:names", headers=reader) == ["Ada"]
    assert client.value("function", "library:names", headers=reader) == ["Ada"]
    assert client.value("query", "_system/cli/tableSize", {"tableName": "authors"}, headers=reader) == 1
    listed = client.http.get("/api/list_environment_variables", headers=reader)
    assert listed.json() == {"environmentVariables": {}}
    client.export()
    latest = client.value("query", "_system/cli/exports:getLatest", headers=reader)
    assert client.http.get(f"/api/export/zip/{latest['start_ts']}", headers=reader).status_code == 200


def test_key_check_tells_a_read_only_key(client: Client, reader: dict[str, str]) -> None:
    answer = client.http.get("/api/check_admin_key", headers=reader).json()
    assert (answer["isReadOnly"], "ViewData" in answer["allowedOps"]) == (True, True)


@pytest.mark.parametrize(
    ("path", "body", "permission"),
    [
        ("/api/import/start_upload", None, "deployment:backups:import"),
        ("/api/perform_import", {"importId": "x"}, "deployment:backups:import"),
        ("/api/cancel_import", {"importId": "x"}, "deployment:backups:import"),
        ("/api/import?format=zip", None, "deployment:backups:import"),
        ("/api/export/request/zip", None, "deployment:backups:create"),
        (
            "/api/update_environment_variables",
            {"changes": [{"name": "A", "value": "b"}]},
            "deployment:env:write",
        ),
        ("/api/v1/pause_deployment", None, "deployment:pause"),
        ("/api/v1/unpause_deployment", None, "deployment:unpause"),
    ],
)
def test_read_only_key_changes_nothing(
    client: Client, reader: dict[str, str], path: str, body: Any, permission: str
) -> None:
    response = client.http.post(path, json=body, headers=reader)
    assert (response.status_code, response.json()["code"]) == (403, "OperationNotPermitted")
    assert permission in response.json()["message"]
    assert client.get("/api/list_environment_variables").json() == {"environmentVariables": {}}
    assert client.system("frontend/deploymentState:deploymentState")["state"] == "running"


def test_read_only_key_finds_no_internal_mutation(client: Client, reader: dict[str, str]) -> None:
    message = client.error("mutation", "library:addQuietly", {"name": "x"}, headers=reader)
    assert "Could not find public function" in message
    assert "Could not find function" in client.error(
        "function", "library:addQuietly", {"name": "x"}, headers=reader
    )
    assert client.value("query", "library:names", headers=client.admin) == []


def test_read_only_key_acts_as_nobody(client: Client, reader: dict[str, str]) -> None:
    user = base64.b64encode(b'{"issuer":"https://convex.test","subject":"x"}').decode()
    headers = {"Authorization": f"{reader['Authorization']}:{user}"}
    response = client.http.post("/api/query", json={"path": "library:whoAmI"}, headers=headers)
    assert (response.status_code, response.json()["code"]) == (403, "OperationNotPermitted")


def test_read_only_key_is_kept_as_secretly_as_the_other(client: Client, reader: dict[str, str]) -> None:
    del reader
    command = Path(f"/proc/{client.deployment.pid}/cmdline")
    if command.exists():
        assert client.deployment.read_only_key.partition("|")[2] not in command.read_text()
    assert client.deployment.read_only_key != client.deployment.admin_key
