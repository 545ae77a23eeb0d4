"""How the values of a row are asked for and read.

All conversion is done by PostgreSQL: dates, times, UUIDs and money arrive as text, instants as whole
milliseconds (floored), everything else is what JSON has for it. Each column comes by itself: PostgreSQL takes
three times as long to print a row as one JSON text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import orjson
from psycopg import sql

from checks.oracle.rules import UNREADABLE

Row = dict[str, Any]
PASSWORD = "encrypted_password"  # noqa: S105 - a column's name
_IS_SET = "(coalesce({0}, '') <> '')"
_AS_TEXT = frozenset({"date", "uuid", "numeric", "time without time zone", "time with time zone", "inet"})
_AS_IT_IS = frozenset(
    {"text", "character varying", "character", "boolean", "smallint", "integer", "bigint"}  # psycopg's own
)
_JSON = frozenset({"json", "jsonb"})
_INSTANTS = {"timestamp with time zone": "{0}", "timestamp without time zone": "({0} AT TIME ZONE 'UTC')"}
_MILLISECONDS = (
    "CASE WHEN isfinite({0}) THEN floor(extract(epoch FROM {0}) * 1000)::bigint::text ELSE {0}::text END"
)
_LONGEST = 400


class Columns:
    """Some columns of a table: what to select, and how a row is made of what comes."""

    def __init__(self, names: Iterable[str], kinds: Mapping[str, str]) -> None:
        """`kinds` gives the SQL type of each column that exists; the others are left out."""
        chosen = [name for name in names if name in kinds]
        self.selected = sql.SQL(", ").join(_expression(name, kinds[name]) for name in chosen)
        self._names = ["has_password" if name == PASSWORD else name for name in chosen]
        self._readers = [(name, read) for name in chosen if (read := _reader(kinds[name])) is not None]

    def row(self, values: Sequence[Any]) -> Row:
        """A row, of its values. One with a number beyond Float64 is marked and not refused: a person may have
        decided about it."""
        row: Row = dict(zip(self._names, values, strict=True))
        for name, read in self._readers:
            if (text := row[name]) is None:
                continue
            try:
                row[name] = read(text)
            except orjson.JSONDecodeError:
                row[name], row[UNREADABLE] = json.loads(text, parse_int=_whole), True
        return row


def loads(text: str | bytes) -> Row:
    """A whole row that PostgreSQL printed as JSON, marked as above."""
    try:
        row: Row = orjson.loads(text)
    except orjson.JSONDecodeError:
        row = {**json.loads(text, parse_int=_whole), UNREADABLE: True}
    return row


def _expression(name: str, kind: str) -> sql.Composed:
    column = sql.Identifier("t", name)
    if name == PASSWORD:
        return sql.SQL(_IS_SET).format(column)
    if kind in _INSTANTS:
        return sql.SQL(_MILLISECONDS).format(sql.SQL(_INSTANTS[kind]).format(column))
    if kind in _AS_IT_IS:
        return sql.Composed([column])
    return sql.SQL("{}::text" if kind in _AS_TEXT | _JSON else "to_json({})::text").format(column)


def _reader(kind: str) -> Callable[[str], Any] | None:
    if kind in _INSTANTS:
        return _instant
    return None if kind in _AS_IT_IS | _AS_TEXT else orjson.loads


def _instant(text: str) -> int | str:
    """Milliseconds; what is no instant (infinity) stays text."""
    return text if text.endswith("infinity") else int(text)


def _whole(digits: str) -> object:
    """Python refuses to read thousands of digits as a number."""
    return int(digits) if len(digits) <= _LONGEST else digits
