"""The rows of v1 that became no document, counted while the others stream by, and the account of each table.

The oracle says which rows must be in quarantine and a person's decisions which are left out; here they are
only counted. What two processes counted of different rows can be joined.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from checks.tally import Tally
from migration.model import Kind

KEYS_KEPT = 20


@dataclass
class Refusals:
    """By table. `rejected` has a reason beside the table; of each, `keys` names the first rows.

    `orphans` hang on a row that is not there, `followers` on one that is refused, `duplicates` are second
    rows where one is read, `excluded` was left out by a person.
    """

    rejected: Counter[tuple[str, str]] = field(default_factory=Counter)
    keys: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    orphans: Counter[str] = field(default_factory=Counter)
    followers: Counter[str] = field(default_factory=Counter)
    duplicates: Counter[str] = field(default_factory=Counter)
    excluded: Counter[str] = field(default_factory=Counter)

    def reject(self, table: str, reason: str, key: str) -> None:
        """One row that must be in quarantine, for this reason."""
        self.rejected[table, reason] += 1
        if len(self.keys[table, reason]) < KEYS_KEPT:
            self.keys[table, reason].append(key)

    def join(self, other: Refusals) -> None:
        """Take over what was counted of other rows."""
        for name in ("rejected", "orphans", "followers", "duplicates", "excluded"):
            getattr(self, name).update(getattr(other, name))
        for which, keys in other.keys.items():
            self.keys[which] = [*self.keys[which], *keys][:KEYS_KEPT]

    def tally(self, table: str, rows: int | None) -> Tally:
        """The account of a table with so many rows (None: it is not there); the rest has a destination."""
        tally = Tally()
        for (of, reason), count in self.rejected.items():
            if of == table:
                for key in self.keys[of, reason]:
                    tally.find(Kind.REJECTED, key, table=table, rule=reason)
                tally.add(Kind.REJECTED, count - len(self.keys[of, reason]))
        others = {
            "orphan": self.orphans[table],
            "duplicate_row": self.duplicates[table],
            "owner_quarantined": self.followers[table],
        }
        for rule, count in others.items():
            tally.add(Kind.REJECTED, count, table=table, rule=rule)
        if rows is not None:
            tally.match(rows - tally.seen)
        if excluded := self.excluded[table]:
            tally.note("left out by a person's decision", excluded)
        return tally
