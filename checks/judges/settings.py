"""Each preference of each user: what v1 said is what v2 says; what v1 did not say is counted as defaulted.

Reads the source's columns directly, beside the oracle's expectation, so that a default never passes for a
choice (weaknesses A14, A17).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from checks.oracle.expectation import Expected, Origin
from checks.oracle.people import People
from checks.tally import Tally
from checks.target.archive import Spool
from checks.values import ABSENT


@dataclass(frozen=True)
class Column:
    """The one v1 column behind a preference, and how its value looks in v2."""

    rows: str
    name: str
    as_v2: Callable[[Any], object] = bool


def _days(value: list[int | None] | int) -> list[float]:
    days = value if isinstance(value, list) else [value]
    return [float(day) for day in days if day is not None]


def _hour(value: str) -> str:
    return value[:5]


PREFERENCES: dict[str, Column] = {
    "emailNotificationsEnabled": Column("settings", "email_notifications_enabled"),
    "emailDeadlineReminders": Column("settings", "email_deadline_reminders"),
    "emailStatusUpdates": Column("settings", "email_status_updates"),
    "emailRfeAlerts": Column("settings", "email_rfe_alerts"),
    "smsNotificationsEnabled": Column("user", "notification_sms"),
    "pushNotificationsEnabled": Column("user", "notification_push"),
    "privacyModeEnabled": Column("user", "privacy_mode_enabled"),
    "urgentDeadlineDays": Column("user", "urgent_deadline_days", float),
    "quietHoursEnabled": Column("settings", "quiet_hours_enabled"),
    "quietHoursStart": Column("settings", "quiet_hours_start", _hour),
    "quietHoursEnd": Column("settings", "quiet_hours_end", _hour),
    "reminderDaysBefore": Column("settings", "reminder_days_before", _days),
    "preferredNotificationEmail": Column("settings", "preferred_notification_email", str),
    "timezone": Column("settings", "timezone", str),
    "calendarSyncEnabled": Column("user", "calendar_sync_enabled"),
    "calendarSyncPwd": Column("user", "calendar_sync_pwd"),
    "calendarSyncEta9089": Column("user", "calendar_sync_eta9089"),
    "calendarSyncI140": Column("user", "calendar_sync_i140"),
    "calendarSyncRfe": Column("user", "calendar_sync_rfe"),
    "calendarSyncRfi": Column("user", "calendar_sync_rfi"),
    "calendarSyncRecruitment": Column("user", "calendar_sync_recruitment"),
    "calendarSyncFilingWindow": Column("user", "calendar_sync_filing_window"),
    "casesSortOrder": Column("preferences", "cases_sort_order", str.lower),
    "casesPerPage": Column("preferences", "cases_per_page", float),
}


def settings(expected: Iterable[Expected], people: People, profiles: Spool) -> dict[str, Tally]:
    """`settings.<field>`; the unit is a person's preference. What v2 had already chosen stays, counted."""
    tallies = {name: Tally() for name in PREFERENCES}
    for expectation in expected:
        if expectation.table != "userProfiles" or expectation.origin is Origin.FOREIGN:
            continue
        rows = people.by_key[expectation.key].rows
        actual = profiles.document(expectation.id) or {}
        declared = {remark.field for remark in expectation.remarks}
        for name, column in PREFERENCES.items():
            value = getattr(rows, column.rows).get(column.name)
            said = None if value is None else column.as_v2(value)
            wanted = expectation.document.get(name, ABSENT)
            if expectation.origin is Origin.JOINED:
                tallies[name].note("v2's own choice")
            elif name in declared:
                tallies[name].note("declared")
            elif said is None or said in ([], ""):
                tallies[name].note("not said in v1")
            else:
                wanted = said
            tallies[name].check(
                expectation.key, wanted, actual.get(name, ABSENT), table="userProfiles", path=name
            )
    return {f"settings.{name}": tally for name, tally in tallies.items()}
