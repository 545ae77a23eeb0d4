"""The fence on the source: no write gets through while its rows are moved, and that is proven, not assumed
(law 11).

First step of the flow, and the last one of a rollback (`lift`). After GO it stays: a stale v1 page must
not write.

The mechanism is one statement-level trigger on every table of schema public, for INSERT, UPDATE, DELETE and
TRUNCATE, enabled ALWAYS so that `session_replication_role` does not pass it. The database's read-only
default would be no fence: PostgREST starts its writing requests READ WRITE, which wins. Whether the fence
is up is told by the trigger being enabled, in the catalogue, which every transaction sees at once: a flag
in a table would be read from an old snapshot by a transaction that began before the fence and writes after
it.
Enabling takes SHARE ROW EXCLUSIVE, which waits for writers in flight; sessions of the API that keep a lock
for long are ended, and all of them once the fence is up. Lifting disables the triggers and drops nothing: no
ACCESS EXCLUSIVE lock is taken, and on Supabase a DROP TRIGGER locks two dozen tables of auth and storage. The
schema auth belongs to others and can not be fenced: `migration.drift` watches it.
A database that Supabase has put into read-only mode (its disk is nearly full) is fenced too: each transaction
here says READ WRITE for itself, and nobody's setting is changed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import psycopg
from psycopg import sql

from migration import fence_sessions, patience
from migration.errors import Refusal, RunIncomplete
from migration.fence_proof import (
    ALLOWED,
    DENIED,
    LOCK_TIMEOUT,
    READ_WRITE,
    REFUSED,
    Attempt,
    Table,
    attempts_on,
    current_role,
    probe,
    roles_of,
    settled,
    tables_of,
    unreachable_roles,
    writes_on,
)
from migration.introspect import NEEDED, USERS_NAMES

MESSAGE = (
    "Cutover: PERM Tracker is moving to its new version. Nothing can be changed here; please try again later."
)
WATCHED = tuple(name for name in NEEDED if name.startswith("auth."))

_T = TypeVar("_T")
_MOVED = {*NEEDED, *(f"public.{name}" for name in USERS_NAMES)}
_ATTEMPTS = 6
_GRACE = 2
"""Attempts that wait for the API's transactions in flight before its sessions are ended."""

_FUNCTION = f"""
    CREATE OR REPLACE FUNCTION cutover_fence.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION USING ERRCODE = '{REFUSED}', MESSAGE = '{MESSAGE}';
    END $$
"""


@dataclass(frozen=True)
class Fenced:
    """What the fence came to. `allowed`: writes that went through before; none where it stood already.

    refused: writes that are refused now. without_grant: those that were impossible before and prove nothing.
    ended: sessions of the API. left_open: tables of public that belong to somebody else (an extension) and
    hold nothing that is moved.
    """

    tables: tuple[str, ...]
    roles: tuple[str, ...]
    allowed: int
    refused: int
    without_grant: int
    ended: int
    left_open: tuple[str, ...]


def examine(connection: psycopg.Connection) -> tuple[str, ...]:
    """The tables that would be fenced; a `Refusal` if this role may not. Changes nothing (dry run)."""
    tables = tables_of(connection)
    foreign = [table.name for table in tables if not table.owned and table.name in _MOVED]
    row = connection.execute("SELECT has_database_privilege(current_database(), 'CREATE')").fetchone()
    if foreign or row is None or not row[0]:
        what = f"is not the owner of {', '.join(foreign)}" if foreign else "may not create a schema"
        raise Refusal(
            f"The source's role {what}, so it can not fence the source.",
            next_step="Connect as postgres, the owner of v1's tables.",
        )
    if others := unreachable_roles(connection):
        raise Refusal(
            f"The source's role may not become {', '.join(others)}: it can not prove that the fence holds.",
            next_step="Connect as postgres, which is a member of the API's roles.",
        )
    return tuple(table.name for table in tables if table.owned)


def up(connection: psycopg.Connection, run_id: str) -> Fenced:
    """Fences every table of public and proves it; repeating it changes nothing. Writers in flight are
    waited for.

    Raises `RunIncomplete` when a lock is not to be had or when a single write still gets through.
    """
    examine(connection)
    found, roles = tables_of(connection), roles_of(connection)
    tables = [table for table in found if table.owned]
    attempts = attempts_on(connection, tables, roles)
    untouched = "The fence was not changed."
    before = _patiently(lambda: settled(probe(connection, attempts)), untouched)
    ended = 0

    def close(attempt: int) -> None:
        nonlocal ended
        if attempt > _GRACE:
            ended += fence_sessions.end(connection)
        _close(connection, tables, run_id)

    _repeatedly(close, untouched)
    ended += fence_sessions.end(connection)
    after = _patiently(lambda: settled(probe(connection, attempts)), "The fence is up, but not yet proven.")
    _nothing_through(attempts, before, after)
    return Fenced(
        tables=tuple(table.name for table in tables),
        roles=tuple(roles),
        allowed=before.count(ALLOWED),
        refused=after.count(REFUSED),
        without_grant=before.count(DENIED),
        ended=ended,
        left_open=tuple(table.name for table in found if not table.owned),
    )


def lift(connection: psycopg.Connection, run_id: str) -> tuple[str, ...]:
    """Opens every fenced table again and proves it; the names of those that were closed."""
    closed = [table for table in tables_of(connection) if table.closed]
    if not closed:
        return ()
    _patiently(lambda: _open(connection, closed, run_id), "The fence still stands.")
    own = writes_on(closed, [current_role(connection)])
    still = {
        attempt.table
        for attempt, outcome in zip(own, probe(connection, own), strict=True)
        if outcome == REFUSED
    }
    if still:
        raise RunIncomplete(
            f"The fence is still up on {', '.join(sorted(still))}.",
            touched="The other tables can be written again.",
            next_step="Lift it again: invoke rollback.",
        )
    return tuple(table.name for table in closed)


def standing(connection: psycopg.Connection) -> tuple[str, ...]:
    """The tables that are fenced now."""
    return tuple(table.name for table in tables_of(connection) if table.closed)


def _close(connection: psycopg.Connection, tables: list[Table], run_id: str) -> None:
    with connection.transaction():
        connection.execute(READ_WRITE)
        connection.execute(LOCK_TIMEOUT)
        connection.execute("CREATE SCHEMA IF NOT EXISTS cutover_fence")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS cutover_fence.record"
            " (at timestamptz NOT NULL DEFAULT now(), act text NOT NULL, run_id text NOT NULL)"
        )
        connection.execute(_FUNCTION)
        for table in tables:
            if not table.closed:
                connection.execute(
                    sql.SQL(
                        "CREATE OR REPLACE TRIGGER cutover_fence"
                        " BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON {} FOR EACH STATEMENT"
                        " EXECUTE FUNCTION cutover_fence.refuse()"
                    ).format(table.identifier)
                )
                connection.execute(
                    sql.SQL("ALTER TABLE {} ENABLE ALWAYS TRIGGER cutover_fence").format(table.identifier)
                )
        connection.execute("INSERT INTO cutover_fence.record (act, run_id) VALUES ('up', %s)", (run_id,))


def _open(connection: psycopg.Connection, tables: list[Table], run_id: str) -> None:
    with connection.transaction():
        connection.execute(READ_WRITE)
        connection.execute(LOCK_TIMEOUT)
        for table in tables:
            connection.execute(
                sql.SQL("ALTER TABLE {} DISABLE TRIGGER cutover_fence").format(table.identifier)
            )
        connection.execute("INSERT INTO cutover_fence.record (act, run_id) VALUES ('lifted', %s)", (run_id,))


def _patiently(act: Callable[[], _T], touched: str) -> _T:
    """As `_repeatedly`, for an act that does the same each time."""
    return _repeatedly(lambda _attempt: act(), touched)


def _repeatedly(act: Callable[[int], _T], touched: str) -> _T:
    """Repeats an act that met a lock: short waits for it, so that v1's own users do not queue behind us.

    The act gets the number of the attempt, from 1. `touched` is said when none was successful.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return act(attempt)
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            if attempt < _ATTEMPTS:
                time.sleep(patience.pause(attempt))
    raise RunIncomplete(
        "A long transaction on the source holds a lock that the fence needs.",
        touched=touched,
        next_step="Find it in pg_stat_activity, let it end, then try again.",
    )


def _nothing_through(attempts: list[Attempt], before: list[str], after: list[str]) -> None:
    """Every write that the fence does not refuse must be impossible, before and now, for want of a grant."""
    through = [
        f"{attempt.verb} on {attempt.table} as {attempt.role} ({now})"
        for attempt, was, now in zip(attempts, before, after, strict=True)
        if now != REFUSED and (was, now) != (DENIED, DENIED)
    ]
    if through:
        raise RunIncomplete(
            f"The fence does not hold: {len(through)} attempted writes got past it, first {through[0]}.",
            touched="The fence stays up where it holds; nothing else was changed.",
            next_step="Take it down with invoke rollback and find out why.",
        )


__all__ = ["MESSAGE", "REFUSED", "WATCHED", "Fenced", "examine", "lift", "standing", "up"]
