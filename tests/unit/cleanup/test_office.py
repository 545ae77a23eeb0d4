"""What is refused before either side is touched: too early, taken back, lost since, keys that are missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fixtures.google.calendar import CLIENT_ID, CLIENT_SECRET
from migration import files, recheck
from migration.calendar import office
from migration.calendar.model import CalendarRefusal
from migration.config import GoogleKeys, Settings
from migration.errors import REFUSED
from migration.model import LedgerEntry, StepOutcome, Verdict
from migration.progress import Silent
from migration.run import Run
from tests.unit.cleanup.support import ground
from tests.unit.migration.support import settings_for

STEPS = ("fence", "load", "open")
LATER = office.Tools(now=lambda: datetime(2026, 1, 16, 12, 0, 1, tzinfo=UTC))


def begun(folder: Path, *steps: str) -> Run:
    """A run that did these steps at noon."""
    run = Run(folder, folder)
    run.update_manifest(source={"identity": "s"}, target={"identity": "t"})
    for step in steps:
        for outcome in (StepOutcome.STARTED, StepOutcome.DONE):
            run.append_ledger(LedgerEntry(step=step, outcome=outcome, at="2026-01-15T12:00:00+00:00"))
    return run


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Of a pair that no test here may reach."""
    key = ground(tmp_path).key
    keys = GoogleKeys(client_id=CLIENT_ID, client_secret=key, encryption_key=key)
    return settings_for(tmp_path).model_copy(update={"google": keys})


def refused(settings: Settings, run: Run, tools: office.Tools = LATER) -> str:
    with pytest.raises(CalendarRefusal) as error:
        office.carry_out(settings, run, Silent(), tools)
    assert error.value.exit_code == REFUSED
    return str(error.value)


def test_run_that_never_opened_v2(settings: Settings, tmp_path: Path) -> None:
    assert "v2 is not open" in refused(settings, begun(tmp_path, "fence", "load"))


def test_run_that_was_taken_back(settings: Settings, tmp_path: Path) -> None:
    assert "v2 is not open" in refused(settings, begun(tmp_path, *STEPS, "rollback"))


def test_too_early(settings: Settings, tmp_path: Path) -> None:
    early = replace(LATER, now=lambda: datetime(2026, 1, 16, 11, 59, tzinfo=UTC))
    assert "less than 24 hours ago" in refused(settings, begun(tmp_path, *STEPS), early)


def test_loss_that_a_recheck_saw(settings: Settings, tmp_path: Path) -> None:
    run = begun(tmp_path, *STEPS)
    files.write_json(run.folder / recheck.NAME, {"verdict": Verdict.FAIL, "rechecks": []})
    assert "re-check of this run has failed" in refused(settings, run)


def test_no_plan_and_then_no_approval(settings: Settings, tmp_path: Path) -> None:
    run = begun(tmp_path, *STEPS)
    assert "There is no plan" in refused(settings, run)
    made = ground(tmp_path)
    found = made.plan()
    (run.folder / "calendar" / "approvals.jsonl").unlink()
    (tmp_path / "plan.jsonl").rename(tmp_path / "calendar" / "plan.jsonl")
    (tmp_path / "calendar").chmod(0o700)
    assert "Nobody has approved this plan" in refused(settings, run)
    office.approve(run, digest=found.digest, by="Ann", now=LATER.now())
    assert "can not be reached" in _unreached(settings, run)


def _unreached(settings: Settings, run: Run) -> str:
    """Approved, the next thing is the pair, which is not there."""
    with pytest.raises(Exception, match="can not be reached") as error:
        office.carry_out(settings, run, Silent(), LATER)
    return str(error.value)


@pytest.mark.parametrize("act", [office.make_plan, office.make_proof, office.bring_back])
def test_keys_that_are_missing(
    act: Callable[[Settings, Run, Silent, office.Tools], object], settings: Settings, tmp_path: Path
) -> None:
    made = ground(tmp_path)
    made.plan()
    run = begun(tmp_path, *STEPS)
    (tmp_path / "calendar").chmod(0o700)
    (tmp_path / "plan.jsonl").rename(tmp_path / "calendar" / "plan.jsonl")
    with pytest.raises(CalendarRefusal, match="Google keys are not all set"):
        act(settings.model_copy(update={"google": None}), run, Silent(), LATER)


def test_client_secret_is_never_shown(settings: Settings) -> None:
    assert settings.google is not None
    assert settings.google.encryption_key.get_secret_value() not in repr(settings)
    assert CLIENT_SECRET not in repr(settings)
