"""Who is made, who joins a v2 user, who gets which way in, and who is refused (decision 0001)."""

from __future__ import annotations

from typing import Any

import pytest

from checks.oracle.expectation import Expected, Origin
from checks.oracle.known import Known
from checks.oracle.people import People, Person
from checks.target import ids
from tests.unit.checks.material import CREATED, NOW, NUMBERS, doc_id, key, user_row

AUTH = {
    "id": key(90),
    "email": "USER1@example.com ",
    "email_confirmed_at": CREATED,
    "created_at": CREATED - 5,
}
V2_USER = {
    "_id": ids.encode(10001, bytes(16)),
    "_creationTime": 1.5,
    "email": "User1@Example.com",
    "name": "Theirs",
}
V2_PROFILE = {
    "_id": ids.encode(10002, bytes(16)),
    "_creationTime": 2.5,
    "userId": V2_USER["_id"],
    "timezone": "UTC",
    "dismissedDeadlines": [],
    "autoDeadlineEnforcementEnabled": True,
}


def _people(
    users: list[dict[str, Any]],
    *,
    auth: list[dict[str, Any]] | None = None,
    identities: list[dict[str, Any]] | None = None,
    settings: list[dict[str, Any]] | None = None,
    v2: tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]] = ([], [], []),
) -> People:
    known = Known(NUMBERS, *v2, people=frozenset(row["id"] for row in users))
    tables = {
        "public.users": users,
        "auth.users": auth or [],
        "auth.identities": identities or [],
        "public.user_settings": settings or [],
        "public.user_preferences": [],
    }
    return People(tables, known, NOW)


def _only(people: People) -> Person:
    (person,) = people.by_key.values()
    return person


def _documents(people: People, table: str) -> list[Expected]:
    return [expected for expected in people.expected({}) if expected.table == table]


def test_a_new_person_gets_ids_made_of_the_row() -> None:
    (user,), (profile,) = (_documents(_people([user_row(1)]), table) for table in ("users", "userProfiles"))
    assert user.id == doc_id("users", 1)
    assert profile.id == ids.of_name(10002, f"userProfiles/{key(1)}")
    assert profile.document["userId"] == user.id
    assert user.document == {"_id": user.id, "_creationTime": float(CREATED), "email": "user1@example.com"}


def test_an_email_is_folded_by_unicode_and_the_auth_row_stands_in_for_a_blank_one() -> None:
    row = user_row(1, email="\u2003ÄNN@Example.com\n")
    assert _only(_people([row])).email == "änn@example.com"
    blank = user_row(1, email=" ", auth_user_id=AUTH["id"])
    assert _only(_people([blank], auth=[AUTH])).email == "user1@example.com"


def test_somebody_without_an_email_is_refused() -> None:
    assert _only(_people([user_row(1, email="")])).reason == "no_email"


def test_two_people_of_one_email_are_both_refused() -> None:
    people = _people([user_row(1), user_row(2, email="USER1@EXAMPLE.COM")])
    assert {person.reason for person in people.by_key.values()} == {"email_collision"}


def test_a_v2_user_with_the_email_is_kept_and_filled() -> None:
    row = user_row(1, email="user1@example.com", full_name="Ours", phone="1", deleted_at=CREATED)
    people = _people([row], v2=([V2_USER], [V2_PROFILE], []))
    (user,) = _documents(people, "users")
    assert user.origin is Origin.JOINED
    assert user.document == {**V2_USER, "phone": "1"}
    (profile,) = _documents(people, "userProfiles")
    assert profile.id == V2_PROFILE["_id"]
    assert (profile.document["timezone"], profile.document["legacyId"]) == ("UTC", key(1))
    assert profile.document["autoDeadlineEnforcementEnabled"] is False
    assert "deletedAt" not in profile.document
    assert "emailWeeklyDigest" not in profile.document


def test_a_joined_user_without_a_profile_gets_ours() -> None:
    (profile,) = _documents(_people([user_row(1)], v2=([V2_USER], [], [])), "userProfiles")
    assert profile.origin is Origin.MADE
    assert profile.document["userId"] == V2_USER["_id"]


def test_a_profile_that_an_earlier_run_gave_a_joined_user_is_ours_and_follows_v1() -> None:
    earlier = {**V2_PROFILE, "_id": ids.of_name(NUMBERS["userProfiles"], f"userProfiles/{key(1)}")}
    people = _people([user_row(1, company="Changed Since")], v2=([V2_USER], [earlier], []))
    (profile,) = _documents(people, "userProfiles")
    assert profile.origin is Origin.MADE
    assert (profile.document["company"], profile.document["timezone"]) == (
        "Changed Since",
        "America/New_York",
    )


def test_two_v2_users_of_one_email_refuse_the_person() -> None:
    other = {**V2_USER, "_id": ids.encode(10001, b"\1" * 16)}
    assert _only(_people([user_row(1)], v2=([V2_USER, other], [], []))).reason == "email_ambiguous_on_target"


def test_our_own_document_of_an_earlier_run_is_no_v2_user() -> None:
    ours = {**V2_USER, "_id": doc_id("users", 1)}
    person = _only(_people([user_row(1)], v2=([ours], [], [])))
    assert (person.reason, person.matched, person.user_id) == ("", None, ours["_id"])


def test_a_v2_user_who_is_to_be_deleted_refuses_the_person() -> None:
    leaving = {**V2_USER, "deletedAt": 1.0}
    found = _only(_people([user_row(1)], v2=([leaving], [], [])))
    assert found.reason == "target_user_scheduled_for_deletion"


def _with_auth(**columns: Any) -> People:
    auth = {**AUTH, "has_password": True, **columns}
    identity = {
        "id": key(80),
        "user_id": AUTH["id"],
        "provider": "google",
        "provider_id": "g-1",
        "created_at": None,
    }
    mail = {**identity, "id": key(81), "provider": "email"}
    return _people([user_row(1, auth_user_id=AUTH["id"])], auth=[auth], identities=[identity, mail])


def test_google_and_password_are_ways_in_and_others_are_not() -> None:
    google, password = (each.document for each in _documents(_with_auth(), "authAccounts"))
    assert (google["provider"], google["providerAccountId"]) == ("google", "g-1")
    assert google["_creationTime"] == CREATED - 5.0
    assert (password["providerAccountId"], password["emailVerified"]) == ("user1@example.com",) * 2
    assert "secret" not in password


def test_an_unconfirmed_address_stays_unverified() -> None:
    people = _with_auth(email_confirmed_at=None)
    assert "emailVerificationTime" not in _documents(people, "users")[0].document
    assert all("emailVerified" not in each.document for each in _documents(people, "authAccounts"))


@pytest.mark.parametrize(
    ("columns", "ways"),
    [
        ({"banned_until": NOW + 1}, 0),
        ({"banned_until": NOW - 1}, 2),
        ({"banned_until": "infinity"}, 0),
        ({"deleted_at": CREATED}, 0),
        ({"has_password": False}, 1),
        ({"email": " "}, 1),
    ],
)
def test_whoever_is_barred_gets_no_way_in(columns: dict[str, Any], ways: int) -> None:
    assert len(_documents(_with_auth(**columns), "authAccounts")) == ways


def test_an_account_of_the_same_user_is_left_and_of_another_refuses() -> None:
    account = {"_id": "x", "provider": "google", "providerAccountId": "g", "userId": V2_USER["_id"]}
    auth = [{**AUTH, "has_password": False}]
    identities = [{"user_id": AUTH["id"], "provider": "google", "provider_id": "g", "created_at": CREATED}]
    row = user_row(1, auth_user_id=AUTH["id"])
    same = _people([row], auth=auth, identities=identities, v2=([V2_USER], [], [account]))
    assert (_only(same).reason, _documents(same, "authAccounts")) == ("", [])
    foreign = {**account, "userId": "somebody"}
    other = _people([row], auth=auth, identities=identities, v2=([V2_USER], [], [foreign]))
    assert _only(other).reason == "account_of_another_user"


def test_a_firm_is_the_document_of_its_admin_and_a_dangling_one_is_inherited() -> None:
    people = _people([user_row(1, firm_id=key(2)), user_row(2, firm_id=key(9))])
    member, admin = _documents(people, "userProfiles")
    assert member.document["firmId"] == doc_id("users", 2)
    assert "firmId" not in admin.document
    assert [remark.rule for remark in admin.remarks] == ["dangling_firm"]


def test_dismissed_deadlines_keep_own_cases_only_the_first_of_each() -> None:
    items = [
        {"case_id": key(5).upper(), "deadline_type": "rfi_due", "dismissed_at": 1_700_000_000},
        {"case_id": key(5), "deadline_type": "rfi_due", "dismissed_at": 1},
        {"case_id": key(6), "deadline_type": "rfi_due"},
        "case",
    ]
    people = _people([user_row(1)], settings=[{"user_id": key(1), "dismissed_deadlines": items}])
    found = [
        each for each in people.expected({key(5): key(1), key(6): key(2)}) if each.table == "userProfiles"
    ]
    assert found[0].document["dismissedDeadlines"] == [
        {"caseId": doc_id("cases", 5), "deadlineType": "rfi_due", "dismissedAt": 1_700_000_000_000.0}
    ]
    assert len(found[0].remarks) == 2


@pytest.mark.parametrize(
    ("columns", "field", "value"),
    [
        ({"user_type": "attorney"}, "userType", "individual"),
        ({"user_type": "firm_admin"}, "userType", "firm_admin"),
        ({"notification_push": None}, "pushNotificationsEnabled", False),
        ({"urgent_deadline_days": None}, "urgentDeadlineDays", 7.0),
        (
            {"calendar_sync_rfi": None, "calendar_sync_preferences": {"sync_rfi_deadlines": False}},
            "calendarSyncRfi",
            False,
        ),
        (
            {"calendar_sync_rfi": True, "calendar_sync_preferences": {"sync_rfi_deadlines": False}},
            "calendarSyncRfi",
            True,
        ),
        ({"notification_preferences": {"rfe_alerts": False}}, "emailRfeAlerts", False),
        ({"notification_preferences": {"rfe_alerts": "false"}}, "emailRfeAlerts", True),
        ({"updated_at": None}, "updatedAt", float(CREATED)),
        ({"calendar_connected": True}, "googleCalendarConnected", False),
    ],
)
def test_a_preference_of_the_user_row(columns: dict[str, Any], field: str, value: object) -> None:
    (profile,) = _documents(_people([user_row(1, **columns)]), "userProfiles")
    assert profile.document[field] == value


@pytest.mark.parametrize(
    ("columns", "field", "value"),
    [
        ({"reminder_days_before": [14, None, 3]}, "reminderDaysBefore", [14.0, 3.0]),
        ({"reminder_days_before": []}, "reminderDaysBefore", [1.0, 3.0, 7.0, 14.0, 30.0]),
        ({"reminder_days_before": 7}, "reminderDaysBefore", [7.0]),
        ({"quiet_hours_start": "22:30:00"}, "quietHoursStart", "22:30"),
        ({"timezone": "Europe/Berlin"}, "timezone", "Europe/Berlin"),
        ({"timezone": "Mars/Olympus"}, "timezone", "America/New_York"),
        ({"preferred_notification_email": "pigeon"}, "preferredNotificationEmail", "signup"),
        ({"email_rfe_alerts": False}, "emailRfeAlerts", False),
    ],
)
def test_a_preference_of_the_settings_row(columns: dict[str, Any], field: str, value: object) -> None:
    people = _people([user_row(1)], settings=[{"user_id": key(1), **columns}])
    (profile,) = _documents(people, "userProfiles")
    assert profile.document[field] == value


def test_settings_of_nobody_and_second_ones_are_told() -> None:
    rows = [
        {"user_id": key(1), "timezone": "UTC"},
        {"user_id": key(1), "timezone": "UTC"},
        {"user_id": key(9)},
    ]
    people = _people([user_row(1)], settings=rows)
    assert people.orphans["public.user_settings"] == [key(9)]
    assert people.duplicates["public.user_settings"] == 1
