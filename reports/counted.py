"""Counts as a picture: how many each side has, by table, status, list and user, and by how many they differ.

From the checks' results alone. A check counts the union of both sides, so a side has all but what is missing
on it. Per user only a bounded choice is recorded: those who differ first, then those with most cases.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from migration.model import CheckResult, Kind
from reports.tables import Account, number

USER = "user "
WIDTH = 240.0
"""Units of the longest bar of a group."""


@dataclass(frozen=True)
class Bar:
    """One line of a picture: both counts, and their lengths in units of `WIDTH`."""

    label: str
    source: int
    target: int
    source_width: float
    target_width: float
    check: str = ""
    outcome: str = ""

    @property
    def difference(self) -> int:
        """Target less source."""
        return self.target - self.source


@dataclass(frozen=True)
class Group:
    """Lines of one scale. `note`: what is not shown."""

    title: str
    bars: list[Bar]
    note: str = ""


@dataclass(frozen=True)
class Piece:
    """A part of a bar: where it begins and how long it is, in units of `WIDTH`."""

    name: str
    left: float
    width: float


def groups(results: Iterable[CheckResult]) -> list[Group]:
    """The pictures, each only where there is something to draw."""
    counting = [result for result in results if result.suite == "counts"]
    titles = {"documents": "Documents by table", "cases_per_status": "Cases by status"}
    titles["list_elements"] = "Entries inside cases"
    found = []
    for name, title in titles.items():
        own = [(_parameter(one), *_sides(one), one) for one in counting if _question(one) == name]
        found.append(_group(title, own))
    by_user = [one for one in counting if _question(one) == "cases_per_user"]
    found += [_users(one) for one in sorted(by_user, key=_parameter, reverse=True)]  # live before deleted
    return [group for group in found if group.bars]


def pieces(account: Account) -> list[Piece]:
    """What became of a table's rows, as parts of one bar."""
    parts = {
        "migrated": account.migrated,
        "merged": account.merged,
        "excluded": sum(map(number, account.excluded.values())),
        "quarantined": sum(map(number, account.quarantined.values())),
    }
    whole = max(account.rows or 0, sum(parts.values()), 1)
    placed, left = [], 0.0
    for name, count in parts.items():
        width = round(count / whole * WIDTH, 1)
        placed += [Piece(name, round(left, 1), width)] if count else []
        left += width
    return placed


def _question(check: CheckResult) -> str:
    return check.id.partition(".")[2].partition("[")[0]


def _parameter(check: CheckResult) -> str:
    return check.id.partition("[")[2].removesuffix("]") or check.scope or check.id


def _sides(check: CheckResult) -> tuple[int, int]:
    missing, more = check.totals.get(Kind.MISSING, 0), check.totals.get(Kind.EXTRANEOUS, 0)
    return check.seen - more, check.seen - missing


def _group(title: str, rows: list[tuple[str, int, int, CheckResult]], note: str = "") -> Group:
    longest = max((max(source, target) for _, source, target, _ in rows), default=0) or 1
    return Group(
        title,
        [
            Bar(
                label=label,
                source=source,
                target=target,
                source_width=round(source / longest * WIDTH, 1),
                target_width=round(target / longest * WIDTH, 1),
                check=check.id,
                outcome=check.outcome.value,
            )
            for label, source, target, check in rows
        ],
        note,
    )


def _users(check: CheckResult) -> Group:
    """The users that the check noted, by v1's id: no name, no address."""
    state = _parameter(check)
    sides: dict[str, dict[str, int]] = {}
    for name, count in check.notes.items():
        if name.startswith(USER):
            user, _, side = name.removeprefix(USER).rpartition(" ")
            sides.setdefault(user, {})[side] = number(count)
    rows = [(user, own.get("source", 0), own.get("target", 0), check) for user, own in sides.items()]
    rows.sort(key=lambda row: (row[1] == row[2], -max(row[1:3]), row[0]))
    rest = check.seen - len(rows)
    note = f"{rest:,} more users, {check.matched:,} of {check.seen:,} equal" if rest > 0 else ""
    return _group(f"{state.capitalize()} cases by user", rows, note)
