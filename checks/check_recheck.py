"""Some time after the opening: is anything lost, can everybody get in? By table, and through the app."""

from __future__ import annotations

import pytest

from checks.aftermath import TABLES
from checks.conftest import Judged
from checks.recheck import since
from checks.recheck_app import answering

pytestmark = pytest.mark.recheck


@pytest.mark.parametrize("table", TABLES)
def test_table(judge: Judged, table: str) -> None:
    title = f"{table} holds what was judged, but for what v2's users did since"
    filled = table in {"users", "userProfiles", "cases"}
    judge(since, table, title=title, scope=table, may_be_empty=not filled)


def test_unlisted_tables(judge: Judged) -> None:
    title = "tables beside v2's own are as they were judged"
    judge(since, "unlisted", title=title, scope="other tables", may_be_empty=True)


def test_people(judge: Judged) -> None:
    title = "every user of v1 is known to the app and sees their cases"
    judge(answering, "people", title=title, scope="users")


def test_functions(judge: Judged) -> None:
    title = "no function that people's work stands on has only failed since the opening"
    judge(answering, "functions", title=title, scope="functions")


def test_sign_in(judge: Judged) -> None:
    judge(answering, "sign_in", title="the canary signs in with its password", scope="sign-in")
