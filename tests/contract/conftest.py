"""One deployment a module, emptied before each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures import deployment as deployments
from tests.contract.client import Client, make_zip

PROJECT = Path(__file__).parent / "project" / "convex"
EMPTY = make_zip({"README.md": "nothing"})


@pytest.fixture(scope="module")
def module_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    started = deployments.start(tmp_path_factory.mktemp("deployment"), PROJECT)
    client = Client(started)
    yield client
    client.http.close()
    deployments.stop(started.pid)


@pytest.fixture
def client(module_client: Client) -> Client:
    """The module's deployment, running and without documents."""
    if module_client.system("frontend/deploymentState:deploymentState")["state"] == "paused":
        module_client.post("/api/v1/unpause_deployment")
    assert module_client.run_import(EMPTY, mode="replaceAll")["state"] == "completed"
    return module_client
