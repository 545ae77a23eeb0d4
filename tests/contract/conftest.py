"""One deployment a worker, emptied before each test: the embedded one, or the one that the environment names.

With CUTOVER_CONTRACT_URL (`./inv contract --url`) the same tests run against any deployment; its admin key is
CONVEX_SELF_HOSTED_ADMIN_KEY; a read-only one may be in CONVEX_READ_ONLY_KEY, the address of HTTP actions in
CONVEX_SITE_URL. What cannot be tried there is
skipped and says why.
"""

from __future__ import annotations

import inspect
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
# How tests name what lies in the test project.
PROJECT_MODULES = ("library:", "actions:", "moment:", "limits:")
PROJECT_WORDS = (*PROJECT_MODULES, "library/", "anyApi.library")
# These start deployments of their own: they are about the process, or need functions of their own.
STARTS_ITS_OWN = ("test_durability", "test_differential", "test_malformed", "test_verb")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leaves out, against a deployment elsewhere, what cannot be tried there."""
    if not URL:
        return
    has_project = _has_project()
    for item in items:
        source = inspect.getsource(item.function) if isinstance(item, pytest.Function) else ""
        if item.path.stem in STARTS_ITS_OWN:
            item.add_marker(pytest.mark.skip(reason="needs a deployment started on this machine"))
        elif not has_project and any(word in source for word in PROJECT_WORDS):
            item.add_marker(pytest.mark.skip(reason="needs the functions of tests/contract/project"))


def _has_project() -> bool:
    probe = {"path": "library:echo", "args": {"value": 1}, "format": "json"}
    answer = httpx.post(f"{URL}/api/query", json=probe, timeout=30)
    return bool(answer.is_success and answer.json().get("value") == 1)


def _lacking() -> dict[str, str]:
    """What a deployment elsewhere may not have, by the beginnings of function paths."""
    lacking = {"_system/embedded:": "an extra of the embedded deployment"}
    if not _has_project():
        lacking |= dict.fromkeys(PROJECT_MODULES, "the functions of tests/contract/project")
    return lacking


@pytest.fixture(scope="session")
def shared_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    if URL:
        key, read_only = (
            os.environ["CONVEX_SELF_HOSTED_ADMIN_KEY"],
            os.environ.get("CONVEX_READ_ONLY_KEY", ""),
        )
        client = Client(
            Deployment(URL, os.environ.get("CONVEX_SITE_URL", ""), key, 0, read_only_key=read_only),
            lacks=_lacking(),
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
