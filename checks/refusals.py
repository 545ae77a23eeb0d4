"""What became of v1's rows, counted as they stream by: above all of those that became no document, and the
account of each table.

The oracle says which rows must be in quarantine and a person's decisions which are left out; here they are
only counted. What two processes counted of different rows can be joined.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from checks.tally import Tally
from migration.model import Kind

KEYS_KEPT = 20
_COUNTED = ("rejected", "orphans", "followers", "duplicates", "excluded", "carried", "left")


@dataclass
class Refusals:
    """By table. `rejected` has a reason beside the table; of each, `keys` names the first rows, with the
    column that decided where one did.

    `orphans` hang on a row that is not there, `followers` on one that is refused, `duplicates` are second
    rows where one is read, `excluded` was left out by a person. `carried` are the rows that have a
    destination, `left` the values that were left behind inside those, by table and name.
    """

    rejected: Counter[tuple[str, str]] = field(default_factory=Counter)
    keys: dict[tuple[str, str], dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    orphans: Counter[str] = field(default_factory=Counter)
    followers: Counter[str] = field(default_factory=Counter)
    duplicates: Counter[str] = field(default_factory=Counter)
    excluded: Counter[str] = field(default_factory=Counter)
    carried: Counter[str] = field(default_factory=Counter)
    left: Counter[tuple[str, str]] = field(default_factory=Counter)

    def reject(self, table: str, reason: str, key: str, column: str = "") -> None:
        """One row that must be in quarantine, for this reason."""
        self.rejected[table, reason] += 1
        if len(self.keys[table, reason]) < KEYS_KEPT:
            self.keys[table, reason][key] = column

    def carry(self, table: str, rows: int, left: Iterable[str] = ()) -> None:
        """Rows with a destination, and the names of the values inside them that have none."""
        self.carried[table] += rows
        for name in left:
            self.left[table, name] += 1

    def left_in(self, table: str) -> Counter[str]:
        """How many values of each name were left behind inside this table's rows."""
        return Counter({name: count for (of, name), count in self.left.items() if of == table})

    def join(self, other: Refusals) -> None:
        """Take over what was counted of other rows."""
        for name in _COUNTED:
            getattr(self, name).update(getattr(other, name))
        for which, keys in other.keys.items():
            both = {**self.keys[which], **keys}
            self.keys[which] = dict(list(both.items())[:KEYS_KEPT])

    def tally(self, table: str, rows: int | None) -> Tally:
        """The account of a table with so many rows (None: it is not there); the rest has a destination."""
        tally = Tally()
        for (of, reason), count in self.rejected.items():
            if of == table:
                for key, column in self.keys[of, reason].items():
                    tally.find(Kind.REJECTED, key, table=table, path=column, rule=reason)
                tally.add(Kind.REJECTED, count - len(self.keys[of, reason]))
        for rule, count in self._behind(table).items():
            tally.add(Kind.REJECTED, count, table=table, rule=rule)
        if rows is not None:
            tally.match(rows - tally.seen)
        if excluded := self.excluded[table]:
            tally.note("left out by a person's decision", excluded)
        return tally

    def set_aside(self, tables: Iterable[str]) -> Counter[tuple[str, str]]:
        """How many rows must be in quarantine, by table and reason."""
        found = Counter(self.rejected)
        for table in tables:
            found.update({(table, rule): count for rule, count in self._behind(table).items()})
        return +found

    def _behind(self, table: str) -> dict[str, int]:
        """The rows that are set aside not for what they hold, but for what they belong to."""
        return {
            "orphan": self.orphans[table],
            "duplicate_row": self.duplicates[table],
            "owner_quarantined": self.followers[table],
        }
