"""A few faults the whole way: judged by the process that judges a run, merged into its verdict."""

from __future__ import annotations

import sys

import pytest

from fixtures.faults import FAULTS, DocumentFault
from fixtures.tamper import tamper
from migration import verdict
from migration.config import Settings
from migration.model import Outcome, Phase, Verdict
from migration.progress import Silent
from migration.run import Run
from tests.teeth.bench import assert_expected, assert_named
from verbs import suites

KILLED = (sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")


@pytest.mark.parametrize(
    ("workers", "ahead"),
    [(1, suites.AHEAD), (3, suites.AHEAD), (3, KILLED)],
    ids=["alone", "helped", "killed"],
)
def test_the_untampered_migration_passes(
    copied: tuple[Settings, Run],
    monkeypatch: pytest.MonkeyPatch,
    workers: int,
    ahead: tuple[str, ...],
) -> None:
    """Also when those who work ahead are killed: pytest does by itself what is not there."""
    settings, run = copied
    monkeypatch.setattr(suites, "AHEAD", ahead)
    suites.judge(settings, run, Phase.DATA, Silent(), workers=workers)
    assert (run.folder / "evidence" / "ahead.log").exists() is (workers > 1)
    assert [result.id for result in run.results() if result.outcome is not Outcome.PASS] == []
    assert verdict.merge(run, [Phase.DATA]) is Verdict.PASS


@pytest.mark.parametrize("name", ["one-cent", "stranded-user"])
def test_fault_turns_the_verdict_of_a_run_red(name: str, copied: tuple[Settings, Run]) -> None:
    settings, run = copied
    fault = FAULTS[name]
    assert isinstance(fault, DocumentFault)
    export = run.data / "verified.zip"
    original = export.resolve()
    export.unlink()
    planted = tamper(original, export, fault.tables, fault.edit)

    suites.judge(settings, run, Phase.DATA, Silent(), workers=1)

    assert verdict.merge(run, [Phase.DATA]) is fault.verdict
    results = [result for result in run.results() if not result.id.startswith("harness.")]
    assert_expected(fault, results)
    assert_named(planted, results)
