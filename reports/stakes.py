"""What would be lost by going on, and what by rolling back: two lists of plain sentences.

From the records alone. What is not known is said to be unknown, never left out: a rollback after the opening
takes users' work away, and how much is only known from a re-check.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from migration.model import REHEARSED_ROLLBACK, Class, Outcome, StepOutcome
from reports import tables
from reports.read import Evidence
from reports.reasons import silences, units
from reports.tables import mapping, number

_MAILS = "exposure"
_TABLES_TOLD = 4


@dataclass(frozen=True)
class Stakes:
    """Both ways, each as sentences."""

    going_on: list[str]
    rolling_back: list[str]


def stakes(found: Evidence) -> Stakes:
    """What a person weighs against each other."""
    return Stakes([*_going_on(found)], [*_rolling_back(found)])


def _going_on(found: Evidence) -> Iterator[str]:
    if not found.results:
        yield "Nobody knows: nothing was checked."
        return
    wrong = list(_wrong(found))
    yield from wrong
    if silent := silences(found):
        yield f"Unknown: what {units(len(silent), 'check', 'checks')} would have told but could not judge."
    if not wrong and not silent:
        yield "Nothing that was checked: no difference was introduced."
    if carried := _of(found, Class.INHERITED):
        yield f"{units(carried, 'flaw', 'flaws')} of v1 go along as they are."
    left = [count for _, count in tables.dropped(found.manifest) if count]
    if left:
        yield f"{sum(left):,} values in {len(left):,} columns of v1 stay behind on purpose (the drop list)."
    rows = sum(number(count) for one in tables.accounts(found.manifest) for count in one.excluded.values())
    if rows:
        yield f"{rows:,} rows of v1 stay behind by rule (the row accounting says which)."
    if mails := sum(one.classes.get(Class.DECLARED, 0) for one in found.results if one.suite == _MAILS):
        yield f"{units(mails, 'mail', 'mails')} would go out by themselves once v2 is open."


def _wrong(found: Evidence) -> Iterator[str]:
    """Introduced differences by table, the worst first. The findings of a check name its table."""
    by_table: Counter[str] = Counter()
    for check in found.results:
        introduced = check.classes.get(Class.INTRODUCED, 0)
        if introduced and check.outcome is Outcome.FAIL:
            first = next((one for one in check.findings if one.cls is Class.INTRODUCED), None)
            by_table[(first.table if first else "") or check.scope or check.suite] += introduced
    told = by_table.most_common(_TABLES_TOLD)
    for table, count in told:
        yield f"{table}: {units(count, 'difference', 'differences')} that the migration introduced."
    if elsewhere := by_table.total() - sum(count for _, count in told):
        yield f"{elsewhere:,} more elsewhere."


def _of(found: Evidence, cls: Class) -> int:
    return sum(check.classes.get(cls, 0) for check in found.results)


def _rolling_back(found: Evidence) -> Iterator[str]:
    done = {entry.step: entry.at for entry in found.ledger if entry.outcome is StepOutcome.DONE}
    if "rollback" in done or found.manifest.get("rolled_back"):
        yield "It was rolled back: the target is what its backup says."
        yield from _stranded(found)
        return
    if "load" not in done:
        yield "Nothing: this run has not changed the target."
        return
    yield from _backup(found)
    yield from _took(found)
    yield from _since(found, done.get("open", ""))
    yield "v1 takes writes again as soon as its fence is lifted; it still holds everything that was migrated."


def _backup(found: Evidence) -> Iterator[str]:
    written = tables.documents(found.manifest)
    before, added = sum(one.before for one in written), sum(one.added for one in written)
    taken = next((entry.at for entry in found.ledger if entry.step == "backup"), "")
    when = f" of {tables.moment(taken)}" if taken else ""
    yield (
        f"The target returns to its backup{when} with {before:,} documents, which was read back; "
        f"the {added:,} that were added go."
    )


def _took(found: Evidence) -> Iterator[str]:
    """How long the way back took when this very rehearsal tried it."""
    for entry in found.ledger:
        if entry.step == REHEARSED_ROLLBACK and entry.outcome is StepOutcome.DONE:
            yield f"It took {entry.duration_ms / 1000:.1f} s when this rehearsal tried it at its end."


def _since(found: Evidence, opened: str) -> Iterator[str]:
    """What v2's users wrote since the opening."""
    if not opened:
        yield "Nothing of v2's users: the target was never opened."
        return
    counted = [mapping(one) for one in found.recheck.get("rechecks") or []]
    if not counted:
        yield (
            f"What users wrote on v2 since it was opened at {opened[11:16]} UTC, not counted yet "
            "(a re-check counts it); a rollback keeps a copy before it takes it away."
        )
        return
    last = counted[-1]
    yield (
        f"{number(last.get('by_users')):,} documents that v2's users had written "
        f"{last.get('minutes_after_opening')} minutes after the opening, and whatever came after; "
        "a rollback keeps a copy before it takes them away."
    )


def _stranded(found: Evidence) -> Iterator[str]:
    kept = mapping(mapping(found.manifest.get("stranded")).get("documents"))
    count = sum(number(one) for kinds in kept.values() for one in mapping(kinds).values())
    if count:
        yield f"{count:,} documents that users had written on v2 were kept aside for a person to carry over."
