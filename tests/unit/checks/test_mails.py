"""Which mails v2 sends by itself: a difference between what is and what should be is ours."""

from __future__ import annotations

from typing import Any

import pytest

from checks.judges.mails import REMINDERS, Readers, Reminders, next_run, sent
from checks.oracle.expectation import Expected
from checks.tally import Tally
from migration.model import Class, Kind

NOON = 1_768_478_400_000  # 2026-01-15 12:00 UTC
HOUR = 3_600_000
USER: dict[str, Any] = {"_id": "u", "email": "a@b.test"}
PROFILE: dict[str, Any] = {
    "_id": "p",
    "userId": "u",
    "emailNotificationsEnabled": True,
    "emailDeadlineReminders": True,
    "reminderDaysBefore": [7.0],
}
CASE: dict[str, Any] = {"_id": "c", "userId": "u", "caseStatus": "pwd", "pwdExpirationDate": "2026-01-22"}


def judged(
    actual: dict[str, Any], expected: dict[str, Any] | None, profile: dict[str, Any] | None = None
) -> Tally:
    """What comes of one case, with `profile` instead of the one that there should be."""
    wanted = Readers.among([USER], [PROFILE])
    found = wanted if profile is None else Readers.among([USER], [profile])
    reminders = Reminders(NOON, found, wanted, [])
    reminders.judge(Expected("cases", "key", expected) if expected else None, actual, b"")
    ((name, tally),) = reminders.tallies()
    assert name == REMINDERS
    return tally


@pytest.mark.parametrize(
    ("hours", "day"), [(0, "2026-01-15"), (1.99, "2026-01-15"), (2, "2026-01-16"), (13, "2026-01-16")]
)
def test_the_next_run_is_at_fourteen_hours_utc(hours: float, day: str) -> None:
    assert next_run(NOON + int(hours * HOUR)) == day


def test_a_mail_that_both_call_for_is_declared() -> None:
    tally = judged(CASE, CASE)
    assert tally.classes == {Class.DECLARED: 1}
    assert (tally.findings[0].key, tally.findings[0].field) == ("key", "pwd_expiration")


def test_a_mail_that_only_a_moved_date_calls_for_is_ours() -> None:
    tally = judged(CASE, {**CASE, "pwdExpirationDate": "2026-03-22"})
    assert (tally.classes, tally.totals) == ({Class.INTRODUCED: 1}, {Kind.EXTRANEOUS: 1})


def test_a_mail_that_is_no_more_is_ours() -> None:
    tally = judged({**CASE, "pwdExpirationDate": "2026-03-22"}, CASE)
    assert (tally.classes, tally.totals) == ({Class.INTRODUCED: 1}, {Kind.MISSING: 1})


def test_a_wish_that_changed_is_ours() -> None:
    assert judged(CASE, CASE, {**PROFILE, "emailDeadlineReminders": False}).totals == {Kind.MISSING: 1}


def test_a_stray_case_mails_where_nothing_should() -> None:
    assert judged(CASE, None).totals == {Kind.EXTRANEOUS: 1}


@pytest.mark.parametrize(
    ("users", "profiles", "days"),
    [
        ([USER], [], {30, 14, 7, 3, 1, 0, -1}),
        ([USER], [{**PROFILE, "deletedAt": 1.0}], {30, 14, 7, 3, 1, 0, -1}),
        ([USER], [PROFILE], {7, 0, -1}),
        ([USER], [{**PROFILE, "emailNotificationsEnabled": False}], set()),
        ([{**USER, "deletedAt": 1.0}], [PROFILE], None),
        ([{"_id": "u"}], [PROFILE], None),
    ],
)
def test_who_is_reminded_and_when(
    users: list[dict[str, Any]], profiles: list[dict[str, Any]], days: set[int] | None
) -> None:
    found = Readers.among(users, profiles).days.get("u")
    assert found == days


@pytest.mark.parametrize(
    "changes",
    [
        {"reminderDaysBefore": "[7]"},
        {"reminderDaysBefore": ["7", None, {"$float": "NaN"}]},
        {"reminderDaysBefore": None},
        {"userId": ...},
        {"userId": ["u"]},
        {"legacyId": 5.0},
    ],
)
def test_a_profile_that_v2_could_not_read_stops_nobody(changes: dict[str, Any]) -> None:
    """It is the schema check's finding: the other people's mails are worked out all the same."""
    broken = {name: value for name, value in {**PROFILE, **changes}.items() if value is not ...}
    other = {"_id": "v", "email": "c@d.test"}
    readers = Readers.among([USER, other], [broken, {**PROFILE, "_id": "q", "userId": "v"}])
    assert 7 in readers.days["v"]
    assert "u" in readers.days


@pytest.mark.parametrize("part", [["rfi_due"], {"kind": "rfi_due"}])
def test_a_notification_that_v2_could_not_read_is_none_that_was_sent(part: object) -> None:
    told = {"type": "deadline_reminder", "caseId": "c", "deadlineType": "rfi_due", "daysUntilDeadline": 1.0}
    assert sent([told, {**told, "deadlineType": part}]) == {("c", "rfi_due", 1.0)}
