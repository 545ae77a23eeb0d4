"""What the source really looks like: its tables, their columns, and whether this role sees every row.

v1's schema is known from documents only, so nothing is assumed: the users table is found under either name,
optional columns may be absent, and a table that is needed but absent is refused before anything is touched.
Between connecting and the snapshot; nothing here reads a row.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import psycopg

from migration.errors import Refusal

USERS_NAMES = ("users", "perm_users")
NEEDED = (
    "auth.users",
    "auth.identities",
    "public.users",
    "public.cases",
    "public.case_rfi",
    "public.case_rfe",
    "public.user_settings",
    "public.user_preferences",
)
"""The tables that are moved, under the names that the records use (`public.users` whatever its real name)."""

_AUTH_COLUMNS = {
    "auth.users": (
        "id", "email", "encrypted_password", "email_confirmed_at", "banned_until", "deleted_at", "created_at",
    ),
    "auth.identities": ("id", "user_id", "provider", "provider_id", "created_at"),
}  # fmt: skip
_REQUIRED_COLUMNS = {
    "auth.users": ("id", "email", "encrypted_password"),
    "auth.identities": ("id", "user_id", "provider", "provider_id"),
    "public.users": ("id", "auth_user_id", "email", "created_at"),
    "public.cases": ("id", "user_id", "case_status", "created_at"),
    "public.case_rfi": ("id", "case_id"),
    "public.case_rfe": ("id", "case_id"),
    "public.user_settings": ("user_id",),
    "public.user_preferences": ("user_id",),
}
"""What rows are told by; without `created_at` every row would wait for a decision, because v2 has no document
without its time."""

SECRET = re.compile(r"token|secret|password|api_key")
"""Columns of these names are counted and never read: what they hold must not leave the source (law 13)."""

ORDER = {
    "auth.identities": ("user_id", "id"),
    "public.case_rfi": ("case_id", "created_at", "id"),
    "public.case_rfe": ("case_id", "created_at", "id"),
    "public.user_settings": ("user_id", "id"),
    "public.user_preferences": ("user_id", "id"),
}
"""The order of the raw files; `id` for the tables not named here."""


@dataclass(frozen=True)
class Column:
    """One column: its name and its type as PostgreSQL prints it."""

    name: str
    type: str


@dataclass(frozen=True)
class Table:
    """One base table. `name` is the records' name, `schema` and `relation` what it is called in the
    database."""

    name: str
    schema: str
    relation: str
    columns: tuple[Column, ...]

    def has(self, column: str) -> bool:
        """Whether the table has this column."""
        return any(known.name == column for known in self.columns)

    def carried(self) -> list[Column]:
        """The columns that the raw file holds: never a secret, and of auth.* only what is needed."""
        wanted = _AUTH_COLUMNS.get(self.name)
        return [
            column
            for column in self.columns
            if (wanted is None or column.name in wanted)
            and (not SECRET.search(column.name) or column.name == "encrypted_password")
        ]

    def order(self) -> list[str]:
        """The columns that the raw file is sorted by."""
        return [column for column in ORDER.get(self.name, ("id",)) if self.has(column)]


@dataclass(frozen=True)
class Layout:
    """The tables that are moved, and those that stay behind (counted by rule)."""

    users_table: str
    moved: tuple[Table, ...]
    left: tuple[Table, ...]

    def table(self, name: str) -> Table:
        """The moved table of this name in the records."""
        return next(table for table in self.moved if table.name == name)


def read(connection: psycopg.Connection) -> Layout:
    """The source's layout, or a `Refusal` naming what is missing or hidden from this role."""
    found = _tables(connection)
    users = _users_table(connection, found)
    named = {("public.users" if name == users else name): columns for name, columns in found.items()}
    missing = [name for name in NEEDED if name not in named]
    if missing:
        raise Refusal(
            f"The source has no table {', '.join(missing)}.",
            next_step="Check that SUPABASE_DB_URL points at PERM Tracker's v1 database.",
        )
    tables = {name: _table(name, users, columns) for name, columns in named.items()}
    moved = tuple(tables[name] for name in NEEDED)
    _has_required(moved)
    _sees_every_row(connection, moved)
    left = tuple(table for name, table in sorted(tables.items()) if name not in NEEDED)
    return Layout(users_table=users, moved=moved, left=left)


def _tables(connection: psycopg.Connection) -> dict[str, tuple[Column, ...]]:
    """Every base table of public, and the two of auth, with their columns in order."""
    rows = connection.execute(
        """
        SELECT n.nspname || '.' || c.relname, a.attname, format_type(a.atttypid, a.atttypmod)
        FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
          AND (n.nspname = 'public' OR (n.nspname, c.relname) IN (('auth', 'users'), ('auth', 'identities')))
        ORDER BY 1, a.attnum
        """
    ).fetchall()
    found: dict[str, list[Column]] = {}
    for table, column, kind in rows:
        found.setdefault(str(table), []).append(Column(str(column), str(kind)))
    return {table: tuple(columns) for table, columns in found.items()}


def _users_table(connection: psycopg.Connection, found: dict[str, tuple[Column, ...]]) -> str:
    """The base table behind `users` or `perm_users`: the only one, else the one that cases refer to."""
    candidates = [f"public.{name}" for name in USERS_NAMES if f"public.{name}" in found]
    if len(candidates) > 1:
        referred = connection.execute(
            """
            SELECT DISTINCT n.nspname || '.' || t.relname FROM pg_constraint k
            JOIN pg_class t ON t.oid = k.confrelid JOIN pg_namespace n ON n.oid = t.relnamespace
            WHERE k.contype = 'f' AND k.conrelid = to_regclass('public.cases')
            """
        ).fetchall()
        candidates = [name for name in candidates if (name,) in referred]
    if len(candidates) == 1:
        return candidates[0]
    raise Refusal(
        "The source has no table public.users or public.perm_users."
        if not candidates
        else "The source has two users tables, and its cases do not say which one is meant.",
        next_step="Check that SUPABASE_DB_URL points at PERM Tracker's v1 database.",
    )


def _table(name: str, users: str, columns: tuple[Column, ...]) -> Table:
    schema, relation = (users if name == "public.users" else name).split(".", 1)
    return Table(name=name, schema=schema, relation=relation, columns=columns)


def _has_required(tables: tuple[Table, ...]) -> None:
    missing = [
        f"{table.name}.{column}"
        for table in tables
        for column in _REQUIRED_COLUMNS[table.name]
        if not table.has(column)
    ]
    if missing:
        raise Refusal(
            f"The source has no column {', '.join(missing)}.",
            next_step="Check that SUPABASE_DB_URL points at PERM Tracker's v1 database.",
        )


def _sees_every_row(connection: psycopg.Connection, tables: tuple[Table, ...]) -> None:
    """Row-level security hides rows in silence: a role that it applies to would lose them."""
    hidden = []
    for table in tables:
        row = connection.execute(
            "SELECT has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'),"
            " row_security_active(c.oid)"
            " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = %s AND c.relname = %s",
            (table.schema, table.relation),
        ).fetchone()
        if row is None or not row[0] or row[1]:
            hidden.append(table.name)
    if hidden:
        raise Refusal(
            f"The source's role does not see every row of {', '.join(hidden)}.",
            next_step="Connect as postgres (or a role with BYPASSRLS and SELECT on these tables).",
        )
