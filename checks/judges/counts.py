"""How many: cases per user, per status, live and deleted, and entries, expected against found.

Expectations are counted as they stream out of the oracle, documents as they are met in the target, so that
one lost and one stray case of different people never make an equal sum.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from checks.oracle.expectation import Expected, Origin
from checks.oracle.rules import Document
from checks.tally import Tally
from migration.model import Kind

STATUSES = ("pwd", "recruitment", "eta9089", "i140", "closed")
LISTS = ("rfiEntries", "rfeEntries", "notes", "documents", "additionalRecruitmentMethods", "tags")
_Unit = tuple[str, str, int]

NOTED_USERS = 12
"""How many users' counts a result tells: those that differ first, then those with most cases."""


class Counts:
    """`counts.status.<status>`, `counts.per_user.<live|deleted>`, `counts.deleted`, `counts.list.<field>`."""

    def __init__(self) -> None:
        self._wanted: Counter[tuple[str, str]] = Counter()
        self._found: Counter[tuple[str, str]] = Counter()
        self._deleted = Tally()
        self._latest: tuple[Document, list[_Unit]] = ({}, [])  # what an equal document adds is known already

    def watched(self, expected: Iterable[Expected]) -> Iterator[Expected]:
        """The same expectations, counted on the way."""
        for expectation in expected:
            units = _units(expectation.document)
            _add(self._wanted, units)
            self._latest = expectation.document, units
            yield expectation

    def judge(self, expected: Expected | None, actual: Document, line: bytes) -> None:  # noqa: ARG002
        """Count one case of the target that is not v2's own."""
        if expected is not None and expected.origin is Origin.FOREIGN:
            return
        latest, units = self._latest
        _add(self._found, units if actual is latest else _units(actual))
        if expected is not None:
            wanted, found = ("deletedAt" in document for document in (expected.document, actual))
            self._deleted.check(expected.key, wanted, found, table="cases", path="deletedAt")

    def join(self, other: Counts) -> None:
        """Take over what was counted of other cases."""
        self._wanted.update(other._wanted)
        self._found.update(other._found)
        self._deleted.join(other._deleted)

    def tallies(self) -> Iterator[tuple[str, Tally]]:
        """All of them; the unit is a case, a user or a list element."""
        yield "counts.deleted", self._deleted
        for name in STATUSES:
            yield f"counts.status.{name}", self._total("status", name)
        for name in LISTS:
            yield f"counts.list.{name}", self._total("list", name)
        for name in ("live", "deleted"):
            yield f"counts.per_user.{name}", self._per_user(name)

    def _total(self, kind: str, name: str) -> Tally:
        tally = Tally()
        wanted, found = self._wanted[kind, name], self._found[kind, name]
        tally.match(min(wanted, found))
        for _ in range(abs(wanted - found)):
            tally.find(
                Kind.MISSING if wanted > found else Kind.EXTRANEOUS,
                name,
                table="cases",
                path=kind,
                expected=wanted,
                actual=found,
            )
        return tally

    def _per_user(self, name: str) -> Tally:
        tally = Tally()
        users = {user for kind, user in self._wanted.keys() | self._found.keys() if kind == name}
        counted = [(user, self._wanted[name, user], self._found[name, user]) for user in sorted(users)]
        for user, wanted, found in counted:
            tally.check(user, wanted, found, table="cases", path="legacyUserId")
        counted.sort(key=lambda row: (row[1] == row[2], -max(row[1:])))
        for user, wanted, found in counted[:NOTED_USERS]:
            tally.note(f"user {user} source", wanted)
            tally.note(f"user {user} target", found)
        return tally


def _add(counter: Counter[tuple[str, str]], units: list[_Unit]) -> None:
    for kind, name, number in units:
        counter[kind, name] += number


def _units(case: Document) -> list[_Unit]:
    """What one case adds to the counts."""
    # the unit of live and deleted is v1's user: the owner's edge is another question (foreign_keys)
    state = "deleted" if "deletedAt" in case else "live"
    units = [("status", str(case.get("caseStatus")), 1), (state, str(case.get("legacyUserId")), 1)]
    for name in LISTS:
        if elements := case.get(name):
            units.append(("list", name, len(elements)))
    return units
