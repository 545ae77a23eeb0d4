"""v1's users with their Google grants, and the event ids and employers of their cases, from the fenced
source.

An adapter over the open connection. Every user is read, also those who disconnected and those whose profile
was deleted: who can not be visited must be listed, never passed over. Tokens stay as v1 encrypted them until
`migration.calendar.tokens` opens one for a call.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from migration import introspect
from migration.calendar.titles import folded
from migration.introspect import Table

_OPTIONAL = (
    "google_email",
    "google_refresh_token",
    "google_access_token",
    "google_token_expiry",
    "calendar_connected",
)


@dataclass(frozen=True)
class Person:
    """One v1 user. `refresh_token`, `access_token`: as stored, encrypted; `expiry`: of the access token."""

    id: str
    email: str = field(repr=False)
    connected: bool
    refresh_token: str | None = field(repr=False, default=None)
    access_token: str | None = field(repr=False, default=None)
    expiry: datetime | None = None
    event_ids: tuple[str, ...] = ()
    employers: frozenset[str] = field(repr=False, default=frozenset())


def read(connection: psycopg.Connection) -> list[Person]:
    """Every v1 user, by id, from one snapshot. psycopg.Error when the source fails."""
    layout = introspect.read(connection)
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        events, employers = _of_cases(connection, layout.table("public.cases"))
        rows = _users(connection, layout.table("public.users"))
    return [
        Person(
            id=str(row["id"]),
            email=str(row["email"]),
            connected=bool(row["calendar_connected"]),
            refresh_token=row["google_refresh_token"] or None,
            access_token=row["google_access_token"] or None,
            expiry=row["google_token_expiry"],
            event_ids=tuple(sorted(events.get(str(row["id"]), ()))),
            employers=frozenset(employers.get(str(row["id"]), ())),
        )
        for row in rows
    ]


def ids_in(value: Any) -> Iterator[str]:
    """Every event id in a case's `calendar_event_ids`: an object by deadline, a list, or lists in an
    object."""
    if isinstance(value, str):
        if value.strip():
            yield value.strip()
    elif isinstance(value, dict):
        for inner in value.values():
            yield from ids_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from ids_in(inner)


def all_ids(people: Iterable[Person]) -> frozenset[str]:
    """Every event id that v1 stores, of anybody."""
    return frozenset(one for person in people for one in person.event_ids)


def _users(connection: psycopg.Connection, table: Table) -> list[dict[str, Any]]:
    columns = ["id", "email", *(name for name in _OPTIONAL if table.has(name))]
    found = connection.execute(_select(columns, table, order="id")).fetchall()
    absent = dict.fromkeys(_OPTIONAL)
    return [{**absent, **dict(zip(columns, row, strict=True))} for row in found]


def _of_cases(
    connection: psycopg.Connection, table: Table
) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Event ids and employers by user, of every case, deleted ones too."""
    optional = [name for name in ("employer_name", "calendar_event_ids") if table.has(name)]
    events: dict[str, set[str]] = {}
    employers: dict[str, set[str]] = {}
    for row in connection.execute(_select(["user_id", *optional], table, order="user_id")):
        case = dict(zip(("user_id", *optional), row, strict=True))
        owner = str(case["user_id"])
        events.setdefault(owner, set()).update(ids_in(case.get("calendar_event_ids")))
        if name := folded(case.get("employer_name") or ""):
            employers.setdefault(owner, set()).add(name)
    return events, employers


def _select(columns: list[str], table: Table, *, order: str) -> sql.Composed:
    return sql.SQL("SELECT {} FROM {} ORDER BY {}").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.Identifier(table.schema, table.relation),
        sql.Identifier(order),
    )
