"""One read-only, repeatable-read transaction on the live source, and typed streams of its rows.

All conversion is done by PostgreSQL: dates, times, UUIDs and money arrive as text, instants as whole
milliseconds (floored), everything else as JSON has it. Passwords and tokens are never selected; of a password
only whether it is set.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import psycopg
from psycopg import sql

from checks.oracle.rules import UNREADABLE
from checks.ranges import Keys, Within
from checks.source.layout import TABLES
from migration import source
from migration.config import Settings
from migration.errors import RunIncomplete

Row = dict[str, Any]
_BATCH = 500
_LONGEST = 400
_AS_TEXT = frozenset({"date", "uuid", "numeric", "time without time zone", "time with time zone", "inet"})
_INSTANTS = {"timestamp with time zone": "{0}", "timestamp without time zone": "({0} AT TIME ZONE 'UTC')"}
_IS_SET = "(coalesce({0}, '') <> '')"


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

    def rows(
        self, table: str, within: Within | None = None, only: Collection[str] | None = None
    ) -> Iterator[Row]:
        """The rows of a moved table in its order: the columns that have a destination and that exist.

        `within` leaves out the rows of other cases. With `only`, its columns come and no others, and as
        PostgreSQL itself has them in JSON. Of `encrypted_password` only `has_password` is told.
        """
        if not self.has(table):
            raise RunIncomplete(f"The source has no table {table}.", next_step="Check which database it is.")
        layout, kinds = TABLES[table], self.columns[table]
        names = dict.fromkeys(("id", *layout.read))  # every row tells its id: decisions about rows name it
        chosen = [
            _selected(name, kinds[name]) if only is None else sql.Composed([sql.Identifier("t", name)])
            for name in names
            if name in kinds and (only is None or name in only)
        ]
        order = [sql.Identifier("t", name) for name in layout.order if name in kinds]
        query = sql.SQL("SELECT row_to_json(r)::text FROM (SELECT {} FROM {} t {} ORDER BY {}) r").format(
            sql.SQL(", ").join(chosen), self._name(table), _lying(table, within), sql.SQL(", ").join(order)
        )
        self._streams += 1
        with self._connection.cursor(name=f"checks_{self._streams}") as cursor:
            cursor.execute(query)
            while batch := cursor.fetchmany(_BATCH):
                yield from [loads(text) for (text,) in batch]

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


def _selected(name: str, kind: str) -> sql.Composed:
    column, alias = sql.Identifier("t", name), sql.Identifier(name)
    if name == "encrypted_password":
        return sql.SQL(_IS_SET + " AS has_password").format(column)
    if kind in _INSTANTS:
        instant = sql.SQL(_INSTANTS[kind]).format(column)
        whole = "CASE WHEN isfinite({0}) THEN to_json(floor(extract(epoch FROM {0}) * 1000)::bigint)"
        return sql.SQL(whole + " ELSE to_json({0}::text) END AS {1}").format(instant, alias)
    if kind in _AS_TEXT:
        return sql.SQL("{0}::text AS {1}").format(column, alias)
    return sql.Composed([column])


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


def loads(text: str | bytes) -> Row:
    """A row that PostgreSQL printed as JSON. One with a number beyond Float64 is marked and not refused: a
    person may have decided about it."""
    try:
        row: Row = orjson.loads(text)
    except orjson.JSONDecodeError:
        row = {**json.loads(text, parse_int=_whole), UNREADABLE: True}
    return row


def _whole(digits: str) -> object:
    """Python refuses to read thousands of digits as a number."""
    return int(digits) if len(digits) <= _LONGEST else digits
