"""The whole cutover as a person starts it: exit code, report, and nothing left behind, whatever happens."""

from __future__ import annotations

import json
import re
import signal
import threading
from collections.abc import Callable

import pytest

from fixtures.processes import wait_until
from tests.conduct.desk import Desk, Said

SMALL = ("--users", "4", "--cases", "20", "--workers", "1", "--quiet")


def interrupted(desk: Desk, number: signal.Signals, when: Callable[[], bool]) -> Said:
    """A rehearsal that gets a signal as soon as something is so."""
    process, heard = desk.start("rehearse", *SMALL), list[Said]()
    listening = threading.Thread(target=lambda: heard.append(desk.heard(process)), daemon=True)
    listening.start()
    assert wait_until(when, 120)
    process.send_signal(number)
    listening.join(timeout=60)
    return heard[0]


def left_behind(desk: Desk) -> list[str]:
    """Living processes of a pair and of its judges, and temporary files."""
    return [*desk.left_running(), *map(str, desk.temporary.iterdir())]


def test_a_rehearsal_passes_reports_and_leaves_nothing_running(desk: Desk) -> None:
    said = desk.line("rehearse", *SMALL)
    assert said.code == 0, said
    assert said.answered.startswith("PASS  decision HOLD")
    assert desk.record("verdict.json")["by_phase"] == dict.fromkeys(("data", "app", "smoke", "after"), "PASS")
    assert re.search(r"<h1[^>]*>.*PASS</h1>", (desk.run() / "report.html").read_text())
    assert left_behind(desk) == []
    assert list((desk.folder / "data" / "runs").iterdir()) == []


def test_a_drill_breaks_goes_back_goes_live_and_leaves_nothing_running(desk: Desk) -> None:
    said = desk.line("rehearse", "--drill", *SMALL)
    assert said.code == 0, said
    parts = re.findall(r"^  ([a-z -]+?) +([\d.]+) s  (.+)$", said.answered, re.M)
    assert [name for name, _, shows in parts if shows != "did not come to its end"] == [
        *("start the pair", "migrate", "break", "roll back"),
        *("migrate again", "judge", "cut over", "re-check"),
    ]
    assert sum(float(seconds) for _, seconds, _ in parts) < 300
    first, second = desk.runs()
    assert (first / "decision.json").read_text().count('"NO-GO"') == 1
    steps = [json.loads(line)["step"] for line in (second / "ledger.jsonl").read_text().splitlines()]
    assert steps[-1] == "judge recheck"
    assert desk.record("cutover.json")["live"] is True
    assert desk.record("recheck.json")["verdict"] == "PASS"
    assert left_behind(desk) == []
    assert list((desk.folder / "data" / "runs").iterdir()) == []


@pytest.mark.parametrize("fault", ["one-cent", "swapped-owner"])
def test_a_planted_fault_is_exit_10_and_a_finding_with_table_key_and_field(desk: Desk, fault: str) -> None:
    said = desk.line("rehearse", "--fault", fault, *SMALL)
    assert said.code == 10, said
    table, key, field = re.findall(rf"Planted {fault} in (\S+) (\S+) (\S+)", said.answered)[0]
    found = [
        (finding["table"], finding["key"], finding["field"])
        for result in desk.record("results.json")["results"]
        for finding in result["findings"]
        if finding["class"] == "introduced"
    ]
    assert (table, key, field) in found
    assert desk.record("decision.json")["decision"] == "ROLLBACK"
    assert "open" not in {json.loads(line)["step"] for line in desk.ledgers().splitlines()}
    assert left_behind(desk) == []


def test_rows_that_need_a_decision_are_exit_10_with_nothing_loaded_and_a_report(desk: Desk) -> None:
    said = desk.line("rehearse", "--hazards", *SMALL)
    assert said.code == 10, said
    assert "quarantine.rows" in said.words
    assert "invoke rollback" in said.words
    assert "load" not in {json.loads(line)["step"] for line in desk.ledgers().splitlines()}
    assert desk.record("decision.json")["decision"] == "NO-GO"
    assert "The run stopped:" in (desk.run() / "summary.md").read_text()
    assert desk.say("quarantine.rows").code == 0
    assert left_behind(desk) == []


@pytest.mark.parametrize(("number", "step"), [(signal.SIGTERM, "export"), (signal.SIGINT, "judge data")])
def test_a_kill_in_the_middle_ends_the_pair_and_concludes_the_run(
    desk: Desk, number: signal.Signals, step: str
) -> None:
    said = interrupted(desk, number, lambda: f'"{step}"' in desk.ledgers())
    assert said.code == 11, said
    assert "Interrupted. The run is judged UNKNOWN." in said.words
    assert desk.record("verdict.json")["verdict"] == "UNKNOWN"
    assert (desk.run() / "report.html").exists()
    assert left_behind(desk) == []


def test_a_kill_while_the_pair_comes_up_leaves_nothing(desk: Desk) -> None:
    said = interrupted(desk, signal.SIGINT, lambda: "server.mjs" in " ".join(desk.left_running()))
    assert (said.code, said.words) == (12, "Interrupted. No run had begun.")
    assert desk.runs() == []
    assert left_behind(desk) == []


def test_a_fault_that_does_not_exist_is_refused_before_anything_starts(desk: Desk) -> None:
    said = desk.say("rehearse", "--fault", "no-such-fault")
    assert (said.code, "There is no fault" in said.words) == (12, True)


def test_a_rehearsal_without_anybody_proves_nothing(desk: Desk) -> None:
    said = desk.line("rehearse", "--users", "0", "--cases", "0", "--quiet")
    assert said.code == 11, said
    assert "The source is (nearly) empty" in said.words
    assert left_behind(desk) == []
