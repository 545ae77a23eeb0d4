"""The steps of a cutover, and from the ledger alone which are done or cut off, and where the domain leads.

Pure. A step that is done is never repeated. One that was begun and has no end is begun again where that is
safe: deploying twice and pointing a domain twice come to the same, looking changes nothing. An announcement
goes to people: it is never sent twice by guesswork.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from migration.model import LedgerEntry, StepOutcome


class Name(StrEnum):
    """The steps in their order, and the way back. Their values are the ledger's names."""

    DEPLOY = "cutover deploy"
    DOMAIN = "cutover domain"
    RESOLVERS = "cutover resolvers"
    SITE = "cutover site"
    SMOKE = "cutover smoke"
    ANNOUNCE = "cutover announce"
    BACK = "cutover back"


ORDER = (Name.DEPLOY, Name.DOMAIN, Name.RESOLVERS, Name.SITE, Name.SMOKE, Name.ANNOUNCE)
TITLES = {
    Name.DEPLOY: "deploy v2",
    Name.DOMAIN: "point the domain at v2",
    Name.RESOLVERS: "every resolver knows it",
    Name.SITE: "the public address shows v2, on the migrated deployment",
    Name.SMOKE: "judge the site through its public address",
    Name.ANNOUNCE: "announce that v2 is live",
    Name.BACK: "point the domain back at v1",
}
_KEPT_BY_BACK = {Name.DEPLOY.value}
_VOIDS_ALL = ("load", "rollback")
_ENDED = (StepOutcome.DONE, StepOutcome.SKIPPED)


@dataclass(frozen=True)
class Standing:
    """How far a run's cutover has come. `done`: by step. `cut_off`: begun, without an end (an
    announcement also when it failed: who knows whom it reached). `moved`: the domain
    was pointed at v2, or may have been. `live`: every step is done."""

    done: frozenset[str]
    cut_off: frozenset[str]
    moved: bool

    @property
    def live(self) -> bool:
        """Whether people are on v2, and were told."""
        return self.done >= set(ORDER)


def standing(ledger: Iterable[LedgerEntry]) -> Standing:
    """What the ledger says of the cutover. A rollback or a new load begins anew, but knows where the domain
    leads."""
    done, begun, moved = set[str](), set[str](), False
    for entry in ledger:
        if entry.outcome is StepOutcome.STARTED:
            begun.add(entry.step)
            moved = moved or entry.step == Name.DOMAIN
            continue
        if entry.outcome is not StepOutcome.FAILED or entry.step != Name.ANNOUNCE:
            begun.discard(entry.step)
        if entry.outcome in _ENDED:
            done.add(entry.step)
        if entry.outcome is StepOutcome.DONE and entry.step == Name.BACK:
            done &= _KEPT_BY_BACK
            moved = False
        elif entry.outcome is StepOutcome.DONE and entry.step in _VOIDS_ALL:
            done.clear()
    ours = {name.value for name in ORDER}
    return Standing(frozenset(done & ours), frozenset(begun & ours), moved)


def ahead(found: Standing) -> Sequence[Name]:
    """The steps that are still to be taken, in order."""
    return [name for name in ORDER if name.value not in found.done]
