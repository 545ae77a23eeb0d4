"""One stage for the tests of the app: deployment, site, canary, cases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.app.stage import Stage, drop_curtain, raise_curtain


@pytest.fixture(scope="session")
def raised(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    stage = raise_curtain(tmp_path_factory.mktemp("stage"))
    yield stage
    drop_curtain(stage)


@pytest.fixture
def stage(raised: Stage) -> Stage:
    """The stage with its documents as at the start, whatever the test before did."""
    if raised.soiled:
        raised.fill()
    return raised
