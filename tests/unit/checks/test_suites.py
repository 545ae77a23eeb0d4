"""The data phase as `invoke verify` starts it: every check gets a result, and emptiness never passes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fixtures.canary import CANARY_EMAIL
from fixtures.layout import Layout
from migration.config import Settings
from migration.model import Class, Outcome, Phase
from migration.run import Run
from tests.unit.checks.migrated import migrated

ROOT = Path(__file__).parents[3]


def _judge(run: Run, settings: Settings, *args: str) -> None:
    """Runs suites in a process of their own, with everything they are told by the environment."""
    state = {
        "postgres_dsn": settings.source.dsn.get_secret_value(),
        "convex_url": settings.target.url,
        "convex_admin_key": settings.target.admin_key.get_secret_value(),
        "app_url": "",
        "canary_email": CANARY_EMAIL,
        "canary_password": "never signs in here",
    }
    settings.pair_file.write_text(json.dumps(state))
    settings.pair_file.chmod(0o600)
    environment = {**os.environ, **run.child_environment(settings), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    environment.pop("CUTOVER_SESSION", None)  # the session that runs this test is not the one it starts
    command = [sys.executable, "-m", "pytest", *args, "-m", "data", "-p", "fixtures.recorder", "-q"]
    subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=120, check=False)


def test_every_check_of_a_clean_run_has_a_result_and_passes(
    tmp_path: Path, new_database: Callable[[Layout | None], str]
) -> None:
    run, settings = migrated(tmp_path, new_database(Layout()), users=8, cases=60, seed=3)
    _judge(run, settings, "checks")
    results = run.results()
    # no deployment runs here, so that nobody can tell which jobs wait there: that is no PASS
    assert [r.id for r in results if r.outcome is not Outcome.PASS] == ["exposure.queued_jobs"]
    assert sorted(result.id for result in results) == run.required()[Phase.DATA]
    assert len(results) > 600
    assert any(result.classes.get(Class.INHERITED) for result in results)


@pytest.mark.parametrize("what", ["users", "cases", "statuses"])
def test_a_source_with_the_canary_alone_proves_nothing(
    tmp_path: Path, new_database: Callable[[Layout | None], str], what: str
) -> None:
    run, settings = migrated(tmp_path, new_database(Layout()), users=0, cases=0, seed=3)
    _judge(run, settings, "checks/check_vacuity.py", "-k", f"test_source and {what}")
    (result,) = run.results()
    assert (result.id, result.outcome) == (f"vacuity.source[{what}]", Outcome.UNKNOWN)
    assert "prove nothing" in result.error
