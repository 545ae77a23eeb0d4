"""The decision: GO has one way in, and every other state has its own word."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import orjson
import pytest

from migration import decision, verdict
from migration.decision import decide, weigh
from migration.errors import Refusal
from migration.model import Choice, LedgerEntry, Phase, StepOutcome, Verdict
from migration.run import Run, iso_now
from tests.unit.migration.support import settings_for
from tests.unit.migration.test_verdict import ALL, all_green, result

OPEN = {"pair": "open", "fresh": "open", "approved": "open"}


@pytest.mark.parametrize(
    ("found", "loaded", "choice"),
    [
        (Verdict.PASS, True, Choice.GO),
        (Verdict.PASS, False, Choice.HOLD),
        (Verdict.UNKNOWN, True, Choice.HOLD),
        (Verdict.UNKNOWN, False, Choice.HOLD),
        (Verdict.FAIL, True, Choice.ROLLBACK),
        (Verdict.FAIL, False, Choice.NO_GO),
    ],
)
def test_each_verdict_has_its_decision(found: Verdict, loaded: bool, choice: Choice) -> None:
    assert weigh(found, loaded=loaded, gates=OPEN).choice is choice


@pytest.mark.parametrize(("gate", "found", "loaded"), list(product(OPEN, Verdict, (True, False))))
def test_one_shut_gate_is_never_a_go(gate: str, found: Verdict, loaded: bool) -> None:
    assert weigh(found, loaded=loaded, gates={**OPEN, gate: "shut"}).choice is not Choice.GO


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run on the test pair that passed everything and awaits its approval."""
    made = Run.create(settings_for(tmp_path))
    made.update_manifest(environment="test")
    for phase, ids in ALL.items():
        made.require(phase, ids)
    _ended(made, "load")
    for one in all_green():
        made.append_result(one)
    _ended(made, "export after_smoke")
    verdict.merge(made)
    return made


def _ended(run: Run, step: str) -> None:
    run.append_ledger(LedgerEntry(step=step, outcome=StepOutcome.DONE, at=iso_now()))


def test_a_pass_is_held_until_it_is_approved_by_name(run: Run, tmp_path: Path) -> None:
    nothing = tmp_path / "acceptances.toml"
    assert decide(run, acceptances=nothing).choice is Choice.HOLD
    decision.approve(run, by="Ann")
    assert decide(run, acceptances=nothing).choice is Choice.GO
    stored = orjson.loads((run.folder / "decision.json").read_bytes())
    assert (stored["decision"], stored["verdict"]) == ("GO", "PASS")
    assert stored["gates"] == OPEN


def test_the_embedded_pair_never_opens_the_gate(run: Run, tmp_path: Path) -> None:
    run.update_manifest(environment="embedded")
    decision.approve(run, by="Ann")
    held = decide(run, acceptances=tmp_path / "none.toml")
    assert held.choice is Choice.HOLD
    assert held.reasons == ["gate pair: rehearsal on the embedded pair"]


def test_evidence_grows_old(run: Run, tmp_path: Path) -> None:
    decision.approve(run, by="Ann")
    later = datetime.now(UTC) + decision.FRESH + timedelta(minutes=1)
    held = decide(run, now=later, acceptances=tmp_path / "none.toml")
    assert held.choice is Choice.HOLD
    assert "freshness" in held.reasons[0]


def test_an_approval_is_of_the_results_that_were_approved(run: Run, tmp_path: Path) -> None:
    decision.approve(run, by="Ann")
    run.append_result(result(id="data.later"))
    verdict.merge(run)
    assert decide(run, acceptances=tmp_path / "none.toml").reasons == [
        "gate approved: approved for other results"
    ]


def test_only_a_pass_can_be_approved(run: Run) -> None:
    run.append_result(result("fail", id="data.red"))
    verdict.merge(run)
    with pytest.raises(Refusal, match="only a PASS"):
        decision.approve(run, by="Ann")


@pytest.mark.parametrize(("accepted", "choice"), [(4, Choice.HOLD), (5, Choice.GO), (6, Choice.HOLD)])
def test_findings_are_accepted_by_their_exact_count(
    accepted: int, choice: Choice, run: Run, tmp_path: Path
) -> None:
    run.append_result(result(id="data.old", inherited=5))
    verdict.merge(run)
    decision.approve(run, by="Ann")
    path = tmp_path / "acceptances.toml"
    path.write_text(f'[[accept]]\ncheck = "data.old"\ncount = {accepted}\nby = "Ann"\nreason = "so in v1"\n')
    assert decide(run, acceptances=path).choice is choice


def test_an_acceptance_that_can_not_be_read_is_refused(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "acceptances.toml"
    path.write_text('[[accept]]\ncheck = "data.old"\ncount = 0\nby = "Ann"\nreason = "x"\n')
    with pytest.raises(Refusal, match=r"acceptances\.toml can not be read"):
        decide(run, acceptances=path)


def test_a_failure_after_the_load_asks_for_the_way_back_and_after_it_for_no_go(
    run: Run, tmp_path: Path
) -> None:
    run.append_result(result("fail", id="data.red"))
    verdict.merge(run)
    assert decide(run, acceptances=tmp_path / "none.toml").choice is Choice.ROLLBACK
    assert weigh(Verdict.FAIL, loaded=False, gates={}).choice is Choice.NO_GO


def test_a_run_that_was_never_judged_is_held(tmp_path: Path) -> None:
    made = Run.create(settings_for(tmp_path))
    assert decide(made, acceptances=tmp_path / "none.toml").choice is Choice.HOLD
    assert Phase.DATA not in made.required()


def test_the_same_answer_keeps_its_bytes_and_another_one_has_its_own_moment(run: Run, tmp_path: Path) -> None:
    path, nothing, then = run.folder / "decision.json", tmp_path / "none.toml", "2026-01-15T00:00:00.000Z"
    decide(run, acceptances=nothing)
    path.write_bytes(orjson.dumps({**orjson.loads(path.read_bytes()), "at": then}))
    decide(run, acceptances=nothing)
    first = path.read_bytes()
    assert orjson.loads(first)["at"] == then
    decide(run, acceptances=nothing)
    assert path.read_bytes() == first
    run.append_result(result("fail", id="data.red"))
    verdict.merge(run)
    decide(run, acceptances=nothing)
    assert orjson.loads(path.read_bytes())["at"] > then
