"""The shape of the mapping: a row of the source, a document of the target, and a table of fields between.

Every table module lists its plain fields as `Field`s; `mapped` turns a row into a document by that list.
A converter gets a value that is not NULL and returns the target's value, or None to leave the key out
(absent is not null: v2's optional fields refuse null).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

Row = Mapping[str, Any]
"""One row as `row_to_json` printed it. Optional columns may be absent: always `get`."""

Document = dict[str, Any]
"""One document as `orjson` will print it: every number a float, so that the target reads Float64."""

Tally = Counter[str]
"""What could not be carried or was changed by a declared rule, counted by name."""


_KEY = re.compile(r"[A-Za-z_]\w{0,39}", re.ASCII)


def left_inside(column: str, keys: Iterable[str]) -> Iterable[str]:
    """How keys of a case's JSON that have no place in v2 are counted. A key that is no plain word may be a
    person's, so it is not named."""
    return (f"public.cases.{column}[].{key if _KEY.fullmatch(key) else '(other)'}" for key in keys)


class Unmappable(Exception):
    """A row that a person must decide about. `reason` is one of decision 0001's quarantine reasons.

    `where` names the column or list; never the value, which may be personal.
    """

    def __init__(self, reason: str, where: str = "") -> None:
        self.reason, self.where = reason, where
        super().__init__(f"{reason} ({where})" if where else reason)


class Field(NamedTuple):
    """One target field with its source column. `default` stands for NULL; None leaves the key out."""

    target: str
    column: str
    convert: Callable[[Any], Any]
    default: str | float | bool | None = None


def mapped(row: Row, fields: Iterable[Field]) -> Document:
    """The document that these fields make of the row."""
    document: Document = {}
    get = row.get
    for target, column, convert, default in fields:
        value = get(column)
        if value is None:
            if default is not None:
                document[target] = default
            continue
        try:
            value = convert(value)
        except Unmappable as problem:
            raise Unmappable(problem.reason, column) from None
        if value is None:
            value = default
        if value is not None:
            document[target] = value
    return document


def columns(fields: Iterable[Field]) -> frozenset[str]:
    """The source columns that a list of fields reads."""
    return frozenset(field.column for field in fields)


def flag(value: Any) -> bool | None:
    """A boolean column or JSON flag; anything else counts as absent."""
    return value if isinstance(value, bool) else None


def number(value: Any) -> float:
    """An integer column as Float64 (v2 has no integers but Int64, which its schema refuses)."""
    return float(value)


def as_list(value: Any) -> list[Any]:
    """A JSON list; one object or string counts as a list of one, null as none."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def first_present(row: Row, *names: str) -> Any:
    """The first of these keys that is not null (snake case stands before camel case)."""
    for name in names:
        value = row.get(name)
        if value is not None:
            return value
    return None


def first_filled(row: Row, *names: str) -> Any:
    """As `first_present`, passing over empty text too."""
    for name in names:
        value = row.get(name)
        if value is not None and value != "":
            return value
    return None
