"""Row accounting (law 6): every source row ends in exactly one of migrated, merged, excluded or quarantined.

The book is written while the transform streams and closed at its end; a table whose sums do not add up
stops the run. Not here: which bucket a row belongs into.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from migration.errors import RunIncomplete
from migration.mapping.fields import Tally
from migration.quarantine import Quarantined


@dataclass(slots=True)
class TableAccount:
    """The rows of one source table, by what became of them."""

    rows: int = 0
    migrated: int = 0
    merged: int = 0
    excluded: Counter[str] = field(default_factory=Counter)
    quarantined: Counter[str] = field(default_factory=Counter)

    def placed(self) -> int:
        """How many rows have a bucket."""
        return self.migrated + self.merged + self.excluded.total() + self.quarantined.total()

    def as_dict(self) -> dict[str, Any]:
        """As the manifest records it."""
        return {
            "rows": self.rows,
            "migrated": self.migrated,
            "merged": self.merged,
            "excluded": dict(sorted(self.excluded.items())),
            "quarantined": dict(sorted(self.quarantined.items())),
        }


class Book:
    """The accounts of all source tables, the list of rows set aside, and the tally of what was dropped."""

    def __init__(self, tables: Iterable[str]) -> None:
        self.accounts = {table: TableAccount() for table in tables}
        self.quarantined: list[Quarantined] = []
        self.dropped: Tally = Counter()

    def quarantine(self, table: str, key: str, reason: str, where: str = "") -> None:
        """Sets a row aside."""
        self.quarantined.append(Quarantined(table, key, reason, where))
        self.accounts[table].quarantined[reason] += 1

    def exclude(self, table: str, rule: str) -> None:
        """Leaves a row out by a rule that decision 0001 names."""
        self.accounts[table].excluded[rule] += 1

    def close(self) -> None:
        """Proves that no row was lost or counted twice."""
        for table, account in self.accounts.items():
            if account.placed() != account.rows:
                raise RunIncomplete(
                    f"The accounts of {table} do not add up: {account.rows} rows, {account.placed()} placed.",
                    touched="The target was not changed.",
                    next_step="This is a defect of the transform: keep the run folder and report it.",
                )
