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

NOTED_USERS = 12
"""How many users' counts a result tells: those that differ first, then those with most cases."""


class Counts:
    """`counts.status.<status>`, `counts.per_user.<live|deleted>`, `counts.deleted`, `counts.list.<field>`."""

    def __init__(self) -> None:
        self._wanted: Counter[tuple[str, str]] = Counter()
        self._found: Counter[tuple[str, str]] = Counter()
        self._deleted = Tally()
        self._both: Counter[tuple[str, str]] = Counter()  # wanted, and found in an equal document
        self._open: dict[int, Expected] = {}  # wanted, and not met until now

    def watched(self, expected: Iterable[Expected]) -> Iterator[Expected]:
        """The same expectations, noted on the way. Each is itself given to `judge` when it is met."""
        for expectation in expected:
            self._open[id(expectation)] = expectation
            yield expectation

    def judge(self, expected: Expected | None, actual: Document, line: bytes) -> None:
        """Count one case of the target that is not v2's own."""
        if expected is None:
            _add(self._found, actual)
            return
        wanted = self._open.pop(id(expected), None)
        if expected.origin is Origin.FOREIGN:
            return
        if actual is expected.document:
            _add(self._both, actual)
            self._deleted.matched += 1
            return
        _add(self._found, actual)
        if wanted is not None:
            _add(self._wanted, wanted.document)
        gone, found = ("deletedAt" in document for document in (expected.document, actual))
        self._deleted.check(expected.key, gone, found, table="cases", path="deletedAt")

    def _close(self) -> None:
        """What was not met is wanted all the same."""
        for expectation in self._open.values():
            _add(self._wanted, expectation.document)
        self._open.clear()

    def join(self, other: Counts) -> None:
        """Take over what was counted of other cases."""
        for counts in (self, other):
            counts._close()
        self._wanted.update(other._wanted)
        self._found.update(other._found)
        self._both.update(other._both)
        self._deleted.join(other._deleted)

    def tallies(self) -> Iterator[tuple[str, Tally]]:
        """All of them; the unit is a case, a user or a list element."""
        self._close()
        yield "counts.deleted", self._deleted
        for name in STATUSES:
            yield f"counts.status.{name}", self._total("status", name)
        for name in LISTS:
            yield f"counts.list.{name}", self._total("list", name)
        for name in ("live", "deleted"):
            yield f"counts.per_user.{name}", self._per_user(name)

    def _total(self, kind: str, name: str) -> Tally:
        tally = Tally()
        wanted, found = self._numbers(kind, name)
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
        every = self._wanted.keys() | self._found.keys() | self._both.keys()
        users = sorted(user for kind, user in every if kind == name)
        counted = [(user, *self._numbers(name, user)) for user in users]
        for user, wanted, found in counted:
            tally.check(user, wanted, found, table="cases", path="legacyUserId")
        counted.sort(key=lambda row: (row[1] == row[2], -max(row[1:])))
        for user, wanted, found in counted[:NOTED_USERS]:
            tally.note(f"user {user} source", wanted)
            tally.note(f"user {user} target", found)
        return tally

    def _numbers(self, kind: str, name: str) -> tuple[int, int]:
        """How many of these there must be, and how many there are."""
        both = self._both[kind, name]
        return both + self._wanted[kind, name], both + self._found[kind, name]


def _add(counter: Counter[tuple[str, str]], case: Document) -> None:
    """Counts one case."""
    # the unit of live and deleted is v1's user: the owner's edge is another question (foreign_keys)
    counter["deleted" if "deletedAt" in case else "live", str(case.get("legacyUserId"))] += 1
    counter["status", str(case.get("caseStatus"))] += 1
    for name in LISTS:
        if elements := case.get(name):
            counter["list", name] += len(elements)
