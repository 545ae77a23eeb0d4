"""A person's `users` and `userProfiles` documents, from v1's user, settings and preferences rows."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from checks.oracle.expectation import Remark
from checks.oracle.rules import Document, Row, instant_of, is_empty, items_of, moment, set_text, text_of
from checks.target import ids
from migration.model import Class

CONSTANTS = {
    "darkModeEnabled": False,
    "autoDeadlineEnforcementEnabled": False,
    "emailWeeklyDigest": False,
    "googleCalendarConnected": False,
    "gmailConnected": False,
}
"""What everyone starts with in v2, whatever v1 said; never filled into a profile that v2 already has."""

UNRESOLVABLE = "dismissed_deadline_unresolvable"
_USER_TYPES = ("individual", "firm_admin", "firm_member")
_ADDRESSES = ("signup", "google", "both")
_SORT_KEY = re.compile(r"[a-z0-9_]+")
_REMINDERS = [1.0, 3.0, 7.0, 14.0, 30.0]
_MAIL_FLAGS = {
    "emailNotificationsEnabled": ("email_notifications_enabled", "email_enabled"),
    "emailDeadlineReminders": ("email_deadline_reminders", "deadline_reminders"),
    "emailStatusUpdates": ("email_status_updates", "status_updates"),
    "emailRfeAlerts": ("email_rfe_alerts", "rfe_alerts"),
}
_CALENDAR_FLAGS = {
    "calendarSyncEnabled": ("calendar_sync_enabled", ""),
    "calendarSyncPwd": ("calendar_sync_pwd", ""),
    "calendarSyncEta9089": ("calendar_sync_eta9089", ""),
    "calendarSyncI140": ("calendar_sync_i140", ""),
    "calendarSyncRfe": ("calendar_sync_rfe", ""),
    "calendarSyncRfi": ("calendar_sync_rfi", "sync_rfi_deadlines"),
    "calendarSyncRecruitment": ("calendar_sync_recruitment", "sync_recruitment"),
    "calendarSyncFilingWindow": ("calendar_sync_filing_window", "sync_filing_windows"),
}
_COPIES = {
    "fullName": "full_name",
    "jobTitle": "job_title",
    "company": "company",
    "profilePhotoUrl": "profile_photo_url",
    "firmName": "firm_name",
    "legacyAuthId": "auth_user_id",
}


@dataclass
class Rows:
    """What v1 says of one person. A missing settings or preferences row is an empty one."""

    user: Row
    auth: Row | None = None
    settings: Row = field(default_factory=dict)
    preferences: Row = field(default_factory=dict)


def user_document(rows: Rows, email: str) -> Document:
    """The `users` document, without its id. `deletedAt` is never written: in v2 it schedules a deletion."""
    document: Document = {"email": email}
    set_text(document, "image", rows.user.get("profile_photo_url"))
    for name, column in (("name", "full_name"), ("phone", "phone")):
        set_text(document, name, (rows.user.get(column) or "").strip())
    confirmed = moment(rows.auth.get("email_confirmed_at")) if rows.auth else None
    if confirmed is not None:
        document["emailVerificationTime"] = confirmed
    return document


def profile_document(rows: Rows, created: float) -> tuple[Document, list[Remark]]:
    """The `userProfiles` document, without ids and edges, and the remarks on it."""
    user, settings, preferences = rows.user, rows.settings, rows.preferences
    remarks: list[Remark] = []
    document: Document = {
        **CONSTANTS,
        **_flags(user, settings),
        "legacyId": user["id"],
        "userType": _one_of(_USER_TYPES, user.get("user_type"), "userType", "unknown_user_type", remarks),
        "smsNotificationsEnabled": bool(user.get("notification_sms")),
        "pushNotificationsEnabled": bool(user.get("notification_push")),
        "privacyModeEnabled": bool(user.get("privacy_mode_enabled")),
        "quietHoursEnabled": bool(settings.get("quiet_hours_enabled")),
        "urgentDeadlineDays": float(_default(user.get("urgent_deadline_days"), 7)),
        "reminderDaysBefore": _reminders(settings.get("reminder_days_before")),
        "preferredNotificationEmail": _one_of(
            _ADDRESSES,
            settings.get("preferred_notification_email"),
            "preferredNotificationEmail",
            "unknown_notification_email",
            remarks,
        ),
        "timezone": _timezone(settings.get("timezone"), remarks),
        "casesSortBy": _sort_key(preferences.get("cases_sort_by"), remarks),
        "casesSortOrder": _sort_order(preferences.get("cases_sort_order")),
        "casesPerPage": float(_default(preferences.get("cases_per_page"), 20)),
        "createdAt": created,
        "updatedAt": _default(moment(user.get("updated_at")), created),
    }
    for name, column in _COPIES.items():
        set_text(document, name, user.get(column))
    for name, column in (("quietHoursStart", "quiet_hours_start"), ("quietHoursEnd", "quiet_hours_end")):
        set_text(document, name, (settings.get(column) or "")[:5])
    if (deleted := moment(user.get("deleted_at"))) is not None:
        document["deletedAt"] = deleted
    return document, remarks


def dismissed(
    rows: Rows, owners: Mapping[str, str], number: int, otherwise: float
) -> tuple[list[Document], list[Remark]]:
    """`dismissedDeadlines`: both of v1's lists, the first of each (case, type), this user's cases only.

    `owners` names the user of each case that is mentioned anywhere; `number` is that of the cases table.
    """
    kept: dict[tuple[str, str], Document] = {}
    remarks = []
    for row in (rows.settings, rows.preferences):
        for _, item in items_of(row.get("dismissed_deadlines")):
            case = mentioned_case(item)
            if case is None or owners.get(case) != rows.user["id"]:
                remarks.append(Remark("dismissedDeadlines", Class.DECLARED, UNRESOLVABLE, item))
                continue
            kind = item.get("deadline_type")
            what = ids.of_row(number, case), "" if kind is None else text_of(kind)
            when = instant_of(item.get("dismissed_at"), otherwise)
            kept.setdefault(what, {"caseId": what[0], "deadlineType": what[1], "dismissedAt": when})
    return list(kept.values()), remarks


def mentioned_case(item: Any) -> str | None:
    """The case a dismissed deadline speaks of, in lower case, when it names one at all."""
    case = item.get("case_id") if isinstance(item, dict) else None
    return case.lower() if isinstance(case, str) else None


def joined_document(
    theirs: Document, ours: Document, *, always: Sequence[str] = (), never: Sequence[str] = ()
) -> Document:
    """What v2 has already, with what it lacks filled in: `always` ours, `never` filled, constants never."""
    filling = {name: value for name, value in ours.items() if name not in never and name not in CONSTANTS}
    return {**filling, **theirs, **{name: ours[name] for name in always if name in ours}}


def _flags(user: Row, settings: Row) -> dict[str, bool]:
    found = {}
    for table, row, column in (
        (_MAIL_FLAGS, settings, "notification_preferences"),
        (_CALENDAR_FLAGS, user, "calendar_sync_preferences"),
    ):
        older = user.get(column)
        for name, (own, key) in table.items():
            spare = older.get(key) if isinstance(older, dict) else None
            found[name] = _default(row.get(own), spare if isinstance(spare, bool) else True)
    return found


def _default(value: Any, otherwise: Any) -> Any:
    return otherwise if value is None else value


def _one_of(allowed: Sequence[str], value: str | None, name: str, rule: str, remarks: list[Remark]) -> str:
    if value is not None and value in allowed:
        return value
    if value is not None:
        remarks.append(Remark(name, Class.DECLARED, rule, value))
    return allowed[0]


def _timezone(value: str | None, remarks: list[Remark]) -> str:
    if value in _zones():
        return str(value)
    if not is_empty(value):
        remarks.append(Remark("timezone", Class.DECLARED, "unknown_timezone", value))
    return "America/New_York"


@cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def _reminders(value: object) -> list[float]:
    days: list[Any] = value if isinstance(value, list) else [value]
    return [float(day) for day in days if day is not None] or list(_REMINDERS)


def _sort_key(value: str | None, remarks: list[Remark]) -> str:
    if not value:
        return "updatedAt"
    if not _SORT_KEY.fullmatch(value):
        remarks.append(Remark("casesSortBy", Class.DECLARED, "unknown_sort_key", value))
        return "updatedAt"
    return re.sub("_([a-z0-9])", lambda match: match[1].upper(), value)


def _sort_order(value: str | None) -> str:
    order = (value or "").lower()
    return order if order in {"asc", "desc"} else "desc"
