"""The profile and user documents, from three v1 tables and the auth row."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from migration.mapping.accounts import google_account, password_account, readable, withheld
from migration.mapping.fields import Document, Tally, Unmappable
from migration.mapping.profiles import (
    CONSTANTS,
    PREFERENCES_READS,
    SETTINGS_READS,
    USER_READS,
    Dismissed,
    dismissed,
    profile_document,
)
from migration.mapping.users import user_document
from tests.unit.mapping.support import CLOCK_MS, MADE, MADE_MS, Row, auth_user, google, settings, user, uuid

FULL_USER = user(
    full_name=" Ann Lee ",
    phone=" +1 555 0100 ",
    job_title="Attorney",
    company="Lee LLP",
    profile_photo_url="https://x.test/a.png",
    user_type="firm_admin",
    firm_id=uuid(1),
    firm_name="Lee LLP",
    notification_preferences={"email_enabled": False},
    notification_sms=True,
    notification_push=True,
    urgent_deadline_days=5,
    privacy_mode_enabled=True,
    calendar_sync_enabled=False,
    calendar_sync_pwd=False,
    calendar_sync_eta9089=False,
    calendar_sync_i140=False,
    calendar_sync_rfe=False,
    calendar_sync_rfi=False,
    calendar_sync_recruitment=False,
    calendar_sync_filing_window=False,
    google_email="ann@gmail.test",
    gmail_connected=True,
    calendar_connected=True,
    updated_at="2025-06-01T00:00:00+00:00",
    deleted_at="2025-07-01T00:00:00+00:00",
)
FULL_SETTINGS = settings(
    email_notifications_enabled=True,
    email_deadline_reminders=False,
    email_status_updates=False,
    email_rfe_alerts=False,
    reminder_days_before=[30, None, 7, 7],
    quiet_hours_enabled=True,
    quiet_hours_start="22:30:00",
    quiet_hours_end="07:00:00",
    timezone="America/Chicago",
    preferred_notification_email="both",
    dismissed_deadlines=[],
)
FULL_PREFERENCES = settings(
    cases_sort_by="pwd_filing_date", cases_sort_order="ASC", cases_per_page=50, dismissed_deadlines=[]
)


def _profile(user_columns: dict[str, Any] | None = None, /, **settings_columns: Any) -> Document:
    return profile_document(user(**(user_columns or {})), settings_columns, {})


def test_a_full_profile_becomes_this_document(snapshot: SnapshotAssertion) -> None:
    document = profile_document(FULL_USER, FULL_SETTINGS, FULL_PREFERENCES)
    assert dict(sorted(document.items())) == snapshot


def test_a_user_with_nothing_but_a_row_gets_v2_s_defaults(snapshot: SnapshotAssertion) -> None:
    row = {"id": uuid(1), "created_at": MADE}
    assert dict(sorted(profile_document(row, {}, {}).items())) == snapshot


def test_every_column_is_read_and_no_other() -> None:
    class Watched(dict[str, Any]):
        def __init__(self, row: dict[str, Any]) -> None:
            super().__init__(row)
            self.asked: set[str] = set()

        def get(self, key: str, default: Any = None) -> Any:
            self.asked.add(key)
            return super().get(key, default)

    rows = [Watched({**row}) for row in (user(), settings(), settings())]
    profile_document(*rows)
    list(dismissed(rows[1], rows[2], 0.0, Counter()))
    for row, reads in zip(rows, (USER_READS, SETTINGS_READS, PREFERENCES_READS), strict=True):
        assert row.asked | {"firm_id", "user_id"} == reads | {"firm_id", "user_id"}


def test_nothing_is_connected_or_enforced_whatever_v1_says() -> None:
    document = profile_document(FULL_USER, {}, {})
    assert {name: document[name] for name in CONSTANTS} == dict.fromkeys(CONSTANTS, False)
    assert not any(name.startswith("google") and name != "googleCalendarConnected" for name in document)


@pytest.mark.parametrize(
    ("column", "value", "field", "expected"),
    [
        ("user_type", "attorney", "userType", "individual"),
        ("user_type", "firm_member", "userType", "firm_member"),
        ("full_name", " Ann ", "fullName", " Ann "),
        ("company", "", "company", None),
        ("urgent_deadline_days", None, "urgentDeadlineDays", 7.0),
        ("urgent_deadline_days", 0, "urgentDeadlineDays", 0.0),
        ("notification_push", None, "pushNotificationsEnabled", False),
        ("privacy_mode_enabled", None, "privacyModeEnabled", False),
        ("deleted_at", "2025-07-01T00:00:00+00:00", "deletedAt", 1751328000000.0),
        ("updated_at", None, "updatedAt", MADE_MS),
        ("auth_user_id", None, "legacyAuthId", None),
    ],
)
def test_odd_user_values_have_a_rule(column: str, value: Any, field: str, expected: Any) -> None:
    assert _profile({column: value}).get(field) == expected


@pytest.mark.parametrize(
    ("column", "value", "field", "expected"),
    [
        ("timezone", "Mars/Olympus", "timezone", "America/New_York"),
        ("timezone", "utc ", "timezone", "America/New_York"),
        ("timezone", "Asia/Kolkata", "timezone", "Asia/Kolkata"),
        ("preferred_notification_email", "work", "preferredNotificationEmail", "signup"),
        ("reminder_days_before", None, "reminderDaysBefore", [1.0, 3.0, 7.0, 14.0, 30.0]),
        ("reminder_days_before", [], "reminderDaysBefore", [1.0, 3.0, 7.0, 14.0, 30.0]),
        ("reminder_days_before", [None], "reminderDaysBefore", [1.0, 3.0, 7.0, 14.0, 30.0]),
        ("reminder_days_before", 7, "reminderDaysBefore", [7.0]),
        ("reminder_days_before", [30, 1, 1], "reminderDaysBefore", [30.0, 1.0, 1.0]),
        ("quiet_hours_start", "22:30:59", "quietHoursStart", "22:30"),
        ("quiet_hours_start", None, "quietHoursStart", None),
    ],
)
def test_odd_settings_have_a_rule(column: str, value: Any, field: str, expected: Any) -> None:
    assert _profile(**{column: value}).get(field) == expected


@pytest.mark.parametrize(
    ("column", "value", "field", "expected"),
    [
        ("cases_sort_by", "updated_at", "casesSortBy", "updatedAt"),
        ("cases_sort_by", "eta9089_filing_date", "casesSortBy", "eta9089FilingDate"),
        ("cases_sort_by", "a__9_b", "casesSortBy", "a_9B"),
        ("cases_sort_by", "updatedAt; drop", "casesSortBy", "updatedAt"),
        ("cases_sort_by", "", "casesSortBy", "updatedAt"),
        ("cases_sort_order", "DESC", "casesSortOrder", "desc"),
        ("cases_sort_order", "up", "casesSortOrder", "desc"),
        ("cases_per_page", None, "casesPerPage", 20.0),
        ("cases_per_page", 6, "casesPerPage", 6.0),
    ],
)
def test_odd_preferences_have_a_rule(column: str, value: Any, field: str, expected: Any) -> None:
    assert profile_document(user(), {}, {column: value})[field] == expected


def test_mail_flags_fall_back_to_the_older_json_and_then_to_true() -> None:
    older = {"email_enabled": False, "deadline_reminders": "false", "rfe_alerts": False}
    document = profile_document(user(notification_preferences=older), {"email_rfe_alerts": True}, {})
    assert document["emailNotificationsEnabled"] is False
    assert document["emailDeadlineReminders"] is True
    assert document["emailStatusUpdates"] is True
    assert document["emailRfeAlerts"] is True


def test_calendar_flags_fall_back_to_the_older_json_and_then_to_true() -> None:
    older = {"sync_recruitment": False, "sync_filing_windows": False}
    document = _profile({"calendar_sync_preferences": older, "calendar_sync_filing_window": True})
    assert document["calendarSyncRecruitment"] is False
    assert document["calendarSyncFilingWindow"] is True
    assert document["calendarSyncRfi"] is True


@pytest.mark.parametrize("value", [None, [], "x", 5])
def test_older_json_that_is_no_object_says_nothing(value: Any) -> None:
    assert _profile({"notification_preferences": value})["emailStatusUpdates"] is True


def test_dismissed_deadlines_come_from_settings_and_then_preferences() -> None:
    tally: Tally = Counter()
    first = {"case_id": uuid(1, "c").upper(), "deadline_type": "rfi_due", "dismissed_at": 1764576000}
    second = {"case_id": uuid(2, "c"), "dismissed_at": "never"}
    found = list(
        dismissed({"dismissed_deadlines": [first, None]}, {"dismissed_deadlines": second}, 9.0, tally)
    )
    assert found == [Dismissed(uuid(1, "c"), "rfi_due", 1764576000000.0), Dismissed(uuid(2, "c"), "", 9.0)]
    assert not tally


@pytest.mark.parametrize(
    "item", ["pwd_expiration", {"deadline_type": "rfi_due"}, {"caseId": uuid(1, "c")}, 5]
)
def test_a_dismissed_deadline_without_a_case_is_dropped_and_counted(item: Any) -> None:
    tally: Tally = Counter()
    assert list(dismissed({"dismissed_deadlines": [item]}, {}, 0.0, tally)) == []
    assert tally == {"dismissed_deadline_unresolvable": 1}


def test_a_full_user_becomes_this_document() -> None:
    assert user_document(FULL_USER, auth_user(), "ann@example.com") == {
        "_creationTime": MADE_MS,
        "name": "Ann Lee",
        "image": "https://x.test/a.png",
        "phone": "+1 555 0100",
        "email": "ann@example.com",
        "emailVerificationTime": MADE_MS,
    }


@pytest.mark.parametrize("auth", [None, auth_user(email_confirmed_at=None)])
def test_an_unconfirmed_address_is_not_verified(auth: dict[str, Any] | None) -> None:
    assert "emailVerificationTime" not in user_document(user(), auth, "a@x")


def test_a_google_account_keeps_the_subject_as_text() -> None:
    account = google_account(google(provider_id="123456789012345678901"), auth_user(), user())
    assert account.document == {
        "provider": "google",
        "providerAccountId": "123456789012345678901",
        "_creationTime": MADE_MS,
    }


def test_a_password_account_has_the_folded_address_and_no_secret() -> None:
    account = password_account(auth_user(email=" Ann@Example.COM"), user())
    assert account is not None
    assert account.document == {
        "provider": "password",
        "providerAccountId": "ann@example.com",
        "emailVerified": "ann@example.com",
        "_creationTime": MADE_MS,
    }


@pytest.mark.parametrize("columns", [{"has_password": False}, {"email": None}, {"email": " "}])
def test_without_password_or_address_there_is_no_password_account(columns: dict[str, Any]) -> None:
    assert password_account(auth_user(**columns), user()) is None


def test_an_unconfirmed_password_account_is_not_verified() -> None:
    account = password_account(auth_user(email_confirmed_at=None), user())
    assert account is not None
    assert "emailVerified" not in account.document


def test_an_account_takes_the_first_creation_there_is() -> None:
    later = "2025-08-01T00:00:00+00:00"
    identity, auth = google(created_at=None), auth_user(created_at=None)
    assert (
        google_account(identity, auth_user(created_at=later), user()).document["_creationTime"]
        == 1754006400000.0
    )
    assert google_account(identity, auth, user()).document["_creationTime"] == MADE_MS


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({}, None),
        ({"deleted_at": MADE, "banned_until": "infinity"}, "auth_deleted"),
        ({"banned_until": "infinity"}, "banned"),
        ({"banned_until": "2025-01-01T00:00:00+00:00"}, None),
    ],
)
def test_banned_and_deleted_sign_ins_get_no_account(columns: Row, reason: str | None) -> None:
    assert withheld(auth_user(**columns), CLOCK_MS) == reason


@pytest.mark.parametrize("column", ["created_at", "deleted_at", "email_confirmed_at"])
def test_an_auth_row_with_an_impossible_instant_is_set_aside(column: str) -> None:
    with pytest.raises(Unmappable, match=rf"impossible_date \({column}\)"):
        readable({**auth_user(), column: "infinity"})
