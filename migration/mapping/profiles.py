"""`public.users`, `user_settings` and `user_preferences` -> v2's `userProfiles`.

Plain fields are four tables, one a source; the rest are the values with a rule of their own. Not here:
the `_id`s of the user, the firm and dismissed cases (`migration.transform`), and joining an existing
profile (`migration.mapping.merge`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import available_timezones

from migration.mapping.fields import (
    Document,
    Field,
    Row,
    Tally,
    as_list,
    columns,
    flag,
    mapped,
    number,
)
from migration.mapping.instants import created, instant, loose
from migration.mapping.text import copy, lower, text_of

_REMINDERS = [1.0, 3.0, 7.0, 14.0, 30.0]
_WORD_START = re.compile(r"_([a-z0-9])")
_COLUMN_NAME = re.compile(r"[a-z0-9_]+", re.ASCII)


def _one_of(*words: str) -> Any:
    allowed = frozenset(words)
    return lambda value: value if isinstance(value, str) and value in allowed else None


@lru_cache(1)
def _zones() -> set[str]:
    return available_timezones()


def _zone(value: Any) -> str | None:
    return value if isinstance(value, str) and value in _zones() else None


def _minutes(value: Any) -> str | None:
    return text_of(value)[:5] or None


def _camel(value: Any) -> str | None:
    text = text_of(value)
    if not _COLUMN_NAME.fullmatch(text):
        return None
    return _WORD_START.sub(lambda start: start[1].upper(), text)


def _order(value: Any) -> str | None:
    text = text_of(value).lower()
    return text if text in ("asc", "desc") else None


USER_FIELDS = (
    Field("legacyId", "id", lower),
    Field("legacyAuthId", "auth_user_id", lower),
    Field("fullName", "full_name", copy),
    Field("jobTitle", "job_title", copy),
    Field("company", "company", copy),
    Field("profilePhotoUrl", "profile_photo_url", copy),
    Field("userType", "user_type", _one_of("individual", "firm_admin", "firm_member"), "individual"),
    Field("firmName", "firm_name", copy),
    Field("smsNotificationsEnabled", "notification_sms", flag, False),
    Field("pushNotificationsEnabled", "notification_push", flag, False),
    Field("urgentDeadlineDays", "urgent_deadline_days", number, 7.0),
    Field("calendarSyncEnabled", "calendar_sync_enabled", flag, True),
    Field("calendarSyncPwd", "calendar_sync_pwd", flag, True),
    Field("calendarSyncEta9089", "calendar_sync_eta9089", flag, True),
    Field("calendarSyncI140", "calendar_sync_i140", flag, True),
    Field("calendarSyncRfe", "calendar_sync_rfe", flag, True),
    Field("calendarSyncRfi", "calendar_sync_rfi", flag),
    Field("calendarSyncRecruitment", "calendar_sync_recruitment", flag),
    Field("calendarSyncFilingWindow", "calendar_sync_filing_window", flag),
    Field("privacyModeEnabled", "privacy_mode_enabled", flag, False),
    Field("updatedAt", "updated_at", instant),
    Field("deletedAt", "deleted_at", instant),
)
SETTINGS_FIELDS = (
    Field("emailNotificationsEnabled", "email_notifications_enabled", flag),
    Field("emailDeadlineReminders", "email_deadline_reminders", flag),
    Field("emailStatusUpdates", "email_status_updates", flag),
    Field("emailRfeAlerts", "email_rfe_alerts", flag),
    Field(
        "preferredNotificationEmail",
        "preferred_notification_email",
        _one_of("signup", "google", "both"),
        "signup",
    ),
    Field("quietHoursEnabled", "quiet_hours_enabled", flag, False),
    Field("quietHoursStart", "quiet_hours_start", _minutes),
    Field("quietHoursEnd", "quiet_hours_end", _minutes),
    Field("timezone", "timezone", _zone, "America/New_York"),
)
PREFERENCES_FIELDS = (
    Field("casesSortBy", "cases_sort_by", _camel, "updatedAt"),
    Field("casesSortOrder", "cases_sort_order", _order, "desc"),
    Field("casesPerPage", "cases_per_page", number, 20.0),
)
_FLAGS = (  # target field, JSON column of the users row, its key: asked when the column above had no answer
    ("emailNotificationsEnabled", "notification_preferences", "email_enabled"),
    ("emailDeadlineReminders", "notification_preferences", "deadline_reminders"),
    ("emailStatusUpdates", "notification_preferences", "status_updates"),
    ("emailRfeAlerts", "notification_preferences", "rfe_alerts"),
    ("calendarSyncRfi", "calendar_sync_preferences", "sync_rfi_deadlines"),
    ("calendarSyncRecruitment", "calendar_sync_preferences", "sync_recruitment"),
    ("calendarSyncFilingWindow", "calendar_sync_preferences", "sync_filing_windows"),
)
CONSTANTS = (
    *("darkModeEnabled", "autoDeadlineEnforcementEnabled", "emailWeeklyDigest"),
    *("googleCalendarConnected", "gmailConnected"),
)

USER_READS = columns(USER_FIELDS) | {column for _, column, _ in _FLAGS} | {"firm_id", "created_at"}
SETTINGS_READS = columns(SETTINGS_FIELDS) | {"user_id", "reminder_days_before", "dismissed_deadlines"}
PREFERENCES_READS = columns(PREFERENCES_FIELDS) | {"user_id", "dismissed_deadlines"}


class Dismissed(NamedTuple):
    """One dismissed deadline whose case is still a v1 UUID."""

    case: str
    deadline: str
    at: float


def profile_document(user: Row, settings: Row, preferences: Row) -> Document:
    """The profile without ids and dismissed deadlines. A missing row is an empty one."""
    document = {
        **mapped(user, USER_FIELDS),
        **mapped(settings, SETTINGS_FIELDS),
        **mapped(preferences, PREFERENCES_FIELDS),
        **dict.fromkeys(CONSTANTS, False),
    }
    for target, column, key in _FLAGS:
        if target not in document:
            choices = user.get(column)
            choice = flag(choices.get(key)) if isinstance(choices, dict) else None
            document[target] = True if choice is None else choice
    document["reminderDaysBefore"] = _reminders(settings.get("reminder_days_before"))
    document["_creationTime"] = document["createdAt"] = created(user)
    document.setdefault("updatedAt", document["createdAt"])
    return document


def _reminders(value: Any) -> list[float]:
    days = value if isinstance(value, list) else [value]
    return [number(one) for one in days if one is not None] or _REMINDERS


def dismissed(settings: Row, preferences: Row, updated: float, tally: Tally) -> Iterator[Dismissed]:
    """Both rows' dismissed deadlines, in order. `updated`: the time of those that tell none."""
    for item in as_list(settings.get("dismissed_deadlines")) + as_list(
        preferences.get("dismissed_deadlines")
    ):
        if item is None or item == "":
            continue
        if not isinstance(item, dict) or item.get("case_id") is None:
            tally["dismissed_deadline_unresolvable"] += 1
            continue
        deadline = item.get("deadline_type")
        at = loose(item.get("dismissed_at"))
        yield Dismissed(
            case=lower(item["case_id"]),
            deadline="" if deadline is None else text_of(deadline),
            at=updated if at is None else at,
        )
