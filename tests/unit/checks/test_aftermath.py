"""After the smoke run only the canary's own documents may be new."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from checks import aftermath as module
from checks.aftermath import Own
from checks.tally import Tally
from checks.target.archive import Archive
from migration.errors import RunIncomplete
from migration.model import Class
from tests.unit.checks.material import export

CANARY = {"_id": "canary", "email": "canary@example.com"}
CASE = {"_id": "c1", "userId": "somebody", "legacyId": "row-1", "caseStatus": "pwd"}
OLD = {"_id": "n1", "isRead": True, "createdAt": 1.0}


def _judged(folder: Path, table: str, before: list[dict[str, Any]], after: list[dict[str, Any]]) -> Tally:
    sessions = [{"_id": "s1", "userId": "canary"}]
    left = export(folder / "before.zip", {"users": [CANARY], table: before})
    right = export(folder / "after.zip", {"users": [CANARY], "authSessions": sessions, table: after})
    with Archive(left) as earlier, Archive(right) as later:
        return module._table(earlier, later, table, Own(later, "Canary@example.com"))


@pytest.mark.parametrize(
    ("table", "before", "after"),
    [
        ("cases", [CASE], [CASE]),
        ("cases", [CASE], [CASE, {"_id": "c2", "userId": "canary"}]),
        ("notifications", [], [{"_id": "n", "userId": "canary"}]),
        ("authRefreshTokens", [], [{"_id": "t", "sessionId": "s1"}]),
        ("rateLimits", [{"_id": "r"}], []),
        ("authRateLimits", [{"_id": "r", "attemptsLeft": 5.0}], [{"_id": "r", "attemptsLeft": 4.0}]),
    ],
)
def test_what_the_canary_makes_by_using_v2_is_allowed(
    tmp_path: Path, table: str, before: list[dict[str, Any]], after: list[dict[str, Any]]
) -> None:
    assert _judged(tmp_path, table, before, after).totals == {}


@pytest.mark.parametrize(
    ("table", "before", "after"),
    [
        ("cases", [CASE], [{**CASE, "caseStatus": "closed"}]),
        ("cases", [CASE], []),
        ("cases", [], [CASE]),
        ("notifications", [], [{"_id": "n", "userId": "somebody"}]),
        ("authSessions", [{"_id": "s9", "userId": "somebody"}], []),
        ("userProfiles", [{"_id": "p", "userId": "canary"}], [{"_id": "p", "userId": "canary", "x": 1.0}]),
    ],
)
def test_any_other_change_is_red(
    tmp_path: Path, table: str, before: list[dict[str, Any]], after: list[dict[str, Any]]
) -> None:
    assert _judged(tmp_path, table, before, after).classes[Class.INTRODUCED] == 1


def test_what_v2s_own_hourly_job_removes_is_declared(tmp_path: Path) -> None:
    assert _judged(tmp_path, "notifications", [OLD], []).classes == {Class.DECLARED: 1}
    assert _judged(tmp_path, "notifications", [{**OLD, "isRead": False}], []).classes == {Class.INTRODUCED: 1}


def test_a_canary_that_is_not_one_user_leaves_nothing_to_judge(tmp_path: Path) -> None:
    with Archive(export(tmp_path / "e.zip", {"users": []})) as archive, pytest.raises(RunIncomplete):
        Own(archive, "canary@example.com")
