"""Why the run came to its verdict and decision, in plain words, the strongest first.

From the records alone; nothing is judged here. What failed comes before what could not be judged, and both
before the gates that keep a PASS from being a GO. The reasons as recorded stay on the page too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from migration.model import JUDGED, CheckResult, Class, Finding, Kind, Outcome, Severity, Verdict
from reports.read import Evidence
from reports.said import said
from reports.suites import weight
from reports.tables import mapping, number

PHASES = {
    "data": "Data, target still paused",
    "app": "Through the app's functions",
    "smoke": "In a browser",
    "after": "What smoke left behind",
}
KINDS = {
    Kind.MISSING: "missing on the target",
    Kind.EXTRANEOUS: "on the target and not in v1",
    Kind.MISMATCHED: "with another value",
    Kind.REJECTED: "refused by a rule",
    Kind.UNVERIFIABLE: "that could not be judged",
}
OF_THE_RUN = {
    "pair": "It is a rehearsal on made-up data: it can open no production.",
    "approved": "Nobody has approved it: {}.",
    "features": "The ledger of features shuts the gate: {}.",
    "fresh": "What was judged may have changed since: {}.",
    "record": "The record does not hold: {}.",
    "revision": "It was judged by other code than the one in use: {}.",
    "mapping": "Decisions about rows have changed since: {}.",
    "deployment": "It judged another deployment: {}.",
}
_ORDER = ("record", "deployment", "revision", "mapping", "fresh", "features", "", "pair", "approved")
"""The gates, the weightiest first; '' stands for what has to be accepted by count."""


@dataclass(frozen=True)
class Reason:
    """One sentence, and the check on this page that it rests on, if it is one."""

    text: str
    check: str = ""


def reasons(found: Evidence) -> list[Reason]:
    """All of them; the page begins with three."""
    rows = [*_stopped(found), *_failed(found), *_unjudged(found)]
    verdict = str(found.verdict.get("verdict", Verdict.UNKNOWN))
    rows += [*_shut(found), *_proven(found)] if verdict == Verdict.PASS else _so_far(found)
    return list({row.text: row for row in reversed(rows)}.values())[::-1]


def _stopped(found: Evidence) -> Iterator[Reason]:
    if stopped := found.manifest.get("stopped"):
        yield Reason(f"The run stopped: {stopped}")
    if waiting := number(mapping(found.manifest.get("transform")).get("quarantined")):
        yield Reason(f"{units(waiting, 'row waits', 'rows wait')} in quarantine for a person's decision.")


def _failed(found: Evidence) -> Iterator[Reason]:
    red = [one for one in found.results if one.outcome is Outcome.FAIL]
    for check in sorted(
        red, key=lambda one: (weight(one)[:2], -one.classes.get(Class.INTRODUCED, 0), one.id)
    ):
        told = ", ".join(f"{count:,} {KINDS[kind]}" for kind, count in check.totals.items() if count)
        small = ", of minor weight" if check.severity is Severity.MINOR else ""
        text = f"Failed{small}: {_named(check)}. {(told or check.error or 'no count').capitalize()}."
        yield Reason(text + _first(check), check.id)


def _first(check: CheckResult) -> str:
    finding = next((one for one in check.findings if one.cls is Class.INTRODUCED), None)
    if finding is None:
        return ""
    where = " ".join(part for part in (finding.table, finding.key, finding.field) if part)
    sides = (_value(finding, side) for side in (finding.expected, finding.actual))
    return f" First: {where}, expected {', found '.join(sides)}."


def _value(finding: Finding, value: str | None) -> str:
    if value is None:
        return "nothing" if finding.kind in {Kind.MISSING, Kind.EXTRANEOUS} else "absent"
    return value or "an empty text"


def _unjudged(found: Evidence) -> Iterator[Reason]:
    loaded = any(entry.step == "load" and entry.outcome == "done" for entry in found.ledger)
    if found.ledger and not loaded:
        yield Reason("Nothing of this run was loaded on the target.")
    if silent := silences(found):
        yield _silent(found, silent)
    for phase in JUDGED:
        if not found.required.get(phase.value):
            yield Reason(f"Not judged at all: {PHASES[phase.value].lower()}.")


def _silent(found: Evidence, silent: dict[str, str]) -> Reason:
    """One sentence for all of them: their common reason, or the first with its own."""
    name, why = next(iter(silent.items()))
    told = why or "no reason was recorded"
    if len(silent) > 1 and len({*silent.values()}) == 1:
        return Reason(f"{len(silent):,} checks could not be judged: {told}.")
    others = f"{len(silent):,} checks could not be judged; the first" if len(silent) > 1 else "Not judged"
    return Reason(
        f"{others} is {name}: {told}.", name if any(one.id == name for one in found.results) else ""
    )


def silences(found: Evidence) -> dict[str, str]:
    """Checks that stand as unknown, with the merge's reason, else their own error."""
    merged = {name: why for name, (verdict, why) in found.standing.items() if verdict == Verdict.UNKNOWN}
    own = {one.id: one.error for one in found.results if one.outcome is Outcome.UNKNOWN}
    return dict(sorted({**own, **merged}.items()))


def _shut(found: Evidence) -> Iterator[Reason]:
    gates = {name: state for name, state in gates_of(found) if state != "open"}
    waiting = [name for name in gates if name not in OF_THE_RUN]
    for name in _ORDER:
        if name in gates:
            yield Reason(OF_THE_RUN[name].format(gates[name].replace(", ...", " and others").rstrip(".")))
        elif not name and waiting:
            shut = mapping(found.verdict.get("gate_shut"))
            count = sum(number(shut.get(one)) for one in waiting)
            many = units(count, "difference", "differences") if count else "Differences"
            asks = units(len(waiting), "check", "checks")
            yield Reason(
                f"{many} that v1 already had or that weigh little, in {asks}, wait to be accepted by name."
            )


def _proven(found: Evidence) -> Iterator[Reason]:
    """What speaks for a run that passed; below whatever speaks against going on."""
    for word in said(found).words:
        if word.counts:
            yield Reason(f"{word.by} approved it at {word.at}; that {word.state}.")
    passed = sum(one.outcome is Outcome.PASS for one in found.results)
    compared = sum(one.seen for one in found.results)
    yield Reason(f"All {passed:,} checks passed; {compared:,} comparisons were made.")
    if told := recall(found):
        yield Reason(told)


def _so_far(found: Evidence) -> Iterator[Reason]:
    verdicts = mapping(found.verdict.get("by_phase"))
    proven = [PHASES[phase.value].lower() for phase in JUDGED if verdicts.get(phase.value) == Verdict.PASS]
    if proven:
        yield Reason(f"Proven so far: {'; '.join(proven)}.")


def recall(found: Evidence) -> str:
    """How many of the faults that this run planted in a copy its own checks found."""
    own = next((one for one in found.results if one.id == "harness.self_test"), None)
    return f"This run's own recall: {own.matched} of {own.seen} planted faults." if own else ""


def gates_of(found: Evidence) -> list[tuple[str, str]]:
    """Every gate of the decision and its state, by name."""
    gates = found.decision.get("gates")
    return [(str(name), str(state)) for name, state in sorted(mapping(gates).items())]


def _named(check: CheckResult) -> str:
    title = check.title or check.id
    return title if not check.scope or check.scope in title else f"{title} ({check.scope})"


def units(count: int, one: str, many: str) -> str:
    """A number with its word."""
    return f"{count:,} {one if count == 1 else many}"
