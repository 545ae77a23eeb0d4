"""What v2 would refuse to save at the first edit of a case.

An import is not validated; any edit in v2 validates the whole case. So a case that was legal in v1 may turn
out not to be editable (date_rules section 8). Those are counted per rule, at the run's clock: inherited when
v1's values break the rule, introduced when only the target's do. Deleted cases can not be edited at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from checks.calendar.days import Thrown
from checks.calendar.validation import ERRORS, form_of, path_of, validated
from checks.oracle.expectation import Expected, Origin
from checks.oracle.rules import Document
from checks.tally import Tally
from migration.model import Class, Kind

UNREADABLE = "unreadable"
"""Stands for the rules where v2 throws over a date that it can not read."""


class FirstEdit:
    """`statuses.refused.<rule>` over the live cases that came from v1."""

    def __init__(self, clock_ms: int) -> None:
        self._clock_ms = clock_ms
        self._refused = {rule: Tally() for rule in (*ERRORS, UNREADABLE)}
        self._editable = 0

    def judge(self, expected: Expected | None, actual: Document, line: bytes) -> None:
        """Validate one case as it is in the target."""
        if expected is None or expected.origin is Origin.FOREIGN or "deletedAt" in actual:
            return
        self._editable += 1
        same = actual is expected.document
        refused = self._refusals(actual, expected.derived if same else None)
        if not refused:
            return
        own = refused if same else self._refusals(expected.document, expected.derived)
        for rule, path in refused.items():
            self._refused[rule].find(
                Kind.REJECTED,
                expected.key,
                cls=Class.INHERITED if rule in own else Class.INTRODUCED,
                table="cases",
                path=path,
                actual=actual.get(path.partition("[")[0]),
                rule=rule,
            )

    def _refusals(self, document: Document, derived: Mapping[str, str] | None) -> dict[str, str]:
        """The rules that refuse a case, with the field that each blames; `derived` if it is known already."""
        try:
            judged = validated(form_of(document, derived), self._clock_ms)
        except Thrown:
            return {UNREADABLE: ""}
        return {rule: path_of(field) for rule, field in judged.errors}

    def tallies(self) -> Iterator[tuple[str, Tally]]:
        """All of them; a case that a rule does not refuse matches."""
        for rule, tally in self._refused.items():
            tally.match(self._editable - tally.seen)
            yield f"statuses.refused.{rule}", tally
