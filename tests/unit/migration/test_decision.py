"""The decision: GO has one way in, and every other state has its own word."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import product
from pathlib import Path

import orjson
import pytest

from migration import case, decision, files, seal, verdict
from migration.case import Said
from migration.decision import Decision, may_cut_over, weigh
from migration.errors import Refusal
from migration.model import Choice, LedgerEntry, Phase, StepOutcome, Verdict
from migration.run import Run, iso
from tests.unit.migration.proven import BEGAN, conclude, ended, proven, terms_of
from tests.unit.migration.support import settings_for
from tests.unit.migration.test_verdict import result

GATES = ("approved", "deployment", "features", "fresh", "mapping", "pair", "record", "revision")
OPEN = dict.fromkeys(GATES, "open")


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
    return proven(tmp_path)


def decided(run: Run, **terms: timedelta) -> Decision:
    """Decides and seals, as every command ends."""
    made = case.decide(run, terms_of(run, **terms))
    seal.close(run)
    return made


def test_a_pass_is_held_until_it_is_approved_by_name(run: Run) -> None:
    assert decided(run).reasons == ["gate approved: not yet approved"]
    case.approve(run, Said("Ann"), terms_of(run))
    seal.close(run)
    assert decided(run).choice is Choice.GO
    stored = orjson.loads((run.folder / "decision.json").read_bytes())
    assert (stored["decision"], stored["verdict"], stored["gates"]) == ("GO", "PASS", OPEN)
    assert [(one["by"], one["void"]) for one in stored["approvals"]] == [("Ann", [])]


@pytest.mark.parametrize(
    ("gate", "change", "why"),
    [
        ("pair", {"environment": "embedded"}, "rehearsal on the embedded pair"),
        ("pair", {"environment": "dress"}, "a dress rehearsal: production's rows in the test target"),
        ("fresh", {"exported": None}, "nothing was judged"),
        ("record", {"record": ["report.html: was changed"]}, "report.html: was changed"),
        ("revision", {"made_by": frozenset({"other"})}, "judged by another revision than the one in use"),
        (
            "revision",
            {"made_by": frozenset({"a", "b"})},
            "more than one revision of Cutover moved and judged",
        ),
        ("mapping", {"decisions": "other"}, "the decisions about rows are others"),
        ("deployment", {"judged_target": "other"}, "another deployment was judged"),
        ("deployment", {"judged_target": ""}, "another deployment was judged"),
    ],
)
def test_each_gate_shuts_by_itself_and_says_why(
    gate: str, change: dict[str, object], why: str, run: Run
) -> None:
    case.approve(run, Said("Ann"), terms_of(run))
    seal.close(run)
    good = case.gather(run, terms_of(run))
    assert may_cut_over(good).choice is Choice.GO
    held = may_cut_over(replace(good, **change))  # type: ignore[arg-type]
    assert held.choice is Choice.HOLD
    assert [reason for reason in held.reasons if reason.startswith(f"gate {gate}: {why}")] == held.reasons


@pytest.mark.parametrize("commit", ["", "+", "3f2c1d0+"])
def test_production_wants_a_commit_and_nothing_else_in_the_checkout(commit: str, run: Run) -> None:
    good = case.gather(run, terms_of(run))
    bound = good.bound.model_copy(update={"revision": commit})
    for environment, state in (("test", True), ("production", False)):
        gates = may_cut_over(replace(good, bound=bound, environment=environment)).gates
        assert (gates["revision"] == "open") is state


def test_the_embedded_pair_never_opens_the_gate(tmp_path: Path) -> None:
    run = proven(tmp_path, "embedded")
    with pytest.raises(Refusal, match="pair: rehearsal on the embedded pair"):
        case.approve(run, Said("Ann"), terms_of(run))
    assert not (run.folder / "approvals.jsonl").exists()
    assert decided(run).choice is Choice.HOLD


def test_evidence_grows_old(run: Run) -> None:
    case.approve(run, Said("Ann"), terms_of(run))
    seal.close(run)
    late = timedelta(minutes=20) + decision.FRESH
    assert decided(run, after=late).choice is Choice.GO
    held = decided(run, after=late + timedelta(seconds=1))
    assert held.reasons == ["gate fresh: the evidence is past its freshness limit"]


@pytest.mark.parametrize("outcome", [StepOutcome.STARTED, StepOutcome.FAILED])
def test_an_export_that_never_came_makes_no_evidence_young(outcome: StepOutcome, run: Run) -> None:
    at = BEGAN + timedelta(hours=6)
    run.append_ledger(LedgerEntry(step="export after_smoke", outcome=outcome, at=iso(at)))
    assert decided(run, after=timedelta(hours=6)).gates["fresh"] != "open"
    ended(run, "export after_smoke", at)
    assert decided(run, after=timedelta(hours=6)).gates["fresh"] == "open"


def test_only_a_pass_can_be_approved(run: Run) -> None:
    run.append_result(result("fail", id="data.red"))
    conclude(run)
    with pytest.raises(Refusal, match="is FAIL: only a PASS"):
        case.approve(run, Said("Ann"), terms_of(run))


@pytest.mark.parametrize(("accepted", "choice"), [(4, Choice.HOLD), (5, Choice.GO), (6, Choice.HOLD)])
def test_findings_are_accepted_by_their_exact_count(accepted: int, choice: Choice, run: Run) -> None:
    run.append_result(result(id="data.old", inherited=5))
    path = terms_of(run).acceptances
    path.write_text(f'[[accept]]\ncheck = "data.old"\ncount = {accepted}\nby = "Ann"\nreason = "so in v1"\n')
    conclude(run)
    if choice is Choice.GO:
        case.approve(run, Said("Ann"), terms_of(run))
        seal.close(run)
    else:
        with pytest.raises(Refusal, match=r"data\.old: 5 findings are not accepted"):
            case.approve(run, Said("Ann"), terms_of(run))
    assert decided(run).choice is choice
    (told,) = files.read_json(run.folder / "decision.json")["accepted"]
    assert told == {"check": "data.old", "count": accepted, "by": "Ann", "reason": "so in v1"}


def test_an_acceptance_that_can_not_be_read_is_refused(run: Run) -> None:
    terms_of(run).acceptances.write_text(
        '[[accept]]\ncheck = "data.old"\ncount = 0\nby = "Ann"\nreason = "x"\n'
    )
    with pytest.raises(Refusal, match=r"acceptances\.toml can not be read"):
        decided(run)


def test_a_failure_after_the_load_asks_for_the_way_back_and_after_it_for_no_go(run: Run) -> None:
    run.append_result(result("fail", id="data.red"))
    verdict.merge(run)
    assert decided(run).choice is Choice.ROLLBACK
    assert weigh(Verdict.FAIL, loaded=False, gates={}).choice is Choice.NO_GO


def test_a_run_that_was_never_judged_is_held(tmp_path: Path) -> None:
    made = Run.create(settings_for(tmp_path))
    assert decided(made).choice is Choice.HOLD
    assert Phase.DATA not in made.required()


@pytest.mark.parametrize("name", ["ledger.jsonl", "results.jsonl", "approvals.jsonl", "manifest.json"])
def test_a_record_that_is_cut_short_never_lets_an_earlier_go_stand(name: str, run: Run) -> None:
    case.approve(run, Said("Ann"), terms_of(run))
    conclude(run)
    assert orjson.loads((run.folder / "decision.json").read_bytes())["decision"] == "GO"
    whole = (run.folder / name).read_bytes()
    (run.folder / name).write_bytes(whole[:-20])
    verdict.merge(run)
    held = decided(run)
    assert held.choice is Choice.HOLD
    assert name in held.gates["record"]
    assert orjson.loads((run.folder / "decision.json").read_bytes())["decision"] == "HOLD"


def test_the_same_answer_keeps_its_bytes_and_another_one_has_its_own_moment(run: Run) -> None:
    path, then = run.folder / "decision.json", "2026-01-15T00:00:00.000Z"
    path.write_bytes(orjson.dumps({**orjson.loads(path.read_bytes()), "at": then}))
    seal.close(run)
    decided(run)
    first = path.read_bytes()
    assert orjson.loads(first)["at"] == then
    decided(run)
    assert path.read_bytes() == first
    ended(run, "judge data")
    run.append_result(result("fail", id="data.red"))
    verdict.merge(run)
    decided(run)
    assert orjson.loads(path.read_bytes())["at"] > then
