"""The source's rows as they were at one moment: one repeatable-read transaction, streamed to the run's
data folder.

After the backup of the target, before link. Everything that is said about the source later (rows, columns,
counts of values that are dropped, the run's frozen clock) is taken in this one transaction, so that it
agrees.

Each row is one line of JSON as `row_to_json` prints it, with money as text. COPY runs in binary format:
the text format would double every backslash of the JSON. Secrets are counted and never selected
(`introspect.SECRET`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from migration import drift, files
from migration.errors import RunIncomplete
from migration.introspect import Column, Layout, Table

Advance = Callable[[int, int | None], None]
_EVERY = 500


@dataclass(frozen=True)
class Snapshot:
    """What was read. `clock` is the transaction's beginning: the run's frozen clock.

    tables: rows and digest of each raw file. columns and non_null: of every table, moved or left.
    left: rows of the tables that stay behind. fingerprint: what drift is told by.
    """

    clock: datetime
    tables: dict[str, dict[str, Any]]
    columns: dict[str, list[str]]
    non_null: dict[str, dict[str, int]]
    left: dict[str, int]
    fingerprint: drift.Fingerprint

    def digest(self) -> str:
        """One digest of all raw files."""
        return files.digest_of(*(f"{name} {table['digest']}" for name, table in sorted(self.tables.items())))


@dataclass(frozen=True)
class Least:
    """The fewest rows that prove something, the canary's not counted (an empty source is UNKNOWN, law 1)."""

    users: int
    cases: int
    canary_email: str | None


def raw_file(folder: Path, table: str) -> Path:
    """The file of a moved table's rows under the data folder's `raw`."""
    return folder / f"{table}.ndjson"


def take(
    connection: psycopg.Connection, layout: Layout, folder: Path, least: Least, advance: Advance
) -> Snapshot:
    """Streams every moved table to `folder`; `RunIncomplete` if the source is empty or a count does not
    agree."""
    files.private_folder(folder)
    with _one_moment(connection):
        clock = _scalar(connection, sql.SQL("SELECT now()"))
        not_empty(connection, layout, least)
        columns, non_null, rows = {}, {}, {}
        for table in (*layout.moved, *layout.left):
            columns[table.name] = [column.name for column in table.columns]
            rows[table.name], non_null[table.name] = _counted(connection, table)
        total = sum(rows[table.name] for table in layout.moved)
        tables: dict[str, dict[str, Any]] = {}
        for table in layout.moved:
            done = sum(written["rows"] for written in tables.values())
            tables[table.name] = _copy(
                connection, table, raw_file(folder, table.name), _from(done, total, advance)
            )
            _agrees(table, rows[table.name], tables[table.name]["rows"])
        return Snapshot(
            clock=clock,
            tables=tables,
            columns=columns,
            non_null=non_null,
            left={table.name: rows[table.name] for table in layout.left},
            fingerprint=drift.fingerprint(connection, layout),
        )


def not_empty(connection: psycopg.Connection, layout: Layout, least: Least) -> None:
    """`RunIncomplete` when the source has fewer rows than prove anything."""
    users, cases = _name(layout.table("public.users")), _name(layout.table("public.cases"))
    canary = sql.Literal((least.canary_email or "").strip().lower())
    found_users = _scalar(
        connection, sql.SQL("SELECT count(*) FROM {} WHERE lower(btrim(email)) <> {}").format(users, canary)
    )
    found_cases = _scalar(
        connection,
        sql.SQL(
            "SELECT count(*) FROM {} c WHERE NOT EXISTS"
            " (SELECT FROM {} u WHERE u.id = c.user_id AND lower(btrim(u.email)) = {})"
        ).format(cases, users, canary),
    )
    if found_users < least.users or found_cases < least.cases:
        raise RunIncomplete(
            f"The source is (nearly) empty: {found_users} users, {found_cases} cases beside the canary's; "
            f"{least.users} and {least.cases} are the least that prove anything.",
            touched="Nothing was loaded.",
            next_step="Point SUPABASE_DB_URL at the database with v1's rows.",
        )


class _one_moment:  # noqa: N801 - used as a context, like a function
    """A read-only transaction with one snapshot. Nothing can be written in it by mistake."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """What went wrong inside is told, not that a broken connection can not be rolled back either."""
        if not self._connection.closed:
            with suppress(psycopg.Error) if kind else nullcontext():
                self._connection.execute("ROLLBACK")


def _from(done: int, total: int, advance: Advance) -> Callable[[int], None]:
    """Tells the whole snapshot's progress from one table's rows."""
    return lambda rows: advance(done + rows, total)


def _copy(
    connection: psycopg.Connection, table: Table, path: Path, advance: Callable[[int], None]
) -> dict[str, Any]:
    """Writes one table's file, whole or not at all; its rows and its SHA-256."""
    digest, rows = hashlib.sha256(), 0
    partial = path.with_name(f"{path.name}.partial")
    with partial.open("wb", buffering=1 << 20) as out:
        partial.chmod(0o600)
        for line in lines_of(connection, table):
            out.write(line)
            digest.update(line)
            rows += 1
            if rows % _EVERY == 0:
                advance(rows)
    advance(rows)
    partial.replace(path)
    return {"rows": rows, "digest": digest.hexdigest()}


def lines_of(connection: psycopg.Connection, table: Table) -> Iterator[bytes]:
    """Each row as the line that the raw file holds of it, in the file's order."""
    with connection.cursor() as cursor, cursor.copy(_selection(table)) as copy:
        for (text,) in copy.rows():
            yield _one_line(text) + b"\n"


def _selection(table: Table) -> sql.Composed:
    wanted = sql.SQL(", ").join(_expression(column) for column in table.carried())
    order = sql.SQL(", ").join(sql.Identifier(column) for column in table.order())
    return sql.SQL(
        "COPY (SELECT row_to_json(r)::text FROM (SELECT {} FROM {} ORDER BY {}) r) TO STDOUT (FORMAT BINARY)"
    ).format(wanted, _name(table), order)


def _expression(column: Column) -> sql.Composed:
    name = sql.Identifier(column.name)
    if column.name == "encrypted_password":
        return sql.SQL("({} IS NOT NULL AND {} <> '') AS has_password").format(name, name)
    if column.type.startswith(("numeric", "money")):
        return sql.SQL("{}::text AS {}").format(name, name)
    return sql.SQL("{}").format(name)


def _one_line(text: bytes) -> bytes:
    """A `json` column keeps the line breaks of its layout; inside JSON strings they are always escaped."""
    return text.replace(b"\n", b" ").replace(b"\r", b" ") if b"\n" in text or b"\r" in text else text


def _counted(connection: psycopg.Connection, table: Table) -> tuple[int, dict[str, int]]:
    """Rows, and for each column how many hold a value."""
    names = [column.name for column in table.columns]
    counts = sql.SQL(", ").join(sql.SQL("count({})").format(sql.Identifier(name)) for name in names)
    row = connection.execute(sql.SQL("SELECT count(*), {} FROM {}").format(counts, _name(table))).fetchone()
    assert row is not None  # noqa: S101 - an aggregate always answers one row
    return int(row[0]), dict(zip(names, (int(value) for value in row[1:]), strict=True))


def _agrees(table: Table, counted: int, written: int) -> None:
    if counted != written:
        raise RunIncomplete(
            f"{table.name} has {counted} rows, but {written} were read.",
            touched="Nothing was loaded.",
            next_step="Begin a new run; if it happens again, look at the connection to the source.",
        )


def _name(table: Table) -> sql.Identifier:
    return sql.Identifier(table.schema, table.relation)


def _scalar(connection: psycopg.Connection, query: sql.SQL | sql.Composed) -> Any:
    row = connection.execute(query).fetchone()
    assert row is not None  # noqa: S101 - these queries always answer one row
    return row[0]
