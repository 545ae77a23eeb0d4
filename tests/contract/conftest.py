"""One deployment a worker, emptied before each test: the embedded one, or the one that the environment names.

With CUTOVER_CONTRACT_URL (`./inv contract --url`) the same tests run against any deployment; its admin key is
CONVEX_SELF_HOSTED_ADMIN_KEY; a read-only one may be in CONVEX_READ_ONLY_KEY, the address of HTTP actions in
CONVEX_SITE_URL. What cannot be tried there is skipped and says why.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from fixtures import deployment as deployments
from fixtures.deployment import Deployment
from tests.contract.client import Client, make_zip

PROJECT = Path(__file__).parent / "project" / "convex"
EMPTY = make_zip({"README.md": "nothing"})
URL = os.environ.get("CUTOVER_CONTRACT_URL", "")
NEEDS_PROJECT = "needs the functions and the schema of tests/contract/project"
# These start deployments of their own: they are about the process, or need functions of their own.
STARTS_ITS_OWN = ("test_described", "test_differential", "test_durability", "test_malformed")
NOT_COVERED = "shows what the embedded deployment does not cover"
NEEDS_MACHINE = "needs a deployment started on this machine"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leaves out, against a deployment elsewhere, what cannot be tried there.

    Only tests marked `any_project` need nothing of the test project; a test without the mark is listed as not
    tried on a deployment of another project, so forgetting the mark costs a statement and never a false red.
    """
    if not URL:
        return
    has_project = _has_project()
    for item in items:
        if item.get_closest_marker("embedded_only"):
            item.add_marker(pytest.mark.skip(reason=NOT_COVERED))
        elif item.path.stem in STARTS_ITS_OWN:
            item.add_marker(pytest.mark.skip(reason=NEEDS_MACHINE))
        elif not has_project and item.get_closest_marker("any_project") is None:
            item.add_marker(pytest.mark.skip(reason=NEEDS_PROJECT))


def _has_project() -> bool:
    """Asks for the list of functions, which a paused deployment gives too. False when the key is wrong."""
    question = {"path": "_system/cli/modules:apiSpec", "args": {}, "format": "json"}
    key = {"Authorization": f"Convex {os.environ.get('CONVEX_SELF_HOSTED_ADMIN_KEY', '')}"}
    answer = httpx.post(f"{URL}/api/query", json=question, headers=key, timeout=30)
    functions = answer.json().get("value") or [] if answer.is_success else []
    return any(function.get("identifier") == "limits.js:makeTable" for function in functions)


@pytest.fixture(scope="session")
def shared_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    if URL:
        key, read_only = (
            os.environ["CONVEX_SELF_HOSTED_ADMIN_KEY"],
            os.environ.get("CONVEX_READ_ONLY_KEY", ""),
        )
        client = Client(
            Deployment(URL, os.environ.get("CONVEX_SITE_URL", ""), key, 0, read_only_key=read_only),
            lacks={"_system/embedded:": "an extra of the embedded deployment"},
        )
        yield client
        client.http.close()
        return
    started = deployments.start(tmp_path_factory.mktemp("deployment"), PROJECT)
    client = Client(started)
    yield client
    client.http.close()
    deployments.stop(started.pid)


@pytest.fixture
def client(shared_client: Client) -> Client:
    """The worker's deployment: running, without documents, without environment variables."""
    if shared_client.system("frontend/deploymentState:deploymentState")["state"] == "paused":
        shared_client.post("/api/v1/unpause_deployment")
    variables = shared_client.get("/api/list_environment_variables").json()["environmentVariables"]
    if variables:
        removals = {"changes": [{"name": name} for name in variables]}
        assert shared_client.post("/api/update_environment_variables", removals).status_code == 200
    assert shared_client.run_import(EMPTY, mode="replaceAll")["state"] == "completed"
    return shared_client
