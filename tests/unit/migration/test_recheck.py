"""Re-checks: each is judged by itself, the run's verdict stays, a loss once seen turns the decision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from migration import case, files, recheck, verdict
from migration.case import Terms
from migration.cutover_toml import ApprovalTable
from migration.model import JUDGED, CheckResult, Choice, LedgerEntry, Phase, StepOutcome, Verdict
from migration.run import Run

TERMS = Terms(rules=ApprovalTable())


def result(phase: Phase, outcome: str, attempt: int = 1) -> CheckResult:
    """One check of a phase."""
    units: dict[str, dict[str, Any]] = {
        "pass": {"matched": 1},
        "fail": {"totals": {"missing": 1}, "classes": {"introduced": 1}},
    }
    found = units.get(outcome, {})
    return CheckResult.model_validate(
        {
            "id": f"{phase}.check",
            "suite": str(phase),
            "phase": phase,
            "scope": "",
            "outcome": outcome,
            "attempt": attempt,
            "seen": bool(found) * 1,
            **found,
        }
    )


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run that passed and was opened at noon."""
    made = Run(tmp_path, tmp_path)
    made.update_manifest(environment="embedded")
    for step, at in (("load", "2026-01-15T11:00:00+00:00"), ("open", "2026-01-15T12:00:00+00:00")):
        for outcome in (StepOutcome.STARTED, StepOutcome.DONE):
            made.append_ledger(LedgerEntry(step=step, outcome=outcome, at=at))
    for phase in (*JUDGED, Phase.RECHECK):
        made.require(phase, [f"{phase}.check"])
        if phase in JUDGED:
            made.append_result(result(phase, "pass"))
    verdict.merge(made)
    return made


def judged(run: Run, outcome: str, minutes: int) -> Verdict:
    """One more re-check, so many minutes after the opening."""
    attempt = 1 + sum(one.phase is Phase.RECHECK for one in run.results())
    at = f"2026-01-15T{12 + minutes // 60}:{minutes % 60:02d}:00+00:00"
    run.append_ledger(LedgerEntry(step=recheck.STEP, outcome=StepOutcome.STARTED, at=at))
    run.append_result(result(Phase.RECHECK, outcome, attempt))
    return recheck.conclude(run)


def test_the_verdict_of_the_run_stays_what_it_was(run: Run) -> None:
    before = (run.folder / "results.json").read_bytes()
    assert judged(run, "fail", 15) is Verdict.FAIL
    assert verdict.merge(run) is Verdict.PASS
    assert (run.folder / "results.json").read_bytes() == before


def test_each_re_check_is_noted_with_its_time(run: Run) -> None:
    assert recheck.standing(run) is None
    assert judged(run, "pass", 15) is judged(run, "pass", 60) is Verdict.PASS
    entries = files.read_json(run.folder / recheck.NAME)["rechecks"]
    assert [entry["minutes_after_opening"] for entry in entries] == [15, 60]
    assert recheck.standing(run) is Verdict.PASS


def test_a_loss_once_seen_stays_and_turns_the_decision(run: Run) -> None:
    judged(run, "pass", 15)
    assert case.decide(run, TERMS).choice is Choice.HOLD
    judged(run, "fail", 60)
    assert judged(run, "pass", 90) is Verdict.PASS
    assert recheck.standing(run) is Verdict.FAIL
    decided = case.decide(run, TERMS)
    assert (decided.choice, decided.verdict) == (Choice.ROLLBACK, Verdict.PASS)
    assert "no user made" in decided.reasons[0]


def test_what_could_not_be_told_can_be_told_later(run: Run) -> None:
    assert judged(run, "unknown", 15) is Verdict.UNKNOWN
    assert judged(run, "pass", 60) is Verdict.PASS
    assert recheck.standing(run) is Verdict.PASS


def test_a_re_check_that_never_reported_is_unknown(run: Run) -> None:
    assert recheck.conclude(run) is Verdict.UNKNOWN


def test_after_a_rollback_a_re_check_turns_nothing_any_more(run: Run) -> None:
    judged(run, "fail", 15)
    run.append_ledger(LedgerEntry(step="rollback", outcome=StepOutcome.DONE, at="2026-01-15T14:00:00+00:00"))
    assert case.decide(run, TERMS).choice is not Choice.ROLLBACK
