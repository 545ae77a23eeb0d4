"""Which cases deadline enforcement would act on, were it on (date_rules section 6): counted, no finding."""

from __future__ import annotations

from collections.abc import Iterator

from checks.calendar.days import iso
from checks.calendar.deadlines import violation
from checks.oracle.expectation import Expected, Origin
from checks.oracle.rules import Document
from checks.tally import Tally


class Enforcement:
    """`statuses.enforcement` over the cases that came from v1; its notes tell what would become of them."""

    def __init__(self, clock_ms: int) -> None:
        self._today = iso(clock_ms)
        self._tally = Tally()

    def judge(self, expected: Expected | None, actual: Document, line: bytes) -> None:
        """Look for the first deadline that one case has missed."""
        if expected is None or expected.origin is Origin.FOREIGN:
            return
        self._tally.matched += 1
        if found := violation(actual, self._today):
            self._tally.note(f"{found['type']}, {found['suggestedAction']}")

    def tallies(self) -> Iterator[tuple[str, Tally]]:
        """The one."""
        yield "statuses.enforcement", self._tally
