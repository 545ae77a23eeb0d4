"""Re-checks: the open target judged again, some time after, each time by itself (weakness E4).

After the decision. The verdict of the run stays what it was; `recheck.json` has one entry a re-check, and
their verdict: a loss that was seen once is not unseen later, so a FAIL stands; else the last one counts. The
decision reads it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from migration import files, verdict
from migration.model import CheckResult, Class, LedgerEntry, Phase, StepOutcome, Verdict
from migration.run import Run

NAME = "recheck.json"
FUNCTIONS = "recheck.functions"
STEP = f"judge {Phase.RECHECK.value}"


def conclude(run: Run) -> Verdict:
    """Writes recheck.json from the run's records; the verdict of the latest re-check."""
    ledger = run.ledger()
    found = [result for result in verdict.current(run.results(), ledger) if result.phase is Phase.RECHECK]
    required = {Phase.RECHECK: run.required().get(Phase.RECHECK, [])}
    entries = [
        _entry(attempt, [result for result in found if result.attempt == attempt], required, ledger)
        for attempt in sorted({result.attempt for result in found})
    ]
    verdicts = [Verdict(entry["verdict"]) for entry in entries]
    latest = verdicts[-1] if verdicts else Verdict.UNKNOWN
    standing = Verdict.FAIL if Verdict.FAIL in verdicts else latest
    files.write_json(run.folder / NAME, {"verdict": standing, "rechecks": entries})
    return latest


def standing(run: Run) -> Verdict | None:
    """What the re-checks of a run came to together; None before the first."""
    path = run.folder / NAME
    return Verdict(files.read_json(path)["verdict"]) if path.exists() else None


def _entry(
    attempt: int,
    results: Sequence[CheckResult],
    required: dict[Phase, list[str]],
    ledger: Sequence[LedgerEntry],
) -> dict[str, Any]:
    phases = [Phase.RECHECK]
    judged = verdict.judge(required, results, loaded=verdict.is_loaded(ledger), phases=phases)
    at = _started(ledger, STEP, attempt)
    data = [result for result in results if result.id != FUNCTIONS]
    return {
        "attempt": attempt,
        "at": at,
        "minutes_after_opening": _minutes(_started(ledger, "open", None), at),
        "verdict": judged.verdict,
        "reasons": judged.reasons,
        "seen": sum(result.seen for result in results),
        "by_users": sum(result.classes.get(Class.DECLARED, 0) for result in data),
        "functions": _of_functions(results),
        "lost_or_changed": sum(result.classes.get(Class.INTRODUCED, 0) for result in results),
    }


def _of_functions(results: Sequence[CheckResult]) -> dict[str, Any]:
    """Calls and errors since the opening, out of the deployment's log; by function, where any failed."""
    found = next((result for result in results if result.id == FUNCTIONS), None)
    if found is None:
        return {}
    failed = {one.key: int(one.actual or 0) for one in found.findings}
    return {**{name: found.notes.get(name, 0) for name in ("calls", "errors")}, "failed": failed}


def _started(ledger: Sequence[LedgerEntry], step: str, which: int | None) -> str:
    """When a step began: for the `which`-th time, or (None) the last time."""
    times = [entry.at for entry in ledger if entry.step == step and entry.outcome is StepOutcome.STARTED]
    if not times or (which or 0) > len(times):
        return ""
    return times[-1] if which is None else times[which - 1]


def _minutes(opened: str, at: str) -> float | None:
    if not opened or not at:
        return None
    return round((datetime.fromisoformat(at) - datetime.fromisoformat(opened)).total_seconds() / 60, 1)
