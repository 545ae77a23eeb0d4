"""A phase's pytest process leaves its results in the run, and leaves a trace when it could not."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest

from migration.config import Settings, load
from migration.model import CheckResult, Outcome, Phase
from migration.progress import Silent
from migration.run import Run
from verbs import suites

HEAD = "import os, pytest\npytestmark = pytest.mark.data\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of an embedded pair that nothing here connects to."""
    pair = tmp_path / "pair.json"
    state = {
        "postgres_dsn": "postgresql://postgres@127.0.0.1:1/postgres",
        "convex_url": "http://127.0.0.1:1",
        "convex_admin_key": "embedded|key",
        "app_url": "http://127.0.0.1:1",
        "canary_email": "canary@example.com",
        "canary_password": "x",
    }
    pair.write_text(json.dumps(state))
    pair.chmod(0o600)
    environ = {
        "CUTOVER_PAIR": str(pair),
        "CUTOVER_DATA_DIR": str(tmp_path / "data"),
        "CUTOVER_RUNS_DIR": str(tmp_path / "runs"),
    }
    return load("embedded", environ=environ)


@pytest.fixture
def run(settings: Settings) -> Run:
    return Run.create(settings)


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of throw-away checks in the place of checks/."""
    folder = tmp_path / "room"
    folder.mkdir()
    monkeypatch.setitem(suites.ROOMS, Phase.DATA, str(folder))
    monkeypatch.setattr(suites, "_self_test", lambda *_: None)  # there is no export to plant anything in
    return folder


def judged(
    room: Path, settings: Settings, run: Run, source: str, *, workers: int = 1
) -> dict[str, CheckResult]:
    """Runs one file of checks and returns the results by id."""
    (room / "check_things.py").write_text(HEAD + textwrap.dedent(source))
    suites.judge(settings, run, Phase.DATA, Silent(), workers=workers)
    return {result.id: result for result in run.results()}


def test_results_of_the_process_are_in_the_run_and_the_harness_check_passes(
    room: Path, settings: Settings, run: Run
) -> None:
    results = judged(room, settings, run, "def test_a(record): record(matched=3)")
    assert results["things.a"].matched == 3
    assert results["harness.data"].outcome is Outcome.PASS
    assert run.required()[Phase.DATA] == ["harness.data", "things.a"]


def test_a_red_check_leaves_the_harness_check_green(room: Path, settings: Settings, run: Run) -> None:
    results = judged(room, settings, run, "def test_a(record): assert False")
    assert results["things.a"].outcome is Outcome.UNKNOWN
    assert results["harness.data"].outcome is Outcome.PASS


def test_nothing_collected_is_unknown(room: Path, settings: Settings, run: Run) -> None:
    results = judged(room, settings, run, "")
    assert results["harness.data"].outcome is Outcome.UNKNOWN
    assert "code 5" in results["harness.data"].error


def test_a_file_that_can_not_be_imported_is_unknown_even_after_a_good_attempt(
    room: Path, settings: Settings, run: Run
) -> None:
    judged(room, settings, run, "def test_a(record): record(matched=3)")
    results = judged(room, settings, run, "import no_such_module")
    harness = results["harness.data"]
    assert (harness.outcome, harness.attempt) == (Outcome.UNKNOWN, 2)
    assert [finding.key for finding in harness.findings] == ["things.a"]


def test_a_process_that_kills_itself_with_exit_0_is_unknown(room: Path, settings: Settings, run: Run) -> None:
    results = judged(
        room, settings, run, "def test_a(record): os._exit(0)\ndef test_b(record): record(matched=1)"
    )
    assert results["harness.data"].outcome is Outcome.UNKNOWN
    assert [finding.key for finding in results["harness.data"].findings] == ["things.a", "things.b"]


def test_output_of_checks_does_not_reach_the_evidence(room: Path, settings: Settings, run: Run) -> None:
    judged(room, settings, run, "def test_a(record): print('hunter2'); assert 'hunter2' == 'x'")
    assert "hunter2" not in (run.folder / "evidence" / "pytest-data.log").read_text()


def test_a_plan_names_the_checks_and_records_nothing(room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUTOVER_RUN", raising=False)
    (room / "check_things.py").write_text(HEAD + "def test_a(record): record(matched=3)\n")
    assert suites.listed(Phase.DATA) == ["things.a"]


def test_without_a_result_of_the_self_test_nothing_passes(
    tmp_path: Path, settings: Settings, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(suites.ROOMS, Phase.DATA, str(tmp_path))
    results = judged(tmp_path, settings, run, "def test_a(record): record(matched=3)")
    assert results["things.a"].outcome is Outcome.PASS
    assert results["harness.data"].outcome is Outcome.UNKNOWN
    assert [finding.key for finding in results["harness.data"].findings] == [suites.SELF_TEST]


def test_options_in_the_environment_leave_no_check_out(monkeypatch: pytest.MonkeyPatch) -> None:
    everything = suites.listed(Phase.DATA)
    monkeypatch.setenv("PYTEST_ADDOPTS", "--ignore=checks/check_fields.py")
    assert suites.listed(Phase.DATA) == everything


def test_what_a_check_writes_for_itself_stays_in_the_run_s_data(
    room: Path, settings: Settings, run: Run
) -> None:
    judged(room, settings, run, "def test_a(record, tmp_path): record(error=str(tmp_path), matched=1)")
    (result,) = [each for each in run.results() if each.id == "things.a"]
    assert Path(result.error).is_relative_to(run.data)
