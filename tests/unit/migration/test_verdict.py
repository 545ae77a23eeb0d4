"""The verdict: one order, and no way to a PASS but through every required check (law 1)."""

from __future__ import annotations

import random
from itertools import product
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migration import verdict
from migration.model import (
    JUDGED,
    CheckResult,
    Class,
    Kind,
    LedgerEntry,
    Outcome,
    Phase,
    Severity,
    StepOutcome,
    Verdict,
)
from migration.run import Run, iso_now
from migration.verdict import Judgement, judge, worst
from tests.unit.migration.support import settings_for

RANK = {Verdict.PASS: 0, Verdict.UNKNOWN: 1, Verdict.FAIL: 2}
ALL = {phase: [f"{phase}.check"] for phase in JUDGED}


def result(
    outcome: str = "pass",
    *,
    id: str = "data.check",
    phase: str = "data",
    severity: str = "critical",
    attempt: int = 1,
    inherited: int = 0,
    scope: str = "s",
) -> CheckResult:
    introduced = 1 if outcome == "fail" else 0
    return CheckResult(
        id=id,
        suite=id.partition(".")[0],
        phase=Phase(phase),
        scope=scope,
        severity=Severity(severity),
        outcome=Outcome(outcome),
        attempt=attempt,
        seen=1 + introduced + inherited,
        matched=1,
        totals={Kind.MISMATCHED: introduced + inherited} if introduced + inherited else {},
        classes={Class.INTRODUCED: introduced, Class.INHERITED: inherited} if introduced + inherited else {},
    )


def all_green() -> list[CheckResult]:
    return [result(id=f"{phase}.check", phase=phase) for phase in JUDGED]


def judged(results: list[CheckResult], **rest: Any) -> Judgement:
    return judge(ALL, results, **{"loaded": True, **rest})


def test_everything_required_and_green_is_a_pass() -> None:
    assert judged(all_green()).verdict is Verdict.PASS


@pytest.mark.parametrize("pair", list(product(Verdict, Verdict)))
def test_fail_beats_unknown_beats_pass(pair: tuple[Verdict, Verdict]) -> None:
    assert RANK[worst(pair)] == max(RANK[one] for one in pair)


def test_nothing_at_all_is_unknown() -> None:
    assert worst([]) is Verdict.UNKNOWN
    assert judge({}, [], loaded=True).verdict is Verdict.UNKNOWN
    assert judge({phase: [] for phase in JUDGED}, all_green(), loaded=True).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("phase", list(JUDGED))
def test_a_phase_that_was_not_judged_is_unknown_and_named(phase: Phase) -> None:
    required = {other: ids for other, ids in ALL.items() if other is not phase}
    found = judge(required, [one for one in all_green() if one.phase is not phase], loaded=True)
    assert found.verdict is found.by_phase[phase] is Verdict.UNKNOWN
    assert f"phase {phase} was not judged" in found.reasons


@pytest.mark.parametrize("phase", list(JUDGED))
def test_a_required_check_without_a_result_is_unknown(phase: Phase) -> None:
    found = judged([one for one in all_green() if one.phase is not phase])
    assert found.verdict is Verdict.UNKNOWN
    assert f"{phase} {phase}.check: required, but without a result" in found.reasons


@pytest.mark.parametrize("severity", ["critical", "major"])
def test_a_red_check_fails_the_run(severity: str) -> None:
    found = judged([*all_green(), result("fail", id="data.other", severity=severity)])
    assert found.verdict is found.by_phase[Phase.DATA] is Verdict.FAIL
    assert found.by_phase[Phase.APP] is Verdict.PASS


def test_a_red_check_that_was_not_required_fails_too() -> None:
    assert judged([*all_green(), result("fail", id="data.surprise")]).verdict is Verdict.FAIL


def test_a_minor_difference_passes_and_shuts_the_gate() -> None:
    found = judged([*all_green(), result("fail", id="data.minor", severity="minor")])
    assert found.verdict is Verdict.PASS
    assert found.gate_shut == {"data.minor": 1}


def test_inherited_findings_pass_and_shut_the_gate_with_their_exact_count() -> None:
    scopes = [result(id="data.old", inherited=3, scope="a"), result(id="data.old", inherited=4, scope="b")]
    found = judged([*all_green(), *scopes])
    assert found.verdict is Verdict.PASS
    assert found.gate_shut == {"data.old": 7}


def test_a_check_that_could_not_judge_is_unknown_also_a_minor_one() -> None:
    for severity in Severity:
        assert judged([*all_green(), result("unknown", id="x", severity=severity)]).verdict is Verdict.UNKNOWN


def test_fail_in_one_phase_beats_unknown_in_another() -> None:
    found = judged([result("fail"), result("unknown", id="app.check", phase="app")])
    assert found.verdict is Verdict.FAIL


def test_red_then_green_without_a_step_between_is_unknown() -> None:
    others = [one for one in all_green() if one.phase is not Phase.DATA]
    found = judged([*others, result("fail", attempt=1), result("pass", attempt=2)])
    assert found.verdict is Verdict.UNKNOWN
    assert any("red, then green" in reason for reason in found.reasons)


def test_red_then_unable_to_judge_stays_red() -> None:
    assert (
        judged([result("fail", attempt=1), result("unknown", attempt=2)]).by_phase[Phase.DATA] is Verdict.FAIL
    )


def test_unable_to_judge_and_then_green_is_green() -> None:
    others = [one for one in all_green() if one.phase is not Phase.DATA]
    assert judged([*others, result("unknown"), result("pass", attempt=2)]).verdict is Verdict.PASS


def test_within_one_attempt_the_worst_scope_counts() -> None:
    for outcome, expected in (("unknown", Verdict.UNKNOWN), ("fail", Verdict.FAIL)):
        assert judged([*all_green(), result(outcome, scope="other")]).by_phase[Phase.DATA] is expected


def test_nothing_loaded_is_unknown_and_rows_in_quarantine_fail() -> None:
    assert judged(all_green(), loaded=False).verdict is Verdict.UNKNOWN
    assert judged(all_green(), loaded=False, quarantined=2).verdict is Verdict.FAIL


results_of_any_kind = st.lists(
    st.builds(
        result,
        st.sampled_from(["pass", "fail", "unknown"]),
        id=st.sampled_from(["data.check", "app.check", "data.extra"]),
        phase=st.sampled_from(["data", "app"]),
        severity=st.sampled_from(["critical", "major", "minor"]),
        attempt=st.integers(1, 3),
        inherited=st.integers(0, 2),
        scope=st.sampled_from(["a", "b"]),
    ),
    max_size=12,
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(results_of_any_kind, st.booleans(), st.booleans())
def test_one_more_red_result_never_makes_it_better(
    results: list[CheckResult], loaded: bool, complete: bool
) -> None:
    base = [*(all_green() if complete else []), *results]
    before = judged(base, loaded=loaded)
    for attempt, severity in product((1, 2, 3, 4), ("critical", "major", "minor")):
        after = judged([*base, result("fail", attempt=attempt, severity=severity)], loaded=loaded)
        assert RANK[after.verdict] >= RANK[before.verdict] or severity == "minor"
        if severity != "minor":
            assert after.verdict is not Verdict.PASS


@settings(max_examples=200, deadline=None, derandomize=True)
@given(results_of_any_kind, st.randoms(use_true_random=False))
def test_the_order_of_results_does_not_matter(results: list[CheckResult], order: random.Random) -> None:
    everything = [*all_green(), *results]
    shuffled = list(everything)
    order.shuffle(shuffled)
    assert judged(everything) == judged(shuffled)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(results_of_any_kind)
def test_a_pass_means_that_every_required_check_has_a_green_last_attempt(results: list[CheckResult]) -> None:
    if judged(results).verdict is not Verdict.PASS:
        return
    for phase, ids in ALL.items():
        for name in ids:
            mine = [one for one in results if (one.phase, one.id) == (phase, name)]
            assert mine
            assert all(one.outcome is not Outcome.FAIL or one.severity is Severity.MINOR for one in mine)


# ---------------------------------------------------------------- from the records of a run


def _ended(run: Run, step: str, outcome: StepOutcome = StepOutcome.DONE) -> None:
    run.append_ledger(
        LedgerEntry(step=step, outcome=outcome, at=iso_now(), notes={"results": len(run.results())})
    )


@pytest.fixture
def run(tmp_path: Path) -> Run:
    made = Run.create(settings_for(tmp_path))
    for phase, ids in ALL.items():
        made.require(phase, ids)
    _ended(made, "load")
    return made


def _record(run: Run, results: list[CheckResult]) -> None:
    for one in results:
        run.append_result(one)


def test_the_records_are_written_and_say_the_same_twice(run: Run) -> None:
    _record(run, all_green())
    assert verdict.merge(run) is verdict.merge(run) is Verdict.PASS
    written = orjson.loads((run.folder / "verdict.json").read_bytes())
    assert written["success"] is True
    assert written["by_phase"] == dict.fromkeys(["data", "app", "smoke", "after"], "PASS")
    assert written["stats"]["checks"] == written["stats"]["passed"] == 4
    stored = orjson.loads((run.folder / "results.json").read_bytes())["results"]
    assert [CheckResult.model_validate(one) for one in stored] == sorted(
        all_green(), key=lambda one: list(JUDGED).index(one.phase)
    )


def test_one_phase_is_answered_for_while_the_run_waits_for_the_others(run: Run) -> None:
    _record(run, [result()])
    assert verdict.merge(run, [Phase.DATA]) is Verdict.PASS
    assert orjson.loads((run.folder / "verdict.json").read_bytes())["verdict"] == "UNKNOWN"


def test_results_from_before_the_last_load_are_not_counted(run: Run) -> None:
    _record(run, [*all_green(), result("fail", attempt=2)])
    assert verdict.merge(run) is Verdict.FAIL
    _ended(run, "load")
    assert verdict.merge(run) is Verdict.UNKNOWN
    _record(run, [one.model_copy(update={"attempt": 3}) for one in all_green()])
    assert verdict.merge(run) is Verdict.PASS


def test_green_again_without_a_load_between_is_unknown(run: Run) -> None:
    _record(run, [*all_green(), result("fail", attempt=2), result("pass", attempt=3)])
    _ended(run, "export verified")
    assert verdict.merge(run) is Verdict.UNKNOWN


def test_a_rollback_unloads_the_run(run: Run) -> None:
    _record(run, all_green())
    _ended(run, "rollback")
    assert verdict.merge(run) is Verdict.UNKNOWN


def test_what_was_found_stays_on_record_after_a_rollback(run: Run) -> None:
    _record(run, [*all_green(), result("fail", attempt=2)])
    _ended(run, "rollback")
    assert verdict.merge(run) is Verdict.FAIL
    assert any(
        "failed" in reason for reason in orjson.loads((run.folder / "verdict.json").read_bytes())["errors"]
    )


def test_a_load_that_failed_is_no_load(tmp_path: Path) -> None:
    made = Run.create(settings_for(tmp_path))
    _ended(made, "load", StepOutcome.FAILED)
    assert not verdict.is_loaded(made.ledger())


def test_a_torn_record_is_unknown_never_an_excuse(run: Run) -> None:
    _record(run, all_green())
    for name, torn in (("results.jsonl", slice(0, -20)), ("ledger.jsonl", slice(20, None))):
        path = run.folder / name
        whole = path.read_bytes()
        path.write_bytes(whole[torn])
        assert verdict.merge(run) is Verdict.UNKNOWN
        assert any(
            name in reason for reason in orjson.loads((run.folder / "verdict.json").read_bytes())["reasons"]
        )
        path.write_bytes(whole)
    assert verdict.merge(run) is Verdict.PASS


def test_rows_in_quarantine_fail_the_run(run: Run) -> None:
    run.update_manifest(transform={"quarantined": 3})
    assert verdict.merge(run) is Verdict.FAIL
