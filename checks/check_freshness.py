"""Is the source unchanged since the snapshot? One item per moved table."""

from __future__ import annotations

import pytest

from checks.conftest import Judged
from checks.freshness import freshness
from checks.source.layout import MOVED

pytestmark = pytest.mark.data


@pytest.mark.parametrize("table", MOVED)
def test_source(judge: Judged, table: str) -> None:
    judge(freshness, table, title=f"{table} is as the snapshot read it", scope=table, may_be_empty=True)
