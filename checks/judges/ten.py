"""Ten PWD cases named one by one with their dates: those at the seasons' boundaries first, then by key.

Which ten they are shows only when all cases have been seen, so what was seen apart can be joined.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from checks.judges.dates import derived_again, judge_date, judge_stored
from checks.oracle import dates
from checks.oracle.expectation import Expected, Origin
from checks.oracle.rules import Document
from checks.tally import Tally
from checks.values import ABSENT, same

NAMED_CASES = 10
BOUNDARIES = ("04-01", "04-02", "06-30", "07-01", "12-31", "01-01", "02-29")
_RANKS = {day: rank for rank, day in enumerate(BOUNDARIES)}
_Candidate = tuple[int, str, Document, Document]


def _place(candidate: _Candidate) -> tuple[int, str]:
    return candidate[:2]


class Ten:
    """`dates.ten`."""

    def __init__(self) -> None:
        self._chosen: list[_Candidate] = []

    def judge(self, expected: Expected | None, actual: Document, line: bytes) -> None:
        """Keep the case if it may be one of the ten. Cases of v2's own are none of ours."""
        base = actual.get("pwdDeterminationDate")
        if not isinstance(base, str) or (expected is not None and expected.origin is Origin.FOREIGN):
            return
        key = expected.key if expected else str(actual.get("legacyId") or actual.get("_id"))
        rank = _RANKS.get(base[5:], len(BOUNDARIES))
        if len(self._chosen) < NAMED_CASES or (rank, key) < _place(self._chosen[-1]):
            self._keep([(rank, key, expected.document if expected else {}, actual)])

    def join(self, other: Ten) -> None:
        """The ten of both."""
        self._keep(other._chosen)

    def _keep(self, more: list[_Candidate]) -> None:
        self._chosen = heapq.nsmallest(NAMED_CASES, [*self._chosen, *more], key=_place)

    def tallies(self) -> Iterator[tuple[str, Tally]]:
        """The ten named cases."""
        tally = Tally()
        for _, key, wanted, case in self._chosen:
            base, expires = case["pwdDeterminationDate"], case.get("pwdExpirationDate")
            opens, closes = case.get("filingWindowOpens", "-"), case.get("filingWindowCloses", "-")
            tally.note(f"{key}: determined {base}, expires {expires}, window {opens} to {closes}")
            again = derived_again(case)
            window = (name for name in dates.DERIVED if not same(case.get(name), again.get(name)))
            if wrong := next(window, None):
                place = (key, wrong, "worked out again")
                judge_date(tally, place, case.get(wrong, ABSENT), again.get(wrong, ABSENT))
            else:
                judge_stored(tally, "pwdExpirationDate", key, wanted, case)
        yield "dates.ten", tally
