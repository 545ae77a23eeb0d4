"""What is judged in which order, what opens the target, and what a refusal leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from migration import flow
from migration.config import Settings
from migration.errors import Refusal, RunIncomplete
from migration.model import CheckResult, LedgerEntry, Outcome, Phase, StepOutcome, Verdict
from migration.progress import Silent
from migration.run import Run
from tests.unit.migration.support import settings_for
from verbs import exits, judging, suites
from verbs.line import Line


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_for(tmp_path)


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Line:
    mine = Line()
    for module in (exits, judging):
        monkeypatch.setattr(module, "LINE", mine)
    return mine


@pytest.fixture
def acts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done to the target, in order; nothing is connected to."""
    done: list[str] = []
    monkeypatch.setattr(flow, "export_target", lambda *_: done.append("export"))
    monkeypatch.setattr(flow, "open_target", lambda *_: done.append("open"))
    return done


def loaded(settings: Settings) -> Run:
    """A run whose import is on the target."""
    run = Run.create(settings)
    run.append_ledger(LedgerEntry(step="load", outcome=StepOutcome.DONE, at="2026-01-15T00:00:00.000Z"))
    return run


@pytest.mark.parametrize("outcome", Outcome)
def test_only_a_pass_opens_the_target_and_lets_the_app_be_judged(
    outcome: Outcome, settings: Settings, acts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def judge(_: Settings, run: Run, phase: Phase, *__: object, **___: object) -> None:
        acts.append(phase.value)
        found = outcome if phase is Phase.DATA else Outcome.PASS
        run.require(phase, [f"{phase.value}.thing"])
        run.append_result(
            CheckResult(id=f"{phase.value}.thing", suite=phase.value, phase=phase, scope="", outcome=found)
        )

    monkeypatch.setattr(suites, "judge", judge)
    verdict = judging.verify(settings, loaded(settings), Silent())
    opened = ["open", "app"] if outcome is Outcome.PASS else []
    assert acts == ["export", "data", *opened]
    wanted = {Outcome.PASS: Verdict.PASS, Outcome.FAIL: Verdict.FAIL, Outcome.UNKNOWN: Verdict.UNKNOWN}
    assert verdict is wanted[outcome]


def done(run: Run, step: str) -> None:
    """Notes a step's good end."""
    run.append_ledger(LedgerEntry(step=step, outcome=StepOutcome.DONE, at="2026-01-15T00:00:01.000Z"))


def test_once_opened_the_data_is_judged_as_it_was_before_until_it_is_loaded_again(
    settings: Settings, acts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suites, "judge", lambda *_, **__: None)
    run = loaded(settings)
    assert judging.verify(settings, run, Silent()) is Verdict.UNKNOWN
    assert acts == ["export"]
    done(run, "open")
    judging.verify(settings, run, Silent())
    assert acts == ["export"]
    done(run, "load")
    judging.verify(settings, run, Silent())
    assert acts == ["export", "export"]


def test_a_new_run_refused_before_its_first_step_never_was(settings: Settings, line: Line) -> None:
    kept = loaded(settings)
    refused = line.begin_run(settings)
    with pytest.raises(Refusal), judging.concluding(refused):
        raise Refusal("The deployment can not be reached.")
    assert line.run is None
    assert not refused.folder.exists()
    assert not refused.data.exists()
    assert Run.open(settings).id == kept.id


def test_the_only_run_refused_leaves_no_latest(settings: Settings, line: Line) -> None:
    with pytest.raises(Refusal), judging.concluding(line.begin_run(settings)):
        raise Refusal("The deployment can not be reached.")
    assert not (settings.runs_dir.parent / "latest").is_symlink()


@pytest.mark.parametrize("begun_here", [True, False])
def test_a_refusal_after_the_first_step_keeps_the_run_and_concludes_it(
    settings: Settings, line: Line, begun_here: bool
) -> None:
    run = loaded(settings)
    line.run, line.begun = run, begun_here
    with pytest.raises(Refusal), judging.concluding(run):
        raise Refusal("This run was begun on another target.")
    assert (run.folder / "report.html").exists()


def test_an_empty_source_keeps_its_run_and_its_report(settings: Settings, line: Line) -> None:
    run = line.begin_run(settings)
    with pytest.raises(RunIncomplete), judging.concluding(run):
        raise RunIncomplete("The source is empty.")
    assert (run.folder / "verdict.json").exists()
    assert line.run is run


def test_a_target_that_is_still_paused_is_not_judged_in_a_browser(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def paused(*_: object) -> None:
        raise RunIncomplete("The target is paused.")

    monkeypatch.setattr(flow, "must_run", paused)
    run = loaded(settings)
    with pytest.raises(RunIncomplete, match="paused"):
        judging.smoke(settings, run, Silent())
    assert run.required() == {}


@pytest.mark.parametrize("judge", [judging.verify, judging.smoke])
def test_a_run_that_has_loaded_nothing_is_not_judged(
    judge: Callable[..., Verdict], settings: Settings, acts: list[str]
) -> None:
    run = Run.create(settings)
    with pytest.raises(RunIncomplete, match=f"Nothing of run {run.id} is loaded"):
        judge(settings, run, Silent())
    assert acts == []
