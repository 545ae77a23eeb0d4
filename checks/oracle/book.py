"""The account of every row that a loaded run must have kept (decision 0001, row accounting), and what it must
have left behind inside JSON.

Buckets are named as the manifest names them: `migrated`, `merged`, and `excluded` with a rule. Of rows that
belong to others only sums are known here: whether a decision left out the row itself or its owner is not told
apart. Rows that must be set aside are `World.rows_of`'s business.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from checks.oracle.accounts import barred
from checks.oracle.people import People, Person
from checks.oracle.profiles import UNRESOLVABLE
from checks.oracle.rules import NOTHING, Row, items_of

Buckets = Counter[str]
DISMISSING = "public.user_settings"
"""The table under which dismissed deadlines are counted that no case of the user's fits."""

_LONGEST = 40
_DECIDED = ("by_resolution", "owner_excluded")
_NAMES = ("received_date", "response_due_date", "response_submitted_date")
_CAMEL = ("receivedDate", "responseDueDate", "responseSubmittedDate")
_CARRIED = {
    **dict.fromkeys(
        ("documents", "rfi_documents", "rfe_documents"),
        frozenset(["id", "name", "url", "mimeType", "mime_type", "size", "uploadedAt", "uploaded_at"]),
    ),
    **dict.fromkeys(("rfi_list", "rfe_list"), frozenset((*_NAMES, *_CAMEL, "title", "description", "notes"))),
}


def of_people(people: People) -> dict[str, Buckets]:
    """The buckets of the five tables of people."""
    carried = list(people.carried())
    joined = sum(person.matched is not None for person in carried)
    return {
        "public.users": Counter(migrated=len(carried) - joined, merged=joined),
        "public.user_settings": Counter(merged=sum(bool(one.rows.settings) for one in carried)),
        "public.user_preferences": Counter(merged=sum(bool(one.rows.preferences) for one in carried)),
        **_of_auth(people),
    }


def _of_auth(people: People) -> dict[str, Buckets]:
    named: dict[str, list[Person]] = {}
    for person in people.by_key.values():
        named.setdefault(str(person.rows.user.get("auth_user_id")), []).append(person)
    auth, identities = Buckets(), Buckets()
    for key, row in people.auth.items():
        auth.update(_auth_bucket(named.get(key, [])))
        for identity in people.identities.get(key, ()):
            identities.update(_identity_bucket(identity, row, named.get(key, []), people.clock_ms))
    return {"auth.users": auth, "auth.identities": identities}


def _auth_bucket(persons: list[Person]) -> list[str]:
    if not persons:
        return ["without_profile"]
    return [] if all(person.reason for person in persons) else ["merged"]


def _identity_bucket(identity: Row, auth: Row, persons: list[Person], clock_ms: int) -> list[str]:
    bucket = _auth_bucket(persons)
    if bucket != ["merged"]:
        return bucket
    if identity["provider"] != "google":
        return ["provider_not_google"]
    if rule := barred(auth, clock_ms):
        return [rule]
    pair = ("google", str(identity["provider_id"]))
    made = any(account.pair == pair for person in persons for account in person.accounts)
    return ["migrated" if made else "merged"]


def left_inside(case: Row) -> Iterator[str]:
    """The name of every value of a case's JSON lists that has no place in v2, as often as it occurs."""
    for column, carried in _CARRIED.items():
        if (listed := case.get(column)) in NOTHING:
            continue
        for _, item in items_of(listed):
            if isinstance(item, dict):
                yield from (f"public.cases.{column}[].{_told(key)}" for key in item.keys() - carried)


def _told(key: str) -> str:
    """A key as it may be told: as long as it looks like a name of a field, and not like anybody's text."""
    return key if key.isascii() and key.isidentifier() and len(key) <= _LONGEST else "(other)"


def differences(manifest: Mapping[str, Any], table: str, buckets: Buckets) -> Iterator[tuple[str, int, int]]:
    """Where the engine's account of a table has other numbers: the bucket, the right one, and its own."""
    account = manifest["transform"]["accounting"].get(table, {})
    told = Counter({name: account.get(name, 0) for name in ("migrated", "merged")})
    told.update({rule: rows for rule, rows in account.get("excluded", {}).items() if rule not in _DECIDED})
    for name in sorted(told.keys() | buckets.keys()):
        if told[name] != buckets[name]:
            yield name, buckets[name], told[name]


def unlisted(manifest: Mapping[str, Any], table: str, left: Counter[str]) -> Iterator[tuple[str, int, int]]:
    """Where the engine's list of what it left behind inside JSON has other numbers: the name, and both."""
    listed = manifest["transform"]["dropped_columns"]
    told = Counter({name: count for name, count in listed.items() if _is_inside(name, table)})
    for name in sorted(told.keys() | left.keys()):
        if told[name] != left[name]:
            yield name, left[name], told[name]


def _is_inside(name: str, table: str) -> bool:
    if table == DISMISSING:
        return name == UNRESOLVABLE
    return name.startswith(f"{table}.") and "[]" in name
