"""stage: a run that went live, with stand-ins of Render and Supabase, ended with the test.

Made once a worker, copied for each test: its record has hundreds of lines.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.providers import Providers
from migration.decommission import providers as adapters
from tests.unit.decommission.stage import Stage, opened
from tests.unit.migration.proven import proven


@pytest.fixture(scope="session")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pattern")
    opened(proven(folder))
    return folder


@pytest.fixture
def stage(pattern: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setattr(adapters, "pause", lambda *_: 0.0)
    folder = Path(shutil.copytree(pattern, tmp_path / "stage", symlinks=True))
    with Providers().serving() as providers:
        yield Stage(folder, providers)
