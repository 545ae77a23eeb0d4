"""One read-only, repeatable-read transaction on the live source, and typed streams of its rows.

Passwords and tokens are never selected; of a password only whether it is set.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from checks.ranges import Keys, Within
from checks.source.columns import Columns, Row, loads
from checks.source.layout import TABLES
from migration import source
from migration.config import Settings
from migration.errors import RunIncomplete

_BATCH = 500


class Session:
    """The source as it stood when this transaction began. Use `opened`."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._streams = 0
        self.columns = self._columns()

    def _columns(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = defaultdict(dict)
        query = (
            "SELECT c.table_schema || '.' || c.table_name, c.column_name, c.data_type "
            "FROM information_schema.columns c JOIN information_schema.tables t "
            "USING (table_schema, table_name) WHERE t.table_type = 'BASE TABLE' AND "
            "(c.table_schema = 'public' OR (c.table_schema, c.table_name) IN "
            "(('auth', 'users'), ('auth', 'identities'))) "
            "ORDER BY 1, c.ordinal_position"
        )
        for table, column, kind in self._connection.execute(query):
            found[table][column] = kind
        self.users_table = "public.users" if "public.users" in found else "public.perm_users"
        if self.users_table in found:
            found["public.users"] = found.pop(self.users_table)
        return dict(found)

    def has(self, table: str) -> bool:
        """Whether the source has this table (`public.users` under either of its names)."""
        return table in self.columns

    def rows(self, table: str, within: Within | None = None) -> Iterator[Row]:
        """The rows of a moved table in its order: the columns that have a destination and that exist.

        `within` leaves out the rows of other cases. Of `encrypted_password` only `has_password` is told.
        """
        # every row tells its id: decisions about rows name it
        columns = Columns(dict.fromkeys(("id", *TABLES[table].read)), self._kinds(table))
        for values in self._stream(table, columns.selected, _lying(table, within)):
            yield columns.row(values)

    def printed(self, table: str, names: Collection[str]) -> Iterator[Row]:
        """The rows with these columns, as far as they exist, as PostgreSQL itself prints them in JSON."""
        kinds = self._kinds(table)
        fields = [
            part for name in names if name in kinds for part in (sql.Literal(name), sql.Identifier("t", name))
        ]
        selected = sql.SQL("json_build_object({})::text").format(sql.SQL(", ").join(fields))
        for (text,) in self._stream(table, selected):
            yield loads(text)

    def _kinds(self, table: str) -> dict[str, str]:
        if not self.has(table):
            raise RunIncomplete(f"The source has no table {table}.", next_step="Check which database it is.")
        return self.columns[table]

    def _stream(
        self, table: str, selected: sql.Composable, where: sql.Composable | None = None
    ) -> Iterator[tuple[Any, ...]]:
        """Rows of a table in its order. Several streams may be open at once."""
        kinds = self._kinds(table)
        order = [sql.Identifier("t", name) for name in TABLES[table].order if name in kinds]
        query = sql.SQL("SELECT {} FROM {} t {} ORDER BY {}").format(
            selected, self._name(table), where or sql.SQL(""), sql.SQL(", ").join(order)
        )
        self._streams += 1
        with self._connection.cursor(name=f"checks_{self._streams}") as cursor:
            cursor.execute(query)
            while batch := cursor.fetchmany(_BATCH):
                yield from batch

    def owners_of(self, cases: Iterable[str]) -> dict[str, str]:
        """The user of each of these cases that exists (all as UUID text)."""
        query = "SELECT id::text, user_id::text FROM public.cases WHERE id::text = ANY(%s)"
        return dict(self._connection.execute(query, (sorted(cases),)).fetchall())

    def case_words(self, without: Iterable[str]) -> dict[str, int]:
        """How many cases have each status word, those of some users not counted."""
        query = "SELECT case_status, count(*) FROM public.cases WHERE user_id::text <> ALL(%s) GROUP BY 1"
        return dict(self._connection.execute(query, (sorted(without),)).fetchall())

    def strata(self) -> dict[str, tuple[str, str]]:
        """The user and the status word of every case."""
        query = "SELECT id::text, user_id::text, case_status FROM public.cases"
        return {key: (user, word) for key, user, word in self._connection.execute(query)}

    def count(self, table: str) -> int:
        """How many rows a table has."""
        (number,) = self._one(sql.SQL("SELECT count(*) FROM {}").format(self._name(table)))
        return int(number)

    def non_null(self, table: str) -> dict[str, int]:
        """For every column of a table, in how many rows it is not NULL."""
        names = list(self.columns[table])
        counts = sql.SQL(", ").join(sql.SQL("count({})").format(sql.Identifier(name)) for name in names)
        return dict(
            zip(names, self._one(sql.SQL("SELECT {} FROM {}").format(counts, self._name(table))), strict=True)
        )

    def _one(self, query: sql.Composed) -> tuple[Any, ...]:
        row = self._connection.execute(query).fetchone()
        if row is None:
            raise RunIncomplete("The source answered a count with nothing.")
        return tuple(row)

    def _name(self, table: str) -> sql.Identifier:
        return sql.Identifier(*(self.users_table if table == "public.users" else table).split("."))


@contextmanager
def opened(settings: Settings) -> Iterator[Session]:
    """A session on the configured source; the transaction is rolled back at the end."""
    with source.connect(settings) as connection:
        connection.autocommit = False
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        connection.execute("SET LOCAL TimeZone = 'UTC'")
        connection.execute("SET LOCAL DateStyle = 'ISO, YMD'")
        try:
            yield Session(connection)
        finally:
            connection.rollback()


def _lying(table: str, within: Within | None) -> sql.Composable:
    """The condition on the case's id. A row without one belongs to the last range."""
    if within is None:
        return sql.SQL("")
    column = sql.Identifier("t", "id" if table == "public.cases" else "case_id")
    if isinstance(within, Keys):
        return sql.SQL("WHERE {} = ANY({}::uuid[])").format(column, sql.Literal(sorted(within.keys)))
    first, end = sql.Literal(within.first), sql.Literal(within.end)
    if within.end is None:
        return sql.SQL("WHERE {0} >= {1}::uuid OR {0} IS NULL").format(column, first)
    return sql.SQL("WHERE {0} >= {1}::uuid AND {0} < {2}::uuid").format(column, first, end)
