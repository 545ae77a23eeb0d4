"""The whole cutover as a person starts it: exit code, report, and nothing left behind, whatever happens."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fixtures.processes import wait_until

ROOT = Path(__file__).resolve().parents[2]
SMALL = ("--users", "8", "--cases", "40", "--quiet")
PATIENCE = 300  # seconds; a small rehearsal takes twenty on two idle cores


@dataclass(frozen=True)
class Desk:
    """A place of its own for runs, data and temporary files."""

    folder: Path
    temporary: Path

    @property
    def environment(self) -> dict[str, str]:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("CUTOVER_", "PYTEST_"))
        }
        return {
            **kept,
            "CUTOVER_RUNS_DIR": str(self.folder / "runs"),
            "CUTOVER_DATA_DIR": str(self.folder / "data"),
            "CUTOVER_PAIR": str(self.folder / "no-pair" / "pair.json"),
            "TMPDIR": str(self.temporary),
        }

    def start(self, *arguments: str, more: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """One command line, running."""
        return subprocess.Popen(
            [sys.executable, "-m", "verbs.program", *arguments],
            cwd=ROOT,
            env={**self.environment, **(more or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def line(self, *arguments: str, more: Mapping[str, str] | None = None) -> tuple[int, str, str]:
        """One command line: its code, what it answered, what it complained of."""
        process = self.start(*arguments, more=more)
        answered, complained = process.communicate(timeout=PATIENCE)
        return process.returncode, answered, complained

    def run(self) -> Path:
        """The folder of the only run."""
        (manifest,) = (self.folder / "runs").glob("*/manifest.json")
        return manifest.parent

    def record(self, name: str) -> Any:
        """One JSON record of the only run."""
        return json.loads((self.run() / name).read_text())

    def ledgers(self) -> str:
        """What the ledgers of all runs say so far."""
        return "".join(path.read_text() for path in (self.folder / "runs").glob("*/ledger.jsonl"))

    def left_running(self) -> list[str]:
        """Command lines of living processes that belong to this desk's pair."""
        shown = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout
        mine = str(self.temporary)
        return [line for line in shown.splitlines() if mine in line and "ps -eo" not in line]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Root's PostgreSQL runs as somebody else, who may not enter pytest's own folders."""
    temporary = Path(tempfile.mkdtemp(prefix="desk-"))
    temporary.chmod(0o755)
    yield Desk(tmp_path, temporary)
    shutil.rmtree(temporary, ignore_errors=True)


def test_a_rehearsal_passes_reports_and_leaves_nothing_running(desk: Desk) -> None:
    code, answered, complained = desk.line("rehearse", *SMALL)
    assert code == 0, answered + complained
    assert answered.startswith("PASS  decision HOLD")
    assert desk.record("verdict.json")["by_phase"] == dict.fromkeys(("data", "app", "smoke", "after"), "PASS")
    assert re.search(r"<h1>.*PASS</h1>", (desk.run() / "report.html").read_text())
    assert desk.left_running() == []
    assert list(desk.temporary.glob("cutover-*")) == []


def test_a_planted_fault_is_exit_10_and_a_finding_with_table_key_and_field(desk: Desk) -> None:
    code, answered, _ = desk.line("rehearse", "--fault", "one-cent", *SMALL)
    assert code == 10
    table, key, field = re.findall(r"Planted one-cent in (\S+) (\S+) (\S+)", answered)[0]
    found = [
        (finding["table"], finding["key"], finding["field"])
        for result in desk.record("results.json")["results"]
        for finding in result["findings"]
        if finding["class"] == "introduced"
    ]
    assert (table, key, field) in found
    assert desk.record("decision.json")["decision"] == "ROLLBACK"


def test_rows_that_need_a_decision_are_exit_10_with_nothing_loaded_and_a_report(desk: Desk) -> None:
    code, _, complained = desk.line("rehearse", "--hazards", *SMALL)
    assert code == 10
    assert "quarantine.rows" in complained
    ended = [json.loads(line) for line in (desk.run() / "ledger.jsonl").read_text().splitlines()]
    assert "load" not in {entry["step"] for entry in ended}
    assert desk.record("decision.json")["decision"] == "NO-GO"
    assert "The run stopped:" in (desk.run() / "summary.md").read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_kill_in_the_middle_ends_the_pair_and_concludes_the_run(desk: Desk, number: signal.Signals) -> None:
    process = desk.start("rehearse", *SMALL)
    drain = threading.Thread(target=process.communicate, daemon=True)
    drain.start()
    assert wait_until(lambda: "judge data" in desk.ledgers(), 120)
    process.send_signal(number)
    drain.join(timeout=60)
    assert process.returncode == 11
    assert desk.record("verdict.json")["verdict"] == "UNKNOWN"
    assert (desk.run() / "report.html").exists()
    assert desk.left_running() == []


def test_without_environment_and_pair_every_verb_is_refused_and_begins_no_run(desk: Desk) -> None:
    for verb in ("migrate", "verify", "smoke", "rollback"):
        code, _, complained = desk.line(verb)
        assert code == 12, verb
        assert "Traceback" not in complained
    assert not (desk.folder / "runs").exists()


def test_one_line_on_a_kept_pair_is_one_run_in_one_environment_and_can_be_taken_back(desk: Desk) -> None:
    kept = {"CUTOVER_PAIR": str(desk.temporary / "pair" / "pair.json")}
    assert desk.line("pair.up", "--users", "8", "--cases", "40", more=kept)[0] == 0
    try:
        assert desk.line("migrate", "--dry-run", more=kept)[0] == 0
        assert not (desk.folder / "runs").exists()
        code, answered, complained = desk.line("migrate", "--quiet", "verify", "--quiet", more=kept)
        assert code == 0, answered + complained
        assert desk.record("verdict.json")["by_phase"] == {
            "data": "PASS",
            "app": "PASS",
            "smoke": "UNKNOWN",
            "after": "UNKNOWN",
        }
        assert desk.line("decide", more=kept)[0] == 11
        assert desk.line("unfence", "--env", "embedded", "verify", "--env", "test", more=kept)[0] == 12
        code, answered, _ = desk.line("rollback", "--quiet", more=kept)
        assert (code, "equals its backup" in answered) == (0, True)
    finally:
        assert desk.line("pair.down", more=kept)[0] == 0
    assert desk.left_running() == []


def test_a_fault_that_does_not_exist_is_refused_before_anything_starts(desk: Desk) -> None:
    code, _, complained = desk.line("rehearse", "--fault", "no-such-fault")
    assert (code, "There is no fault" in complained) == (12, True)


def test_no_browser_leaves_a_verdict_of_unknown_never_a_skip(desk: Desk) -> None:
    code, answered, _ = desk.line("rehearse", *SMALL, more={"CHROME_BIN": "/no/such/browser"})
    assert code == 11, answered
    assert desk.record("verdict.json")["by_phase"]["smoke"] == "UNKNOWN"
