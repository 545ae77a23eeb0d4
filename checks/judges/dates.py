"""Every derived and stored date of every case, worked out again from what the target itself holds.

Independent of the field comparison: the inputs are the target's own, so a date that agrees with v1 and not
with its rule shows as inherited, and one that agrees with neither as introduced.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from checks.oracle import dates
from checks.oracle.expectation import Expected, Origin
from checks.oracle.rules import Document
from checks.tally import Tally, kind_of
from checks.values import ABSENT, same
from migration.model import Class, Kind

STORED = {
    "pwdExpirationDate": ("pwdDeterminationDate", dates.pwd_expiration, "20 CFR 656.40(c)"),
    "eta9089ExpirationDate": ("eta9089CertificationDate", dates.eta_expiration, "certification + 180 days"),
}
_RFI_DUE = "received + 30 days"


class Dates:
    """`dates.<field>` for stored and derived dates, `dates.rfi_due`, `dates.window`."""

    def __init__(self) -> None:
        names = (*STORED, *dates.DERIVED, "rfi_due", "window")
        self._tallies = {name: Tally() for name in names}
        self._judged = 0

    def judge(self, expected: Expected | None, actual: Document, line: bytes) -> None:
        """Work out one case's dates. Cases of v2's own are none of ours."""
        if expected is not None and expected.origin is Origin.FOREIGN:
            return
        key = expected.key if expected else str(actual.get("legacyId") or actual.get("_id"))
        self._judged += 1
        wanted: Document = expected.document if expected else {}
        for field in STORED:
            judge_stored(self._tallies[field], field, key, wanted, actual)
        # of an equal document they are the very dates that were just worked out of it
        again = expected.derived if expected and actual is wanted else None
        self._window(key, self._derived(key, actual) if again is None else again, actual)
        for index, entry in enumerate(actual.get("rfiEntries") or ()):
            self._rfi(f"{key}/rfiEntries[{index}]", wanted, index, entry)

    def _derived(self, key: str, actual: Document) -> Mapping[str, str]:
        """Compares what a document has with what v2 derives from it, and answers with that."""
        again = derived_again(actual)
        for field in dates.DERIVED:
            self._tallies[field].check(
                key, again.get(field, ABSENT), actual.get(field, ABSENT), table="cases", path=field
            )
        return again

    def _rfi(self, key: str, wanted: Document, index: int, entry: Any) -> None:
        received, due = entry.get("receivedDate"), entry.get("responseDueDate")
        try:
            right = dates.rfi_due(received) if dates.is_real(received) else ""
        except OverflowError:
            tally, path = self._tallies["rfi_due"], "rfiEntries[].receivedDate"
            tally.find(Kind.UNVERIFIABLE, key, table="cases", path=path, actual=received, rule=_RFI_DUE)
            return
        listed = wanted.get("rfiEntries") or ()
        carried = index < len(listed) and listed[index]["responseDueDate"] == due
        named = (key, "rfiEntries[].responseDueDate", _RFI_DUE)
        judge_date(self._tallies["rfi_due"], named, due, right, inherited=carried)

    def _window(self, key: str, again: Mapping[str, str], actual: Document) -> None:
        opens, closes = actual.get("filingWindowOpens"), actual.get("filingWindowCloses")
        tally = self._tallies["window"]
        if not opens or not closes:
            tally.note("cases without a whole window")
        elif opens <= closes:
            tally.matched += 1
        else:
            own = (opens, closes) == (again.get("filingWindowOpens"), again.get("filingWindowCloses"))
            tally.find(
                Kind.REJECTED,
                key,
                cls=Class.INHERITED if own else Class.INTRODUCED,
                table="cases",
                path="filingWindowOpens",
                expected=closes,
                actual=opens,
                rule="the window opens before it closes",
            )

    def tallies(self) -> Iterator[tuple[str, Tally]]:
        """All of them. Of each derived date every case that was judged is a unit."""
        for field in dates.DERIVED:
            self._tallies[field].match(self._judged - self._tallies[field].seen)
        for name, tally in self._tallies.items():
            yield f"dates.{name}", tally


def derived_again(case: Document) -> dict[str, str]:
    """What v2 derives from a document of the target. None where it would lie beyond year 9999: no document of
    v1's has such dates (the oracle refuses the row), so what is stored there is wrong in any case."""
    try:
        return dates.derived(case)
    except OverflowError:
        return {}


def judge_stored(tally: Tally, field: str, key: str, wanted: Document, actual: Document) -> None:
    """One stored date: as its rule gives it from the target's own base, or v1's own (inherited)."""
    base, rule, words = STORED[field]
    value = actual.get(field, ABSENT)
    right: object
    if base not in actual and actual is wanted:
        tally.matched += 1
        return
    if base not in actual:
        carried = same(value, wanted.get(field, ABSENT))
        right = value if carried else wanted.get(field, ABSENT)
        judge_date(tally, (key, field, words), value, right)
        return
    try:
        right = rule(actual[base])
    except (ValueError, OverflowError, TypeError):
        tally.find(Kind.UNVERIFIABLE, key, table="cases", path=base, actual=actual[base], rule=words)
        return
    inherited = value == wanted.get(field, ABSENT)
    judge_date(tally, (key, field, words), value, right, inherited=inherited)


def judge_date(
    tally: Tally, place: tuple[str, str, str], value: object, right: object, *, inherited: bool = False
) -> None:
    """One date; `place` is the key, the path and the rule to be named."""
    key, path, rule = place
    if same(value, right):
        tally.matched += 1
        return
    cls = Class.INHERITED if inherited else Class.INTRODUCED
    tally.find(
        kind_of(right, value), key, cls=cls, table="cases", path=path, expected=right, actual=value, rule=rule
    )
