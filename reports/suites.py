"""The checks by suite for the page, and as many of their findings as a page can hold.

Totals are those of the records, exact. What is shown of the findings is bounded twice, for each check and for
the whole page; the full list lies beside the page (`reports.listing`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from migration.model import CheckResult, Class, Finding, Outcome, Severity

SEVERITIES = list(Severity)
FIRST = 30
"""Differences in the first table of the page, over all checks."""
OF_A_CHECK = 8
ROOM_FOR_RED, ROOM_FOR_KNOWN = 400, 500
"""Findings on the whole page: of checks that did not pass, and of known differences."""


@dataclass(frozen=True)
class Shown:
    """A check with those of its findings that the page has room for, of `total`."""

    check: CheckResult
    findings: list[Finding]
    total: int


@dataclass(frozen=True)
class Suite:
    """The checks of one file, the red ones apart."""

    name: str
    red: list[Shown]
    green: list[CheckResult]
    failed: int
    unknown: int
    seen: int
    matched: int


@dataclass(frozen=True)
class Difference:
    """One finding together with the check that made it."""

    check: str
    finding: Finding


@dataclass(frozen=True)
class Known:
    """The declared or inherited differences that the checks of one suite counted."""

    cls: str
    suite: str
    count: int
    checks: list[Shown]


class _Room:
    """So many findings fit on the page; whoever comes first takes as many as one check may."""

    def __init__(self, findings: int) -> None:
        self._left = findings

    def show(self, check: CheckResult, classes: Collection[Class], total: int) -> Shown:
        """The first findings of these classes."""
        fitting = [finding for finding in check.findings if finding.cls in classes]
        taken = fitting[: min(OF_A_CHECK, self._left)]
        self._left -= len(taken)
        return Shown(check, taken, total)


def differences(results: Iterable[CheckResult]) -> list[Difference]:
    """The first of what the migration introduced, each check's first before any check's second."""
    ranked = [
        (place, weight(result), result.id, finding)
        for result in results
        for place, finding in enumerate(one for one in result.findings if one.cls is Class.INTRODUCED)
    ]
    ranked.sort(key=lambda row: row[:2])
    return [Difference(name, finding) for _, _, name, finding in ranked[:FIRST]]


def suites(results: Iterable[CheckResult], unsettled: Collection[str]) -> list[Suite]:
    """The red suites first. `unsettled`: checks that do not stand, whatever their last attempt says."""
    by_name: dict[str, list[CheckResult]] = {}
    for result in results:
        by_name.setdefault(result.suite, []).append(result)
    room = _Room(ROOM_FOR_RED)
    found = [_suite(name, checks, unsettled, room) for name, checks in sorted(by_name.items(), key=_reddest)]
    return sorted(found, key=lambda suite: (suite.failed == 0, suite.unknown == 0, suite.name))


def _reddest(named: tuple[str, list[CheckResult]]) -> tuple[bool, int, str, str]:
    return min(map(weight, named[1]))


def _suite(name: str, checks: list[CheckResult], unsettled: Collection[str], room: _Room) -> Suite:
    red = [check for check in checks if check.outcome is not Outcome.PASS or check.id in unsettled]
    green = [check for check in checks if check.outcome is Outcome.PASS and check.id not in unsettled]
    failed = sum(check.outcome is Outcome.FAIL for check in red)
    return Suite(
        name=name,
        red=[
            room.show(check, [Class.INTRODUCED], check.classes.get(Class.INTRODUCED, 0))
            for check in sorted(red, key=weight)
        ],
        green=green,
        failed=failed,
        unknown=len(red) - failed,
        seen=sum(check.seen for check in checks),
        matched=sum(check.matched for check in checks),
    )


def weight(check: CheckResult) -> tuple[bool, int, str, str]:
    """Failures before unknowns, the weightier first."""
    return check.outcome is not Outcome.FAIL, SEVERITIES.index(check.severity), check.id, check.scope


def known(results: list[CheckResult]) -> list[Known]:
    """Inherited first: those are what a person has to accept by their exact count."""
    rows, room = [], _Room(ROOM_FOR_KNOWN)
    for cls in (Class.INHERITED, Class.DECLARED):
        found = [result for result in results if result.classes.get(cls)]
        for suite in sorted({result.suite for result in found}):
            checks = [result for result in found if result.suite == suite]
            shown = [room.show(check, [cls], check.classes[cls]) for check in checks]
            rows.append(Known(cls.value, suite, sum(one.total for one in shown), shown))
    return rows
