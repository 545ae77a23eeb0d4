"""What comes over the open target later is found, and told apart from what its users did."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from checks.tally import Tally
from fixtures.faults import AfterFault, later
from migration.model import LedgerEntry, Outcome, Phase, StepOutcome
from migration.run import Run
from tests.teeth.bench import Bench, assert_expected, assert_named, verdict_of

# The bench's target is paused: what the app answers is tried in tests/unit/app/test_app_recheck.py.
ANSWERED = {
    "answering": {"people": Tally(matched=1), "sign_in": Tally(matched=1), "functions": Tally(matched=1)}
}


@pytest.fixture
def opened(bench: Bench, tmp_path: Path) -> Bench:
    """The bench as if its target had just been opened."""
    folder = tmp_path / bench.run.id
    folder.mkdir()
    shutil.copy(bench.run.folder / "manifest.json", folder)
    run = Run(folder, bench.run.data)
    at = datetime.now(UTC).isoformat()
    run.append_ledger(LedgerEntry(step="open", outcome=StepOutcome.STARTED, at=at))
    return replace(bench, run=run, shared={**bench.shared, **ANSWERED})


def test_without_a_change_nothing_happened_since(opened: Bench, tmp_path: Path) -> None:
    data = opened.copy(tmp_path)
    shutil.copy(opened.run.data / "verified.zip", data / "recheck.zip")
    results = opened.judged(data, Phase.RECHECK)
    assert [one.id for one in results if one.outcome is not Outcome.PASS] == []
    assert not any(one.classes for one in results)


@pytest.mark.parametrize("fault", later.FAULTS, ids=lambda fault: fault.name)
def test_what_no_user_did_is_found(fault: AfterFault, opened: Bench, tmp_path: Path) -> None:
    data, planted = opened.tampered(tmp_path, fault.tables, fault.edit, "recheck.zip")
    results = opened.judged(data, Phase.RECHECK)
    assert verdict_of(results, Phase.RECHECK) is fault.verdict
    assert_expected(fault, results)
    assert_named(planted, results)
