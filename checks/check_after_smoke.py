"""Did the smoke run change nothing but what its own user made? One item per table."""

from __future__ import annotations

import pytest

from checks.aftermath import TABLES, aftermath
from checks.conftest import Judged

pytestmark = pytest.mark.after


@pytest.mark.parametrize("table", TABLES)
def test_table(judge: Judged, table: str) -> None:
    title = f"{table} is as it was verified, but for the smoke run's own documents"
    judge(
        aftermath,
        table,
        title=title,
        scope=table,
        may_be_empty=table not in {"users", "userProfiles", "cases"},
    )


def test_unlisted_tables(judge: Judged) -> None:
    title = "tables beside v2's own are as they were verified"
    judge(aftermath, "unlisted", title=title, scope="other tables", may_be_empty=True)
