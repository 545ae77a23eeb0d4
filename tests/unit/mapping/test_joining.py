"""Who each v1 user is on the target: new, joined to a v2 user, or set aside."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from migration.ids import encode
from migration.mapping.names import account, profile, uuid_bytes
from tests.unit.mapping.support import (
    NUMBERS,
    Pair,
    Row,
    auth_user,
    case,
    foreign,
    google,
    user,
    user_id,
    uuid,
)


def _reasons(pair: Pair) -> dict[tuple[str, str], str]:
    return {(row.table, row.key): row.reason for row in pair.transform().quarantined}


def _account(owner: Row, provider: str, name: str, number: int = 9) -> Row:
    return foreign("authAccounts", number, userId=owner["_id"], provider=provider, providerAccountId=name)


def test_a_new_user_gets_ids_that_are_its_own_uuid_and_derived_ones(pair: Pair) -> None:
    pair.source({"auth.users": [auth_user()], "auth.identities": [google()], "public.users": [user()]})
    assert pair.transform().quarantined == []
    (made,), (made_profile,) = pair.documents("users"), pair.documents("userProfiles")
    assert made["_id"] == encode(NUMBERS["users"], uuid_bytes(uuid(1)))
    assert made_profile["_id"] == encode(NUMBERS["userProfiles"], profile(uuid(1)))
    assert made_profile["userId"] == made["_id"]
    pairs = {
        (one["provider"], one["providerAccountId"], one["userId"]) for one in pair.documents("authAccounts")
    }
    assert pairs == {
        ("google", "100000000000000000001", made["_id"]),
        ("password", "user1@example.com", made["_id"]),
    }
    assert {one["_id"] for one in pair.documents("authAccounts")} == {
        encode(NUMBERS["authAccounts"], account(provider, name)) for provider, name, _ in pairs
    }


def test_a_blank_address_falls_back_to_the_auth_row(pair: Pair) -> None:
    pair.source({"auth.users": [auth_user(email=" A@X ")], "public.users": [user(email=" ")]})
    pair.transform()
    assert pair.documents("users")[0]["email"] == "a@x"


def test_a_v2_user_with_the_same_address_keeps_its_id_and_owns_the_cases(pair: Pair) -> None:
    known = foreign("users", 1, email="USER1@Example.com ", name="Known")
    theirs = foreign(
        "userProfiles", 1, userId=known["_id"], autoDeadlineEnforcementEnabled=True, dismissedDeadlines=[]
    )
    pair.source({"public.users": [user(full_name="A", phone="1")], "public.cases": [case()]})
    pair.target({"users": [known], "userProfiles": [theirs]})
    report = pair.transform()
    assert pair.documents("users") == [{**known, "phone": "1"}]
    assert pair.documents("cases")[0]["userId"] == known["_id"]
    (joined,) = pair.documents("userProfiles")
    assert (joined["_id"], joined["legacyId"], joined["fullName"]) == (theirs["_id"], uuid(1), "A")
    assert joined["autoDeadlineEnforcementEnabled"] is False
    assert report.accounting["public.users"].merged == 1


def test_a_v2_user_without_a_profile_gets_one(pair: Pair) -> None:
    known = foreign("users", 1, email="user1@example.com")
    pair.source({"public.users": [user()]})
    pair.target({"users": [known]})
    pair.transform()
    (made,) = pair.documents("userProfiles")
    assert (made["_id"], made["userId"]) == (encode(NUMBERS["userProfiles"], profile(uuid(1))), known["_id"])


def test_of_several_profiles_the_oldest_is_joined_and_the_other_only_switched_off(pair: Pair) -> None:
    known = foreign("users", 1, email="user1@example.com")
    fields = {"userId": known["_id"], "autoDeadlineEnforcementEnabled": True}
    younger, older = foreign("userProfiles", 2, **fields), foreign("userProfiles", 1, **fields)
    pair.source({"public.users": [user()]})
    pair.target({"users": [known], "userProfiles": [younger, older]})
    pair.transform()
    by_id = {one["_id"]: one for one in pair.documents("userProfiles")}
    assert by_id[older["_id"]]["legacyId"] == uuid(1)
    assert by_id[younger["_id"]] == {**younger, "autoDeadlineEnforcementEnabled": False}


def test_other_v2_profiles_change_in_one_value_or_not_at_all(pair: Pair) -> None:
    stranger = foreign("users", 1, email="else@example.com")
    on = foreign("userProfiles", 1, userId=stranger["_id"], autoDeadlineEnforcementEnabled=True, n=1)
    off = foreign("userProfiles", 2, userId=stranger["_id"], autoDeadlineEnforcementEnabled=False)
    pair.target({"users": [stranger], "userProfiles": [on, off]})
    pair.transform()
    assert pair.lines("userProfiles") == [orjson.dumps(on).replace(b"true", b"false")]
    assert pair.lines("users") == []


def test_every_user_whose_address_folds_together_is_set_aside_with_its_rows(pair: Pair) -> None:
    pair.source(
        {
            "auth.users": [auth_user(1)],
            "auth.identities": [google(1)],
            "public.users": [user(1, email="Ann@x"), user(2, email="\u00a0ann@X"), user(3, email="bob@x")],
            "public.cases": [case(1, owner=1), case(2, owner=3)],
        }
    )
    assert _reasons(pair) == {
        ("public.users", uuid(1)): "email_collision",
        ("public.users", uuid(2)): "email_collision",
        ("auth.users", uuid(1, "a")): "owner_quarantined",
        ("auth.identities", uuid(1, "b")): "owner_quarantined",
        ("public.cases", uuid(1, "c")): "owner_quarantined",
    }
    assert [one["legacyId"] for one in pair.documents("cases")] == [uuid(2, "c")]


def test_a_user_without_any_address_is_set_aside(pair: Pair) -> None:
    pair.source({"auth.users": [auth_user(email=None)], "public.users": [user(email="")]})
    assert _reasons(pair)["public.users", uuid(1)] == "no_email"


def test_two_v2_users_with_the_wanted_address_are_ambiguous(pair: Pair) -> None:
    pair.source({"public.users": [user()]})
    pair.target({"users": [foreign("users", number, email="User1@example.com") for number in (1, 2)]})
    assert _reasons(pair) == {("public.users", uuid(1)): "email_ambiguous_on_target"}


def test_a_v2_user_beside_our_own_of_an_earlier_run_is_ambiguous(pair: Pair) -> None:
    ours = {**foreign("users", 1, email="user1@example.com"), "_id": user_id(1)}
    pair.source({"public.users": [user()]})
    pair.target({"users": [ours, foreign("users", 2, email="user1@example.com")]})
    assert _reasons(pair) == {("public.users", uuid(1)): "email_ambiguous_on_target"}


def test_a_v2_user_about_to_be_deleted_is_not_joined(pair: Pair) -> None:
    pair.source({"public.users": [user()]})
    pair.target({"users": [foreign("users", 1, email="user1@example.com", deletedAt=1.0)]})
    assert _reasons(pair) == {("public.users", uuid(1)): "target_user_scheduled_for_deletion"}


@pytest.mark.parametrize(
    ("provider", "name"), [("google", "100000000000000000001"), ("password", "user1@example.com")]
)
def test_an_account_row_of_another_v2_user_sets_the_user_aside(pair: Pair, provider: str, name: str) -> None:
    stranger = foreign("users", 1, email="else@example.com")
    pair.source({"auth.users": [auth_user()], "auth.identities": [google()], "public.users": [user()]})
    pair.target({"users": [stranger], "authAccounts": [_account(stranger, provider, name)]})
    assert _reasons(pair)["public.users", uuid(1)] == "account_of_another_user"


def test_an_account_row_that_is_already_the_user_s_is_left(pair: Pair) -> None:
    known = foreign("users", 1, email="user1@example.com")
    pair.source({"auth.users": [auth_user()], "auth.identities": [google()], "public.users": [user()]})
    pair.target({"users": [known], "authAccounts": [_account(known, "google", "100000000000000000001")]})
    report = pair.transform()
    assert [one["provider"] for one in pair.documents("authAccounts")] == ["password"]
    assert report.accounting["auth.identities"].merged == 1


def test_two_v1_users_that_want_one_account_row_are_both_set_aside(pair: Pair) -> None:
    pair.source(
        {
            "auth.users": [auth_user(1, email="Twin@x"), auth_user(2, email="twin@x")],
            "public.users": [user(1), user(2)],
        }
    )
    reasons = _reasons(pair)
    assert reasons["public.users", uuid(1)] == reasons["public.users", uuid(2)] == "account_of_another_user"


def test_an_impossible_instant_sets_the_user_aside_with_its_settings(pair: Pair) -> None:
    pair.source(
        {
            "public.users": [user(deleted_at="infinity")],
            "public.user_settings": [{"id": uuid(1, "e"), "user_id": uuid(1)}],
        }
    )
    assert _reasons(pair) == {
        ("public.users", uuid(1)): "impossible_date",
        ("public.user_settings", uuid(1, "e")): "owner_quarantined",
    }


def test_trouble_with_dates_weighs_less_than_a_collision(pair: Pair) -> None:
    pair.source(
        {
            "auth.users": [auth_user(1, created_at="infinity")],
            "public.users": [user(1, email="a@x"), user(2, email="A@x")],
        }
    )
    assert _reasons(pair)["public.users", uuid(1)] == "email_collision"


def test_a_soft_deleted_user_is_marked_on_the_profile_only(pair: Pair) -> None:
    pair.source({"public.users": [user(deleted_at="2025-07-01T00:00:00+00:00")]})
    pair.transform()
    assert "deletedAt" not in pair.documents("users")[0]
    assert pair.documents("userProfiles")[0]["deletedAt"] == 1751328000000.0


@pytest.mark.parametrize(
    ("columns", "rule"),
    [({"banned_until": "infinity"}, "banned"), ({"deleted_at": "2025-07-01T00:00:00+00:00"}, "auth_deleted")],
)
def test_a_barred_sign_in_is_carried_without_account_rows(
    pair: Pair, columns: dict[str, Any], rule: str
) -> None:
    pair.source(
        {"auth.users": [auth_user(**columns)], "auth.identities": [google()], "public.users": [user()]}
    )
    report = pair.transform()
    assert pair.documents("authAccounts") == []
    assert len(pair.documents("users")) == 1
    assert report.accounting["auth.identities"].excluded == {rule: 1}


def test_other_providers_and_sign_ins_without_a_profile_are_left_out_and_counted(pair: Pair) -> None:
    pair.source(
        {
            "auth.users": [auth_user(1), auth_user(2)],
            "auth.identities": [google(1, provider="email"), google(2)],
            "public.users": [user(1)],
        }
    )
    report = pair.transform()
    assert report.accounting["auth.users"].as_dict() == {
        **{"rows": 2, "migrated": 0, "merged": 1},
        "excluded": {"without_profile": 1},
        "quarantined": {},
    }
    assert report.accounting["auth.identities"].excluded == {"provider_not_google": 1, "without_profile": 1}


def test_the_firm_is_the_user_it_names_also_when_that_user_was_joined(pair: Pair) -> None:
    known = foreign("users", 1, email="user2@example.com")
    pair.source(
        {"public.users": [user(1, firm_id=uuid(2)), user(2, firm_id=uuid(2)), user(3, firm_id=uuid(7))]}
    )
    pair.target({"users": [known]})
    pair.transform()
    firms = {one["legacyId"]: one.get("firmId") for one in pair.documents("userProfiles")}
    assert firms == {uuid(1): known["_id"], uuid(2): known["_id"], uuid(3): None}


def test_dismissed_deadlines_name_the_user_s_own_migrated_cases(pair: Pair) -> None:
    def dismissed(number: int, kind: str = "t") -> Row:
        return {"case_id": uuid(number, "c").upper(), "deadline_type": kind, "dismissed_at": number}

    items = [dismissed(1), dismissed(1), dismissed(2), dismissed(3), dismissed(1, "u")]
    pair.source(
        {
            "public.users": [user(1), user(2)],
            "public.user_settings": [{"id": uuid(1, "e"), "user_id": uuid(1), "dismissed_deadlines": items}],
            "public.user_preferences": [
                {"id": uuid(1, "f"), "user_id": uuid(1), "dismissed_deadlines": items}
            ],
            "public.cases": [case(1, owner=1), case(2, owner=2)],
        }
    )
    report = pair.transform()
    own = encode(NUMBERS["cases"], uuid_bytes(uuid(1, "c")))
    listed = {one["legacyId"]: one["dismissedDeadlines"] for one in pair.documents("userProfiles")}
    assert listed[uuid(2)] == []
    assert listed[uuid(1)] == [
        {"caseId": own, "deadlineType": "t", "dismissedAt": 1000.0},
        {"caseId": own, "deadlineType": "u", "dismissedAt": 1000.0},
    ]
    assert report.dropped_columns["dismissed_deadline_unresolvable"] == 4
