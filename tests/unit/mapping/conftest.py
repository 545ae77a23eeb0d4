"""`pair`: an empty snapshot and an empty target of this test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.mapping.support import Pair


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return Pair(tmp_path)
