"""The Supabase database that rows come from: an open connection, and who the database is.

The adapter of the flow's left-hand side. Nothing here writes. What tables and columns there are is
`migration.introspect`'s business, reading them `migration.snapshot`'s.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from migration import files, patience
from migration.config import Settings
from migration.errors import Refusal

_TRANSACTION_POOLER = "6543"
_SESSION = (
    "SET TIME ZONE 'UTC'",
    "SET DateStyle = 'ISO, YMD'",
    "SET IntervalStyle = 'postgres'",
    "SET bytea_output = 'hex'",
    "SET extra_float_digits = 1",
    "SET statement_timeout = 0",  # the database's own is 2 minutes, or 8 seconds for API roles
    "SET lock_timeout = '30s'",  # rows can be read beside writers; who locks everybody out is named instead
    "SET idle_in_transaction_session_timeout = 0",
    "SET search_path = pg_catalog",  # every table is named with its schema
)
_READ_ONLY = "SET default_transaction_read_only = on"
_LINE = {"connect_timeout": 10, "keepalives_idle": 15, "keepalives_interval": 5, "keepalives_count": 3}
"""Seconds and times: a network that went silent is noticed within half a minute, not after two hours."""

_PASSING = "the database system is"  # starting up, shutting down, in recovery mode
_ATTEMPTS = 6
_REASONS = (
    ("password authentication failed", "refused the password", "Check user and password of SUPABASE_DB_URL."),
    (
        "no pg_hba.conf entry",
        "does not let this machine in",
        "Check the network restrictions of the project.",
    ),
    ("does not exist", "has no such database or role", "Check the user and the database of SUPABASE_DB_URL."),
    ("SSL", "and this machine do not agree on SSL", "Check sslmode and sslrootcert of SUPABASE_DB_URL."),
    (_PASSING, "is not open for connections", "It is starting or stopping: try again in a minute."),
    ("too many", "has no connection left", "Close other sessions, then try again."),
)


@dataclass(frozen=True)
class SourceInfo:
    """Who a database is. `identity` is a digest that is the same for the same database only."""

    identity: str
    server_version: str
    role: str
    database: str


def connect(settings: Settings, sleep: Callable[[float], None] = time.sleep) -> psycopg.Connection:
    """An autocommit session in UTC without a statement timeout, or a `Refusal` that never shows the
    address's secrets.

    The transaction pooler is refused: a snapshot needs one backend from beginning to end. A database that is
    just starting is waited for, ten seconds or so.
    """
    dsn = settings.source.dsn.get_secret_value()
    _refuse_transaction_pooler(str(conninfo_to_dict(dsn).get("port") or os.environ.get("PGPORT", "")))
    connection = _connected(settings.source.name, dsn, sleep)
    try:
        _same_backend(connection)
        for statement in (*_SESSION, *([] if settings.fences else [_READ_ONLY])):
            connection.execute(statement)
    except BaseException:
        connection.close()
        raise
    return connection


def _connected(name: str, dsn: str, sleep: Callable[[float], None]) -> psycopg.Connection:
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return psycopg.connect(
                # the database, the role or the shell may say LATIN1, which can not hold what v1 has
                make_conninfo(dsn, application_name="cutover", client_encoding="UTF8", **_LINE),
                autocommit=True,
                prepare_threshold=None,
            )
        except psycopg.OperationalError as error:
            if _PASSING not in str(error) or attempt == _ATTEMPTS:
                raise _explained(name, str(error)) from None
        sleep(patience.pause(attempt))
    raise AssertionError("the last attempt returns or raises")


def take_over(connection: psycopg.Connection, run_id: str) -> int:
    """Ends the sessions that a killed process of this run left on the server, and returns how many.

    A server, or a pooler, may notice hours later that its client is gone; until then such a session keeps the
    locks of its snapshot, and the fence waits for them. Call it when no other process works on the run.
    """
    name = f"cutover {run_id}"
    ended = connection.execute(
        "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND usename = current_user AND application_name = %s"
        " AND pid <> pg_backend_pid()",
        (name,),
    ).fetchall()
    connection.execute("SELECT set_config('application_name', %s, false)", (name,))
    return len(ended)


def describe(connection: psycopg.Connection) -> SourceInfo:
    """Who the database is: its cluster's own identifier where the role may read it, else what it can see."""
    row = connection.execute(
        "SELECT current_database(), current_user, current_setting('server_version'),"
        " (SELECT oid FROM pg_database WHERE datname = current_database())"
    ).fetchone()
    assert row is not None  # noqa: S101 - a SELECT without FROM answers one row
    database, role, version, oid = row
    identity = files.digest_of("postgres", _cluster(connection), str(database), str(oid))
    return SourceInfo(identity=identity, server_version=str(version), role=str(role), database=str(database))


def _cluster(connection: psycopg.Connection) -> str:
    try:
        row = connection.execute("SELECT system_identifier::text FROM pg_control_system()").fetchone()
    except psycopg.errors.InsufficientPrivilege:
        # Not as good, but stable for one database: oids of the tables are dealt out when they are made.
        row = connection.execute(
            "SELECT string_agg(oid::text, ',' ORDER BY oid) FROM pg_class"
            " WHERE relkind = 'r'"
            " AND relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('auth', 'public'))"
        ).fetchone()
    return "" if row is None else str(row[0])


def _refuse_transaction_pooler(port: str) -> None:
    if port == _TRANSACTION_POOLER:
        raise Refusal(
            "SUPABASE_DB_URL points at the transaction pooler (port 6543): it can not hold one snapshot.",
            next_step="Use the direct connection or the session pooler (port 5432).",
        )


def _same_backend(connection: psycopg.Connection) -> None:
    """A pooler in transaction mode on another port shows itself by changing backends."""
    seen = {connection.execute("SELECT pg_backend_pid()").fetchone() for _ in range(4)}
    if len(seen) > 1:
        raise Refusal(
            "The source's connection changes backends between statements: a pooler in transaction mode.",
            next_step="Use the direct connection or the session pooler.",
        )


def _explained(name: str, message: str) -> Refusal:
    """The driver's text may quote the address, so only what it means is told."""
    for mark, what, advice in _REASONS:
        if mark in message:
            return Refusal(f"The source {name} {what}.", next_step=advice)
    return Refusal(
        f"The source {name} can not be reached.",
        next_step="Check host and port of SUPABASE_DB_URL, that the project is not paused, and the network.",
    )
