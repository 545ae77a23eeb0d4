"""Keys, users, pausing, and who the deployment says it is."""

from __future__ import annotations

import base64
import json
import subprocess
import time
from typing import Any

import pytest

from fixtures.deployment import FIXTURES
from fixtures.provision import node_binary
from tests.contract.client import Client

# Signs a token as Convex Auth does. Runs where the npm packages are.
SIGN = """
import { exportJWK, generateKeyPair, SignJWT } from "jose";
const claims = JSON.parse(process.argv[1]);
const { publicKey, privateKey } = await generateKeyPair("RS256");
const jwk = { use: "sig", ...(await exportJWK(publicKey)) };
const token = await new SignJWT(claims).setProtectedHeader({ alg: "RS256" }).sign(privateKey);
process.stdout.write(JSON.stringify({ token, jwks: JSON.stringify({ keys: [jwk] }) }));
"""


def sign(claims: dict[str, Any]) -> dict[str, str]:
    command = [str(node_binary()), "--input-type=module", "-e", SIGN, json.dumps(claims)]
    made: dict[str, str] = json.loads(
        subprocess.run(command, cwd=FIXTURES, capture_output=True, check=True).stdout
    )
    return made


def trust(client: Client, jwks: str) -> None:
    changes = {"changes": [{"name": "JWKS", "value": jwks}]}
    assert client.post("/api/update_environment_variables", changes).status_code == 200


def claims_for(client: Client, **changes: Any) -> dict[str, Any]:
    now = int(time.time())
    usual = {
        "iss": client.site_url,
        "aud": "convex",
        "sub": "user|session",
        "iat": now,
        "exp": now + 600,
    }
    return {**usual, **changes}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_nobody_is_nobody(client: Client) -> None:
    assert client.value("query", "library:whoAmI") is None
    assert client.value("query", "library:whoAmI", headers=client.admin) is None


def test_user_token_becomes_the_identity(client: Client) -> None:
    made = sign(claims_for(client, email="a@example.test"))
    trust(client, made["jwks"])
    issuer = client.site_url
    identity = {"issuer": issuer, "subject": "user|session", "tokenIdentifier": f"{issuer}|user|session"}
    for kind, path in (("query", "library:whoAmI"), ("action", "actions:whoAmI")):
        found = client.value(kind, path, headers=bearer(made["token"]))
        assert found == {**identity, "email": "a@example.test"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"exp": 1_000_000_000}, "Unauthenticated"),
        ({"aud": "other"}, "NoAuthProvider"),
        ({"iss": "https://elsewhere.test"}, "NoAuthProvider"),
    ],
)
def test_token_that_does_not_fit_is_refused(client: Client, changes: dict[str, Any], code: str) -> None:
    made = sign(claims_for(client, **changes))
    trust(client, made["jwks"])
    body = {"path": "library:whoAmI", "args": {}}
    response = client.http.post("/api/query", json=body, headers=bearer(made["token"]))
    assert (response.status_code, response.json()["code"]) == (401, code)


def test_token_of_another_key_is_refused(client: Client) -> None:
    trust(client, sign(claims_for(client))["jwks"])
    forged = sign(claims_for(client))["token"]
    response = client.http.post("/api/query", json={"path": "library:whoAmI"}, headers=bearer(forged))
    assert (response.status_code, response.json()["code"]) == (401, "Unauthenticated")


def test_acting_user_finds_internal_functions_on_typed_routes_only(client: Client) -> None:
    headers = client.acting_as({"issuer": "https://convex.test", "subject": "x"})
    assert client.value("query", "library:names", headers=headers) == []
    assert client.value("mutation", "library:addQuietly", {"name": "x"}, headers=headers) is None
    assert "Could not find function" in client.error("function", "library:names", headers=headers)
    run = client.http.post("/api/run/library/names", json={"args": {}}, headers=headers).json()
    assert "Could not find function" in run["errorMessage"]


@pytest.mark.parametrize(
    "tail", ["%%%", base64.b64encode(b"nonsense").decode(), base64.b64encode(b"{}").decode()]
)
def test_malformed_acting_user_is_refused(client: Client, tail: str) -> None:
    headers = {"Authorization": f"Convex {client.deployment.admin_key}:{tail}"}
    response = client.http.post("/api/query", json={"path": "library:whoAmI"}, headers=headers)
    assert (response.status_code, response.json()["code"]) == (400, "HeaderParseFailure")


@pytest.mark.parametrize(
    "header", ["Convex {key}", "convex {key}", "Convex prod:{key}", "Convex preview:team:project|x"]
)
@pytest.mark.any_project
def test_key_is_known_by_its_secret_and_not_by_its_prefix(client: Client, header: str) -> None:
    key = header.format(key=client.deployment.admin_key)
    status = client.http.get("/api/check_admin_key", headers={"Authorization": key}).status_code
    assert status == (200 if "{key}" in header else 401)


@pytest.mark.any_project
def test_wrong_key_and_no_key_differ(client: Client) -> None:
    wrong = client.http.get("/api/check_admin_key", headers={"Authorization": "Convex embedded|guess"})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "BadAdminKey")
    without = client.http.get("/api/check_admin_key")
    assert (without.status_code, without.json()["code"]) == (403, "BadDeployKey")


@pytest.mark.any_project
def test_system_functions_need_the_key(client: Client) -> None:
    response = client.http.post("/api/query", json={"path": "_system/cli/tables", "args": {}})
    assert (response.status_code, response.json()["code"]) == (403, "BadDeployKey")


@pytest.mark.any_project
def test_deployment_says_who_it_is(client: Client) -> None:
    assert client.get("/instance_name").text == client.name
    assert client.get("/version").text
    assert client.get("/api/v1/deployment_info").json()["kind"] in ("cloud", "selfHosted")
    assert client.get("/api/check_admin_key").json() == {
        "success": True,
        "allowedOps": [],
        "isReadOnly": False,
    }


def test_paused_deployment_runs_no_function_but_still_answers_its_administrator(client: Client) -> None:
    def state() -> str:
        return str(client.system("frontend/deploymentState:deploymentState")["state"])

    assert state() == "running"
    assert client.post("/api/v1/pause_deployment").status_code == 200
    assert client.post("/api/v1/pause_deployment").status_code == 200
    assert (state(), client.system("frontend/backendState:backendState")["user"]) == ("paused", "paused")
    assert "paused" in client.error("query", "library:whoAmI")
    assert "paused" in client.error("mutation", "library:addAuthor", {"name": "x"}, headers=client.admin)
    assert client.http.get(f"{client.site_url}/names").json()["code"] == "BackendIsNotRunning"
    imported = client.run_import(b'{"name":"x"}\n', form="jsonLines", table="authors")
    assert (imported["state"], len(client.documents("authors"))) == ("completed", 1)
    assert client.post("/api/v1/unpause_deployment").status_code == 200
    assert (state(), client.value("query", "library:echo", {"value": 1})) == ("running", 1)
    again = client.post("/api/v1/unpause_deployment")
    assert (again.status_code, again.json()["code"]) == (400, "UnpauseDeploymentFailed")


def test_paused_deployment_fails_the_calls_of_a_running_action(client: Client) -> None:
    args = {"url": client.deployment.url, "key": client.deployment.admin_key}
    assert "paused" in client.value("action", "actions:goOnWhilePaused", args)
    assert client.system("frontend/deploymentState:deploymentState")["state"] == "paused"


def test_scheduled_function_waits_while_paused_and_runs_afterwards(client: Client) -> None:
    client.system("embedded:runScheduledJobs", kind="mutation")
    client.value("mutation", "library:later", {"name": "Late"})
    client.post("/api/v1/pause_deployment")
    body = {"path": "_system/embedded:runScheduledJobs", "args": {}, "format": "json"}
    assert "paused" in client.post("/api/mutation", body).json()["errorMessage"]
    assert client.documents("authors") == []
    client.post("/api/v1/unpause_deployment")
    assert client.system("embedded:runScheduledJobs", kind="mutation") == {"run": 1, "failed": 0}
    assert [author["name"] for author in client.documents("authors")] == ["Late"]


def test_each_query_of_a_batch_fails_while_paused(client: Client) -> None:
    client.post("/api/v1/pause_deployment")
    queries = [{"path": "library:echo", "args": {"value": n}} for n in range(2)]
    results = client.http.post("/api/query_batch", json={"queries": queries}).json()["results"]
    assert [(one["status"], "paused" in one["errorMessage"]) for one in results] == [("error", True)] * 2
    run = client.http.post("/api/run/library/echo", json={"args": {"value": 1}}).json()
    assert (run["status"], "paused" in run["errorMessage"]) == ("error", True)
