"""The browser suites against the stage: green when pages show what is expected, red with a name when not."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fixtures import app_server
from migration import config
from migration.model import CheckResult, Outcome
from migration.run import Run
from tests.unit.app.stage import Stage

ROOT = app_server.APP.parents[1]
Suites = Callable[..., dict[str, CheckResult]]


@pytest.fixture
def suites(stage: Stage, tmp_path: Path) -> Suites:
    """Run the browser suites as a process: (expected values, -k, app_url) -> results by check id."""

    def run(
        expected: dict[str, Any], chosen: str = "", app_url: str = stage.app_url
    ) -> dict[str, CheckResult]:
        pair = json.loads(stage.pair_file().read_text()) | {"app_url": app_url}
        (tmp_path / "pair.json").write_text(json.dumps(pair))
        (tmp_path / "pair.json").chmod(0o600)
        environment = {
            **os.environ,
            "CUTOVER_ENV": "embedded",
            "CUTOVER_PAIR": str(tmp_path / "pair.json"),
            "CUTOVER_DATA_DIR": str(tmp_path / "data"),
            "CUTOVER_RUNS_DIR": str(tmp_path / "runs"),
        }
        stage.soiled = True
        settings = config.load(environ=environment)
        record = Run.create(settings)
        (record.data / "expected_canary.json").write_text(json.dumps(expected))
        command = [sys.executable, "-m", "pytest", "e2e", "-m", "smoke", "-k", chosen, "-q", "-n", "0"]
        command += [
            "-p",
            "fixtures.recorder",
            "-p",
            "no:cacheprovider",
            "--output",
            str(record.data / "smoke"),
        ]
        environment |= record.child_environment(settings)
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=300
        )
        results = {result.id: result for result in record.results()}
        assert results, done.stdout + done.stderr
        return results

    return run


def red(results: dict[str, CheckResult]) -> dict[str, list[str]]:
    """{check: fields of its findings} of what did not pass."""
    return {
        name: [finding.field for finding in result.findings]
        for name, result in results.items()
        if result.outcome is not Outcome.PASS
    }


def test_the_suites_pass_on_pages_that_show_the_data_and_leave_the_cases_as_they_were(
    stage: Stage, suites: Suites, tmp_path: Path
) -> None:
    before = stage.query("cases:list")
    results = suites(stage.expected())
    assert red(results) == {}
    assert {name.partition(".")[0] for name in results} == {
        *("bundle", "case_detail", "crud", "csv_export", "dashboard", "login")
    }
    assert stage.query("cases:list") == before
    evidence = {path.name for path in (tmp_path / "runs").glob("*/evidence/*.png")}
    assert evidence == {"sign_in.png", "dashboard.png", "case_detail.png", "edited_case.png"}
    assert not list((tmp_path / "data").rglob("*.zip"))


def test_a_wrong_count_a_swapped_date_and_a_cent_are_each_named(
    stage: Stage, suites: Suites, tmp_path: Path
) -> None:
    expected = copy.deepcopy(stage.expected())
    expected["summary"]["pwd"] += 1
    rich = expected["cases"][0]
    rich["pwdFilingDate"], rich["pwdDeterminationDate"] = rich["pwdDeterminationDate"], rich["pwdFilingDate"]
    rich["pwdWageAmount"] += 1
    rich["rfiEntries"][0]["responseDueDate"] = "2023-10-02"
    changed = ["pwdFilingDate", "pwdDeterminationDate", "pwdWageAmount"]
    assert red(suites(expected, "counts or every_field or export")) == {
        "dashboard.the_counts_are_those_of_the_source": ["pwd"],
        "case_detail.every_field_of_every_case_is_shown": [*changed, "rfiEntries[0].responseDueDate"],
        "csv_export.the_export_of_all_cases_equals_the_source": changed,
    }
    assert len(list((tmp_path / "data").rglob("traces/*.zip"))) == 3


def test_a_site_built_for_another_deployment_is_red(stage: Stage, suites: Suites, tmp_path: Path) -> None:
    other = app_server.start(tmp_path / "other", "http://127.0.0.1:9")
    try:
        found = red(suites(stage.expected(), "shipped or wrong_password", other.url))
    finally:
        app_server.stop(other.pid, other.mark)
    assert found == {
        "bundle.the_shipped_bundle_names_the_target": ["deployment URL"],
        # The site words an unreachable deployment like a wrong password; that is no refusal.
        "login.a_wrong_password_is_refused": ["answer"],
    }
