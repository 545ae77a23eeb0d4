"""What persons decided about quarantined rows (`quarantine.toml`), read and applied by the checks themselves.

A decision edits a row before anything else looks at it: `exclude` drops it, `assign` gives it another owner,
`value` writes text into one column. Read-only: deciding is the engine's business.
"""

from __future__ import annotations

import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from checks.oracle.rules import instant_of

Row = dict[str, Any]
_OWNER = {"public.case_rfi": "case_id", "public.case_rfe": "case_id"}


class Resolutions:
    """The decisions, by table and row key. `excluded` counts the rows dropped, as they stream by."""

    def __init__(self, path: Path) -> None:
        entries = tomllib.loads(path.read_text()).get("resolution", []) if path.exists() else []
        self._decided: dict[tuple[str, str], list[Mapping[str, str]]] = defaultdict(list)
        for entry in entries:
            self._decided[entry["table"], entry["key"].lower()].append(entry)
        self.excluded: Counter[str] = Counter()

    def excludes(self, table: str, key: str) -> bool:
        """Whether this row was left out by a decision."""
        return any(entry["as"] == "exclude" for entry in self._decided.get((table, key), ()))

    def owner(self, table: str, key: str, user: str) -> str | None:
        """Whom a row of `user` belongs to as decided; None when it was left out."""
        decided = self._decided.get((table, key), ())
        column = _OWNER.get(table, "user_id")
        given = [_edit(table, entry, {}).get(column, user) for entry in decided if entry["as"] != "exclude"]
        return None if self.excludes(table, key) else next((one for one in given if one != user), user)

    def assigns(self, table: str) -> bool:
        """Whether any row of this table was given another owner, so that it may stand out of order."""
        return any(
            of == table and entry["as"] == "assign"
            for (of, _), entries in self._decided.items()
            for entry in entries
        )

    def apply(self, table: str, rows: Iterable[Row], kinds: Mapping[str, str]) -> Iterator[Row]:
        """The rows as the decisions leave them. `kinds` gives the SQL type of each column."""
        if not any(of == table for of, _ in self._decided):
            yield from rows
            return
        for row in rows:
            key = str(row.get("id"))
            if self.excludes(table, key):
                self.excluded[table] += 1
                continue
            edited = dict(row)
            for decision in self._decided.get((table, key), ()):
                edited |= _edit(table, decision, kinds)
            yield edited


def _edit(table: str, decision: Mapping[str, str], kinds: Mapping[str, str]) -> Row:
    if decision["as"] == "assign":
        return {_OWNER.get(table, "user_id"): decision["value"].lower()}
    column, _, text = decision["value"].partition("=")
    return {column: _typed(text, kinds.get(column, "text"))}


def _typed(text: str, kind: str) -> object:
    """The text as the session would have given the column's value."""
    if text == "":
        return None
    if kind.startswith("timestamp"):
        return int(instant_of(text, 0.0))
    if kind in {"integer", "bigint", "smallint"}:
        return int(text)
    if kind in {"json", "jsonb", "ARRAY"}:
        return orjson.loads(text)
    return text == "true" if kind == "boolean" else text
