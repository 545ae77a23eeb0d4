"""Whether the source's rows have changed since the snapshot, also where no fence can stand (law 11).

A fingerprint of each moved table is taken inside the snapshot's transaction and again before the load. It
covers what is carried, and no more: a sign-in during the window changes auth.users, but nothing that we move.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from migration.introspect import Layout, Table

Fingerprint = dict[str, dict[str, Any]]


def fingerprint(connection: psycopg.Connection, layout: Layout) -> Fingerprint:
    """Rows and an order-free digest of the carried columns of each moved table."""
    return {table.name: _of(connection, table) for table in layout.moved}


def changed(before: Fingerprint, after: Fingerprint) -> list[str]:
    """The tables that are not as they were. Which of their rows: `migration.drift_rows`."""
    return [table for table in sorted({*before, *after}) if before.get(table) != after.get(table)]


def _of(connection: psycopg.Connection, table: Table) -> dict[str, Any]:
    columns = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.carried())
    row = connection.execute(
        sql.SQL(
            "SELECT count(*), coalesce(sum(hashtextextended(ROW({})::text, 0)::numeric), 0)::text FROM {}"
        ).format(columns, sql.Identifier(table.schema, table.relation))
    ).fetchone()
    assert row is not None  # noqa: S101 - an aggregate always answers one row
    return {"rows": row[0], "digest": row[1]}
