"""A run's reasoning in plain words, for a terminal: verdict, checks, gates, who said what, and what would
change it.

Works from the records that it is handed; judges nothing. The decision is handed in as it stands now, because
evidence grows old and approvals run out while nobody decides anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from migration.model import JUDGED, Class, Outcome, Verdict
from reports.read import Evidence
from reports.tables import mapping, number

_SHOWN = 10
_OPENS = {
    "approved": "./inv approve --by NAME (or reject --by NAME --reason TEXT)",
    "fresh": "judge the target as it is now: ./inv verify smoke",
    "pair": "nothing: a rehearsal decides nothing; run it on the test or production pair",
    "record": "nothing in this run: ./inv audit names the damage; begin a new run",
    "revision": "use the revision that judged it, or migrate and judge anew with this one",
    "mapping": "put quarantine.toml back as it was, or migrate anew: ./inv rollback, ./inv migrate",
    "deployment": "connect to the deployment that was judged",
}
_AFTER = {
    "GO": "Cut over while it holds: evidence grows old after 4 hours, an approval after 24.",
    "NO-GO": "Mend what failed and begin a new run; ./inv rollback reopens both sides.",
    "ROLLBACK": "./inv rollback takes the target back to its backup.",
    "HOLD": "Nothing is done until the verdict is a PASS and every gate is open.",
}


def explain(found: Evidence, decision: Mapping[str, Any]) -> list[str]:
    """The lines; `decision` is what decision.json would say now."""
    choice = str(decision.get("decision", "HOLD"))
    recorded = str(found.decision.get("decision", "none"))
    environment = found.manifest.get("environment", "?")
    lines = [
        f"Run {found.run_id}, {environment} pair: {found.verdict.get('verdict', 'not judged')}, {choice}.",
        *_checks(found),
        *(f"  {reason}" for reason in _first(found.verdict.get("reasons"))),
        f"Decision {choice}: {'; '.join(map(str, decision.get('reasons', [])))}.",
        *_gates(decision),
        *_said(decision),
        *_ways(found, decision, choice),
    ]
    if recorded != choice:
        lines.insert(1, f"decision.json still says {recorded}; ./inv decide writes it anew.")
    return lines


def _checks(found: Evidence) -> Iterator[str]:
    verdicts = mapping(found.verdict.get("by_phase"))
    for phase in JUDGED:
        results = [result for result in found.results if result.phase is phase]
        names = {result.id for result in results}
        required = found.required.get(phase.value)
        wanted = set(required) if isinstance(required, list) else set[str]()
        red = sum(result.outcome is Outcome.FAIL for result in results)
        yield (
            f"  {phase.value:<6} {verdicts.get(phase.value, 'not judged'):<10} "
            f"{len(names & wanted):,} of {len(wanted):,} required checks reported, {red:,} failed"
        )
    for cls, meaning in ((Class.INHERITED, "already so in v1"), (Class.DECLARED, "by a documented rule")):
        if count := sum(result.classes.get(cls, 0) for result in found.results):
            yield f"  {count:,} differences are {meaning}: listed, no failures"


def _gates(decision: Mapping[str, Any]) -> Iterator[str]:
    for name, state in sorted(mapping(decision.get("gates")).items()):
        yield f"  gate {name}: {state if state == 'open' else f'shut, {state}'}"


def _said(decision: Mapping[str, Any]) -> Iterator[str]:
    for one in decision.get("approvals", []):
        word = "approved" if one["word"] == "approve" else "rejected"
        text = f" ({one['text']})" if one["text"] else ""
        signed = f", signed with {one['signed_with']}" if one["signed_with"] else ""
        state = f"; void: {'; '.join(one['void'])}" if one["void"] else ""
        until = f", holds until {one['expires']}" if word == "approved" and not state else ""
        yield f"  {one['by']} {word} it at {one['at']}{text}{signed}{until}{state}"


def _ways(found: Evidence, decision: Mapping[str, Any], choice: str) -> Iterator[str]:
    yield "What would change it:"
    yield f"  {_AFTER.get(choice, _AFTER['HOLD'])}"
    if found.verdict.get("verdict") == Verdict.UNKNOWN:
        yield "  ./inv verify smoke asks what was not answered; what was red stays so until a new load"
    waiting = mapping(found.verdict.get("gate_shut"))
    for name, state in sorted(mapping(decision.get("gates")).items()):
        if state == "open":
            continue
        accepts = f"./inv accept {name} --count {number(waiting.get(name))} --by NAME --reason TEXT"
        yield f"  {name} opens by: {_OPENS.get(name, accepts)}"


def _first(reasons: Any) -> list[str]:
    rows = [str(reason) for reason in reasons] if isinstance(reasons, list) else []
    return [*rows[:_SHOWN], *([f"and {len(rows) - _SHOWN} more"] if len(rows) > _SHOWN else [])]
