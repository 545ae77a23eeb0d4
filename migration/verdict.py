"""The verdict: one function merges everything that was seen into PASS, FAIL or UNKNOWN, and fails closed
(law 1).

After judging, before the decision. The core (`judge`) is pure; `merge` reads the run's records and writes
results.json and verdict.json. FAIL beats UNKNOWN beats PASS, everywhere:

    no required checks, or one without a result                        UNKNOWN
    a check that crashed or could not judge                            UNKNOWN
    a red check that turned green without a load between               UNKNOWN
    a red check, critical or major; rows in quarantine                 FAIL
    a red check, minor; findings inherited from v1                     stays PASS, shuts the gate on GO

Results from before the last load judge data that is no longer there: they are not counted. After a rollback
the findings stay on record, but nothing is loaded any more, so that a PASS can not survive it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from migration import files
from migration.errors import RunIncomplete
from migration.model import (
    JUDGED,
    CheckResult,
    CheckStanding,
    Class,
    LedgerEntry,
    MergedResults,
    Outcome,
    Phase,
    Severity,
    StepOutcome,
    Verdict,
)
from migration.run import Run

_RANK = {Verdict.PASS: 0, Verdict.UNKNOWN: 1, Verdict.FAIL: 2}
_CHANGES = ("load", "rollback")


@dataclass(frozen=True)
class Judged:
    """One check's standing over all its attempts. `results` are those of the attempt that is shown (a check
    may speak about several scopes); none when it never reported.
    """

    id: str
    verdict: Verdict
    reason: str = ""
    results: tuple[CheckResult, ...] = ()


@dataclass(frozen=True)
class Judgement:
    """What a run came to. `run`: what the run itself says, whatever the checks (loaded, nothing in
    quarantine).

    `gate_shut`: exact counts that must be accepted by name before GO.
    """

    verdict: Verdict
    by_phase: dict[Phase, Verdict]
    run: Verdict
    checks: dict[Phase, list[Judged]]
    reasons: list[str]
    gate_shut: dict[str, int]


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """FAIL beats UNKNOWN beats PASS; nothing at all is UNKNOWN."""
    return max(verdicts, key=_RANK.__getitem__, default=Verdict.UNKNOWN)


def judge(
    required: Mapping[Phase, Sequence[str]],
    results: Sequence[CheckResult],
    *,
    loaded: bool,
    quarantined: int = 0,
    phases: Sequence[Phase] = JUDGED,
) -> Judgement:
    """Merges the current results. Order does not matter; one more red result never makes it better.

    `loaded`: the run's import is on the target. `quarantined`: rows that wait for a decision. Results of
    other phases than `phases` do not count.
    """
    by_check: dict[tuple[Phase, str], list[CheckResult]] = defaultdict(list)
    for result in results:
        by_check[result.phase, result.id].append(result)
    wanted = {(phase, name) for phase, names in required.items() for name in names}
    checks: dict[Phase, list[Judged]] = {phase: [] for phase in phases}
    for phase, name in sorted(key for key in wanted | by_check.keys() if key[0] in checks):
        checks[phase].append(_standing(name, by_check.get((phase, name), [])))
    by_phase = {phase: _phase(bool(required.get(phase)), judged) for phase, judged in checks.items()}
    of_run = Verdict.FAIL if quarantined else Verdict.PASS if loaded else Verdict.UNKNOWN
    return Judgement(
        verdict=worst([*by_phase.values(), of_run]),
        by_phase=by_phase,
        run=of_run,
        checks=checks,
        reasons=_reasons(checks, by_phase, required, loaded=loaded, quarantined=quarantined),
        gate_shut=_gates(checks),
    )


def current(results: Sequence[CheckResult], ledger: Sequence[LedgerEntry]) -> list[CheckResult]:
    """The results that judge the last load: those recorded after it ended.

    A rollback does not void them: what was found stays on record, with the reason why it was rolled back.
    """
    seen = [
        int(entry.notes.get("results", 0))
        for entry in ledger
        if entry.step == "load" and entry.outcome is StepOutcome.DONE
    ]
    return list(results[seen[-1] :]) if seen else list(results)


def is_loaded(ledger: Sequence[LedgerEntry]) -> bool:
    """Whether the import was committed and not taken back since."""
    return _last_change(ledger) == "load"


def is_rolled_back(ledger: Sequence[LedgerEntry]) -> bool:
    """Whether what was loaded has been taken back since."""
    return _last_change(ledger) == "rollback"


def _last_change(ledger: Sequence[LedgerEntry]) -> str:
    changes = [entry.step for entry in ledger if entry.step in _CHANGES and entry.outcome is StepOutcome.DONE]
    return changes[-1] if changes else ""


def merge(run: Run, phases: Sequence[Phase] | None = None) -> Verdict:
    """Writes results.json and verdict.json from the run's records; the verdict of these phases (None: the
    run's).

    A record that can not be read is UNKNOWN, never an excuse.
    """
    judgement = _judged(run)
    files.write_json(run.folder / "results.json", _results_record(judgement))
    files.write_json(run.folder / "verdict.json", _verdict_record(judgement))
    if phases is None:
        return judgement.verdict
    return worst([judgement.run, *(judgement.by_phase[phase] for phase in phases)])


def judge_phase(run: Run, phase: Phase) -> Verdict:
    """What one phase that comes after the decision came to over all its attempts; writes nothing."""
    required = {phase: run.required().get(phase, [])}
    return judge(required, current(run.results(), run.ledger()), loaded=True, phases=[phase]).verdict


def _judged(run: Run) -> Judgement:
    try:
        ledger, results, required = run.ledger(), run.results(), run.required()
        quarantined = int((run.manifest().get("transform") or {}).get("quarantined", 0))
    except (RunIncomplete, ValueError) as error:
        empty = judge({}, [], loaded=False)
        text = error.happened if isinstance(error, RunIncomplete) else "A record of the run can not be read."
        return replace(empty, reasons=[text, *empty.reasons])
    return judge(required, current(results, ledger), loaded=is_loaded(ledger), quarantined=quarantined)


def _standing(name: str, attempts: list[CheckResult]) -> Judged:
    """What a check's attempts come to. Within one attempt the worst counts.

    A red attempt is never refuted by a green one: only a change of the data could do that, and then the red
    one would not be among the current results.
    """
    if not attempts:
        return Judged(name, Verdict.UNKNOWN, "required, but without a result")
    last = max(result.attempt for result in attempts)
    latest = _in_order(result for result in attempts if result.attempt == last)
    failed = [result for result in attempts if _of(result) is Verdict.FAIL]
    standing = worst(map(_of, latest))
    if not failed:
        reason = next((r.error for r in latest if r.error), "could not judge")
        return Judged(name, standing, "" if standing is Verdict.PASS else reason, latest)
    if standing is Verdict.PASS:
        return Judged(name, Verdict.UNKNOWN, "red, then green without a load between", latest)
    last_red = max(result.attempt for result in failed)
    return Judged(name, Verdict.FAIL, "failed", _in_order(r for r in attempts if r.attempt == last_red))


def _in_order(results: Iterable[CheckResult]) -> tuple[CheckResult, ...]:
    """The same order whatever the order they were recorded in."""
    return tuple(sorted(results, key=lambda result: result.model_dump_json()))


def _of(result: CheckResult) -> Verdict:
    """A minor check that fails does not fail the run: it shuts the gate (law 1)."""
    if result.outcome is Outcome.UNKNOWN:
        return Verdict.UNKNOWN
    if result.outcome is Outcome.FAIL and result.severity is not Severity.MINOR:
        return Verdict.FAIL
    return Verdict.PASS


def _phase(is_required: bool, judged: list[Judged]) -> Verdict:
    found = worst(one.verdict for one in judged)
    return found if is_required else worst([found, Verdict.UNKNOWN])


def _reasons(
    checks: Mapping[Phase, list[Judged]],
    by_phase: Mapping[Phase, Verdict],
    required: Mapping[Phase, Sequence[str]],
    *,
    loaded: bool,
    quarantined: int,
) -> list[str]:
    """The most telling first: what is wrong, then what was never asked, then what could not be told."""
    reasons = [f"{quarantined} rows are in quarantine"] if quarantined else []
    if not loaded:
        reasons.append("nothing of this run is loaded on the target")
    reasons += _of_verdict(checks, Verdict.FAIL)
    reasons += [f"phase {phase} was not judged" for phase in by_phase if not required.get(phase)]
    return reasons + _of_verdict(checks, Verdict.UNKNOWN)


def _of_verdict(checks: Mapping[Phase, list[Judged]], verdict: Verdict) -> list[str]:
    return [
        f"{phase} {one.id}: {one.reason}"
        for phase, judged in checks.items()
        for one in judged
        if one.verdict is verdict
    ]


def _gates(checks: Mapping[Phase, list[Judged]]) -> dict[str, int]:
    """Exact counts by check: minor differences, and what was already so in v1."""
    shut: dict[str, int] = {}
    for judged in checks.values():
        for one in judged:
            if count := sum(_gated(result) for result in one.results):
                shut[one.id] = shut.get(one.id, 0) + count
    return shut


def _gated(result: CheckResult) -> int:
    inherited = result.classes.get(Class.INHERITED, 0)
    if result.severity is Severity.MINOR and result.outcome is Outcome.FAIL:
        return inherited + max(1, result.classes.get(Class.INTRODUCED, 0))
    return inherited


def _results_record(judgement: Judgement) -> dict[str, Any]:
    everyone = [one for judged in judgement.checks.values() for one in judged]
    merged = MergedResults(
        results=[result for one in everyone for result in one.results],
        standing={
            one.id: CheckStanding(verdict=one.verdict, reason=one.reason)
            for one in everyone
            if one.verdict is not Verdict.PASS
        },
        missing={
            phase: [one.id for one in judged if not one.results] for phase, judged in judgement.checks.items()
        },
    )
    return merged.model_dump(mode="json", by_alias=True)


def _verdict_record(judgement: Judgement) -> dict[str, Any]:
    everyone = [one for judged in judgement.checks.values() for one in judged]
    results = [result for one in everyone for result in one.results]
    return {
        "verdict": judgement.verdict,
        "by_phase": {phase.value: verdict for phase, verdict in judgement.by_phase.items()},
        "success": judgement.verdict is Verdict.PASS,
        "stats": {
            "checks": len(everyone),
            "passed": sum(one.verdict is Verdict.PASS for one in everyone),
            "failed": sum(one.verdict is Verdict.FAIL for one in everyone),
            "unknown": sum(one.verdict is Verdict.UNKNOWN for one in everyone),
            "seen": sum(result.seen for result in results),
            "matched": sum(result.matched for result in results),
        },
        "errors": [f"{one.id}: {one.reason}" for one in everyone if one.verdict is Verdict.FAIL],
        "reasons": judgement.reasons,
        "gate_shut": judgement.gate_shut,
    }
