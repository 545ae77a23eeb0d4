"""A real embedded deployment for the engine's tests: one a worker, emptied for each test.

deployment   the running deployment with v2's schema and functions (session)
pair         settings of a seeded source and an empty, running target, with records under the test's folder
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from fixtures import deployment as launcher
from migration.config import ROOT, Settings
from migration.target import Target
from tests.unit.migration.support import add_case, add_user, settings_for


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[launcher.Deployment]:
    started = launcher.start(tmp_path_factory.mktemp("deployment"), ROOT / "fixtures" / "app" / "convex")
    yield started
    launcher.stop(started.pid)


@pytest.fixture
def target(deployment: launcher.Deployment, tmp_path: Path) -> Iterator[Target]:
    empty = tmp_path / "empty.zip"
    with zipfile.ZipFile(empty, "w") as archive:
        archive.writestr("_tables/documents.jsonl", b"")
    with Target(deployment.url, deployment.admin_key) as opened:
        opened.unpause()
        opened.import_zip(empty, "replaceAll")
        yield opened


@pytest.fixture
def pair(deployment: launcher.Deployment, target: Target, v1_database: str, tmp_path: Path) -> Settings:
    add_user(v1_database)
    add_case(v1_database, notes='a "note" with \\ and 👍')
    settings = settings_for(tmp_path, v1_database, target.url)
    key = settings.target.model_copy(update={"admin_key": SecretStr(deployment.admin_key)})
    return settings.model_copy(update={"target": key})
