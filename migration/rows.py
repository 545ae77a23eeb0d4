"""Reads the raw snapshot, row by row, with the resolutions already written in.

One line is one row as `row_to_json` printed it. A line that can not be read is set aside by its key.
Children (case_rfi, settings, ...) come joined to their parents by merging two sorted files: memory stays
flat.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

from migration.accounting import Book
from migration.errors import RunIncomplete
from migration.mapping.dropped import DROPPED
from migration.mapping.fields import Row
from migration.quarantine import OWNER_COLUMN, Resolutions

Mutable = dict[str, Any]
_ID = re.compile(rb'"id"\s*:\s*"([0-9A-Fa-f-]{36})"')


class Source:
    """The raw files of one snapshot.

    `excluded` and `unreadable` collect, by table, the keys of rows that are not handed on.
    """

    def __init__(self, raw: Path, book: Book, resolutions: Resolutions) -> None:
        self._raw, self._book, self._resolutions = raw, book, resolutions
        self.excluded: dict[str, set[str]] = defaultdict(set)
        self.unreadable: dict[str, set[str]] = defaultdict(set)

    def rows(self, table: str, *, count: bool = True) -> Iterator[Mutable]:
        """The rows of the table in the file's order. `count=False` (a second reading) books nothing."""
        account, unread = self._book.accounts[table], DROPPED.get(table, {})
        for number, line in enumerate(self._lines(table), 1):
            row = _parsed(line)
            key = key_of(row) if row else _found_key(line, number)
            decided = self._resolutions.of(table, key)
            account.rows += count
            if any(one.decision == "exclude" for one in decided):
                self.excluded[table].add(key)
                if count:
                    self._book.exclude(table, "by_resolution")
            elif row is None:
                self.unreadable[table].add(key)
                if count:
                    self._book.quarantine(table, key, "unreadable_row")
            else:
                for one in decided:
                    one.edit(row)
                if count and unread:
                    names = [name for name in unread if row.get(name) is not None]
                    self._book.dropped.update(f"{table}.{name}" for name in names)
                yield row

    def children(self, table: str) -> Children:
        """The rows of a table that belongs to another, to be taken parent by parent."""
        return Children(self, table, self._resolutions.edited(table))

    def _lines(self, table: str) -> Iterator[bytes]:
        path = self._raw / f"{table}.ndjson"
        if not path.exists():
            raise RunIncomplete(
                f"The snapshot has no file for {table} ({path.name}).",
                touched="The target was not changed.",
                next_step="Take the snapshot again: invoke export.",
            )
        with path.open("rb", buffering=1 << 20) as handle:
            yield from handle


class Children:
    """A table sorted by its parent's key, read once, in step with the parents.

    `take` must be called with ascending keys. Rows in between have no parent: `orphan` gets them.
    Rows that a resolution edited may have another parent now; they are read ahead and kept apart.
    """

    def __init__(self, source: Source, table: str, edited: set[str]) -> None:
        self.table, self._column = table, OWNER_COLUMN.get(table, "user_id")
        self._moved: dict[str, list[Mutable]] = defaultdict(list)
        if edited:
            for row in source.rows(table, count=False):
                if key_of(row) in edited:
                    self._moved[self._owner(row)].append(row)
        self._rows = (row for row in source.rows(table) if key_of(row) not in edited)
        self._next = next(self._rows, None)

    def take(self, parent: str, orphan: Callable[[Mutable], None]) -> list[Mutable]:
        """The rows of this parent."""
        self._pass(orphan, below=parent)
        found = []
        while self._next is not None and self._owner(self._next) == parent:
            found.append(self._next)
            self._next = next(self._rows, None)
        return found + self._moved.pop(parent, [])

    def rest(self, orphan: Callable[[Mutable], None]) -> None:
        """Ends the table: what no parent took is orphaned."""
        self._pass(orphan)
        for rows in self._moved.values():
            for row in rows:
                orphan(row)

    def _pass(self, orphan: Callable[[Mutable], None], below: str | None = None) -> None:
        while self._next is not None and (below is None or self._owner(self._next) < below):
            orphan(self._next)
            self._next = next(self._rows, None)

    def _owner(self, row: Mutable) -> str:
        return str(row.get(self._column) or "").lower()


def key_of(row: Row) -> str:
    """The row's key in records and resolutions: its id, or its user where a table has no id of its own."""
    return str(row.get("id") or row.get("user_id")).lower()


def _parsed(line: bytes) -> Mutable | None:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return row if isinstance(row, dict) and isinstance(row.get("id", row.get("user_id")), str) else None


def _found_key(line: bytes, number: int) -> str:
    found = _ID.search(line)
    return found[1].decode().lower() if found else f"line {number}"
