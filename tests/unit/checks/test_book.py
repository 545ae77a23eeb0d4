"""The oracle's account of rows: what became of each, and what was left behind inside JSON."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from checks.oracle import book
from checks.oracle.known import Known
from checks.oracle.people import People
from tests.unit.checks.material import CREATED, NOW, NUMBERS, doc_id, key, user_row

V2_USER = {"_id": doc_id("users", 9), "_creationTime": 1.5, "email": "user1@example.com"}


def _auth(number: int, **columns: Any) -> dict[str, Any]:
    return {"id": key(number), "email": f"auth{number}@example.com", "created_at": CREATED, **columns}


def _google(number: int, auth: int, provider: str = "google") -> dict[str, Any]:
    return {"id": key(number), "user_id": key(auth), "provider": provider, "provider_id": f"1{number}"}


def _people(*users: dict[str, Any], auth: Any = (), identities: Any = (), settings: Any = ()) -> People:
    accounts = [{"_id": doc_id("authAccounts", 8), "userId": V2_USER["_id"], "provider": "google"}]
    known = Known(
        NUMBERS,
        [V2_USER],
        [],
        [{**one, "providerAccountId": "171"} for one in accounts],
        people=frozenset(user["id"] for user in users),
    )
    tables = {
        "public.users": users,
        "auth.users": auth,
        "auth.identities": identities,
        "public.user_settings": settings,
        "public.user_preferences": (),
    }
    return People(tables, known, NOW)


def test_a_user_is_migrated_or_joins_one_of_v2() -> None:
    people = _people(user_row(1), user_row(2), settings=[{"id": key(50), "user_id": key(2)}])
    found = book.of_people(people)
    assert found["public.users"] == Counter(migrated=1, merged=1)
    assert found["public.user_settings"] == Counter(merged=1)


@pytest.mark.parametrize(
    ("columns", "identity", "bucket"),
    [
        ({}, _google(70, 90), "migrated"),
        ({}, _google(71, 90), "merged"),  # v2 has this account of the same user
        ({}, _google(72, 90, "azure"), "provider_not_google"),
        ({"deleted_at": CREATED}, _google(70, 90), "auth_deleted"),
        ({"banned_until": NOW + 1}, _google(70, 90), "banned"),
        ({"banned_until": "infinity"}, _google(70, 90), "banned"),
        ({}, _google(70, 91), "without_profile"),
    ],
)
def test_an_identity_is_in_the_first_account_that_applies(
    columns: dict[str, Any], identity: dict[str, Any], bucket: str
) -> None:
    auth = [_auth(90, **columns), _auth(91)]
    people = _people(user_row(1, auth_user_id=key(90)), auth=auth, identities=[identity])
    found = book.of_people(people)
    assert found["auth.identities"] == Counter({bucket: 1})
    assert found["auth.users"] == Counter(merged=1, without_profile=1)


def test_what_is_left_behind_inside_json_is_named_as_often_as_it_occurs() -> None:
    case = {
        "documents": [{"id": 1, "type": "pwd"}, {"type": "x", "category": None}, "bare", None],
        "rfi_list": {"title": "A", "receivedDate": "2025-01-01", "assignee": "Ana", "Ana Doe": 1},
    }
    assert Counter(book.left_inside(case)) == Counter(
        {
            "public.cases.documents[].type": 2,
            "public.cases.documents[].category": 1,
            "public.cases.rfi_list[].assignee": 1,
            "public.cases.rfi_list[].(other)": 1,
        }
    )


def test_the_engines_account_is_compared_bucket_by_bucket() -> None:
    account = {"migrated": 1, "merged": 2, "excluded": {"banned": 1, "by_resolution": 7}}
    manifest = {"transform": {"accounting": {"auth.identities": account}}}
    right = Counter(migrated=2, merged=1, auth_deleted=1)
    assert list(book.differences(manifest, "auth.identities", right)) == [
        ("auth_deleted", 1, 0),
        ("banned", 0, 1),
        ("merged", 1, 2),
        ("migrated", 2, 1),
    ]
