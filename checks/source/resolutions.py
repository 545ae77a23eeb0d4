"""What persons decided about quarantined rows (`quarantine.toml`), read and applied by the checks themselves.

A decision edits a row before anything else looks at it: `exclude` drops it, `assign` gives it another owner,
`value` writes text into one column. Read-only: deciding is the engine's business.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from checks.oracle.rules import instant_of

Row = dict[str, Any]
_OWNER = {"public.case_rfi": "case_id", "public.case_rfe": "case_id"}


class Resolutions:
    """The decisions, by table and row key. `excluded` counts the rows dropped, as they stream by."""

    def __init__(self, path: Path) -> None:
        entries = tomllib.loads(path.read_text()).get("resolution", []) if path.exists() else []
        self._decided = {(entry["table"], entry["key"]): entry for entry in entries}
        self.excluded: Counter[str] = Counter()

    def excludes(self, table: str, key: str) -> bool:
        """Whether this row was left out by a decision."""
        decision = self._decided.get((table, key))
        return decision is not None and decision["as"] == "exclude"

    def assigns(self, table: str) -> bool:
        """Whether any row of this table was given another owner, so that it may stand out of order."""
        return any(of == table and entry["as"] == "assign" for (of, _), entry in self._decided.items())

    def apply(self, table: str, rows: Iterable[Row], kinds: Mapping[str, str]) -> Iterator[Row]:
        """The rows as the decisions leave them. `kinds` gives the SQL type of each column."""
        if not any(of == table for of, _ in self._decided):
            yield from rows
            return
        for row in rows:
            decision = self._decided.get((table, str(row.get("id"))))
            if decision is None:
                yield row
            elif decision["as"] == "exclude":
                self.excluded[table] += 1
            else:
                yield {**row, **_edit(table, decision, kinds)}


def _edit(table: str, decision: Mapping[str, str], kinds: Mapping[str, str]) -> Row:
    if decision["as"] == "assign":
        return {_OWNER.get(table, "user_id"): decision["value"]}
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
    return text == "true" if kind == "boolean" else text
