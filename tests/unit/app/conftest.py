"""One stage for the tests of the app: deployment, site, canary, cases. Each test leaves them as they were."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.app.stage import Stage, drop_curtain, raise_curtain


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    raised = raise_curtain(tmp_path_factory.mktemp("stage"))
    yield raised
    drop_curtain(raised)
