"""Identity: who each v1 user is on the target, and which users need a person's decision first.

One pass over `public.users`, `auth.users` and `auth.identities`: folds e-mail, finds the v2 user with the
same one, plans the account rows, and sets aside collisions. Everything that belongs to a user set aside
is set aside with it. Not here: the documents (`migration.transform`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from migration.ids import encode
from migration.link import Existing, Lookup
from migration.mapping.accounts import Account, google_account, password_account, readable, withheld
from migration.mapping.fields import Row, Unmappable
from migration.mapping.names import uuid_bytes
from migration.mapping.text import fold
from migration.rows import Source, key_of

USERS, AUTH, IDENTITIES = "public.users", "auth.users", "auth.identities"


@dataclass(slots=True)
class Person:
    """One v1 user. `match`: the v2 user it joins; `reason`: why it is set aside, if it is."""

    key: str
    email: str
    id: str
    auth: Row | None = None
    auth_key: str | None = None
    match: Existing | None = None
    accounts: list[Account] = field(default_factory=list)
    trouble: Unmappable | None = None  # a date of its ways in that can not be read
    reason: str | None = None
    where: str = ""

    def set_aside(self, reason: str, where: str = "") -> None:
        """The first reason stays: decision 0001 orders them."""
        if self.reason is None:
            self.reason, self.where = reason, where


@dataclass(frozen=True)
class People:
    """All v1 users by key, their auth rows, and the identities of each auth user."""

    by_key: dict[str, Person]
    auth: dict[str, Row]
    identities: dict[str, list[Row]]


def resolve(source: Source, lookup: Lookup) -> People:
    """Reads the three tables and decides who everybody is. Books auth rows and identities, but no users."""
    auth: dict[str, Row] = {key_of(row): row for row in source.rows(AUTH)}
    identities: dict[str, list[Row]] = defaultdict(list)
    for row in source.rows(IDENTITIES):
        identities[str(row.get("user_id") or "").lower()].append(row)
    people = People({}, auth, identities)
    for row in source.rows(USERS, count=False):
        person = _person(row, auth, lookup)
        people.by_key[person.key] = person
        _plan_accounts(person, row, identities, lookup.clock_ms)
    for rule in (_no_email, _collisions, _match, _other_owners, _trouble):
        rule(people.by_key.values(), lookup)
    return people


def _person(row: Row, auth: dict[str, Row], lookup: Lookup) -> Person:
    auth_key = str(row.get("auth_user_id") or "").lower() or None
    linked = auth.get(auth_key) if auth_key else None
    email = fold(row.get("email")) or fold((linked or {}).get("email"))
    key = key_of(row)
    own_id = encode(lookup.numbers["users"], uuid_bytes(key))
    return Person(key, email, own_id, auth=linked, auth_key=auth_key)


def _plan_accounts(person: Person, row: Row, identities: dict[str, list[Row]], clock_ms: float) -> None:
    """The ways in that this user should have; trouble with their dates weighs less than other reasons."""
    auth = person.auth
    if auth is None:
        return
    try:
        readable(auth)
        if withheld(auth, clock_ms):
            return
        google = (one for one in identities.get(person.auth_key or "", ()) if one.get("provider") == "google")
        planned = [google_account(one, auth, row) for one in google]
        password = password_account(auth, row)
        person.accounts = [*planned, password] if password else planned
    except Unmappable as problem:
        person.trouble = problem


def _no_email(people: Iterable[Person], _lookup: Lookup) -> None:
    for person in people:
        if not person.email:
            person.set_aside("no_email", "email")


def _collisions(people: Iterable[Person], _lookup: Lookup) -> None:
    """Two rows whose e-mail folds together: every row of the group, for no rule can say whose it is."""
    _each_shared(people, lambda person: [person.email] if person.email else [], "email_collision", "email")


def _match(people: Iterable[Person], lookup: Lookup) -> None:
    """Finds the v2 user of the same e-mail. Documents of ours from an earlier run are no v2 users."""
    for person in people:
        found = lookup.users.get(person.email, ())
        others = [one for one in found if not lookup.is_ours(one.id)]
        if len(found) > 1:
            person.set_aside("email_ambiguous_on_target", "email")
        elif others:
            person.match, person.id = others[0], others[0].id
            if others[0].document().get("deletedAt") is not None:
                person.set_aside("target_user_scheduled_for_deletion")


def _other_owners(people: Iterable[Person], lookup: Lookup) -> None:
    """An account row that the target has for another user, or that two v1 users want."""
    everyone = list(people)
    for person in everyone:
        for account in person.accounts:
            there = lookup.accounts.get((account.provider, account.account_id))
            if there is not None and there[1] != person.id:
                person.set_aside("account_of_another_user", account.provider)
    _each_shared(
        everyone,
        lambda person: [(one.provider, one.account_id) for one in person.accounts],
        "account_of_another_user",
        "",
    )


def _trouble(people: Iterable[Person], _lookup: Lookup) -> None:
    for person in people:
        if person.trouble:
            person.set_aside(person.trouble.reason, person.trouble.where)


def _each_shared(
    people: Iterable[Person], wanted: Callable[[Person], list[Any]], reason: str, where: str
) -> None:
    groups: dict[Any, list[Person]] = defaultdict(list)
    for person in people:
        for one in wanted(person):
            groups[one].append(person)
    for group in groups.values():
        if len(group) > 1:
            for person in group:
                person.set_aside(reason, where)
