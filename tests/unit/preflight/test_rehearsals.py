"""Which evidence of earlier runs opens a gate: of the test pair, of this code and decisions, and young."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from migration import files, pins
from migration.preflight import rehearsals
from migration.preflight.rehearsals import found, green, restored
from migration.run import iso

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
DECISIONS = "no decisions"
PHASES = dict.fromkeys(("data", "app", "smoke", "after"), "PASS")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one commit, in place of the checkout."""
    root = tmp_path / "checkout"
    (root / "migration").mkdir(parents=True)
    (root / "migration" / "move.py").write_text("x = 1\n")
    (root / "acceptances.toml").write_text("")
    git = ["git", "-C", str(root), "-c", "user.name=t", "-c", "user.email=t@example.test"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"]):
        subprocess.run([*git, *arguments], check=True)
    monkeypatch.setattr(pins, "ROOT", root)
    return root


@pytest.fixture
def commit(checkout: Path) -> str:
    assert checkout.exists()
    return pins.revision()


def record(runs: Path, commit: str, *, ledger: list[dict[str, Any]] | None = None, **changes: Any) -> None:
    """A green run on the test pair of an hour ago, but for what `changes` say."""
    given = {
        "environment": "test",
        "begun": iso(NOW - timedelta(hours=1)),
        "instance": "happy-otter-123",
        "revision": commit,
        "verdict": "PASS",
        "by_phase": PHASES,
        "resolutions": DECISIONS,
        **changes,
    }
    folder = runs / f"run-{len(list(runs.glob('*'))) if runs.exists() else 0}"
    folder.mkdir(parents=True)
    files.write_json(
        folder / "manifest.json",
        {
            "environment": given["environment"],
            "begun": given["begun"],
            "revision": given["revision"],
            "target": {"instance_name": given["instance"]},
            "transform": {"resolutions": given["resolutions"]},
        },
    )
    files.write_json(folder / "verdict.json", {"verdict": given["verdict"], "by_phase": given["by_phase"]})
    for entry in ledger or [{"step": "load", "outcome": "done"}]:
        files.append_line(folder / "ledger.jsonl", {"at": iso(NOW), **entry})


ROLLBACK = {"step": "rollback", "outcome": "done", "notes": {"restored": True}}


def test_a_green_run_on_the_test_pair_opens_the_gate(tmp_path: Path, commit: str) -> None:
    record(tmp_path / "runs", commit)
    assert green(list(found(tmp_path / "runs")), DECISIONS, NOW).open


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"environment": "embedded"}, "No run on the test pair has passed"),
        ({"environment": "production"}, "No run on the test pair has passed"),
        ({"instance": "embedded"}, "No run on the test pair has passed"),
        ({"verdict": "UNKNOWN"}, "No run on the test pair has passed"),
        ({"by_phase": {**PHASES, "smoke": "UNKNOWN"}}, "No run on the test pair has passed"),
        ({"by_phase": {}}, "No run on the test pair has passed"),
        ({"revision": "0" * 40}, "made by the code as it is now"),
        ({"revision": ""}, "made by the code as it is now"),
        ({"revision": "--output=x"}, "made by the code as it is now"),
        ({"resolutions": "others"}, "decisions of quarantine.toml"),
        ({"begun": iso(NOW - timedelta(days=7, seconds=1))}, "older than 7 days"),
        ({"begun": iso(NOW + timedelta(seconds=1))}, "older than 7 days"),
    ],
)
def test_other_evidence_leaves_it_shut(
    changes: dict[str, Any], reason: str, tmp_path: Path, commit: str
) -> None:
    record(tmp_path / "runs", commit, **changes)
    answer = green(list(found(tmp_path / "runs")), DECISIONS, NOW)
    assert (answer.open, reason in answer.detail) == (False, True), answer


def test_a_run_of_uncommitted_code_counts_for_nothing(tmp_path: Path, commit: str) -> None:
    record(tmp_path / "runs", f"{commit}+")
    assert not green(list(found(tmp_path / "runs")), DECISIONS, NOW).open


def test_a_change_of_the_code_shuts_it_and_a_decision_of_a_person_does_not(
    tmp_path: Path, checkout: Path, commit: str
) -> None:
    record(tmp_path / "runs", commit)
    (checkout / "acceptances.toml").write_text("# somebody accepts something\n")
    assert green(list(found(tmp_path / "runs")), DECISIONS, NOW).open
    (checkout / "migration" / "move.py").write_text("x = 2\n")
    assert not green(list(found(tmp_path / "runs")), DECISIONS, NOW).open


def test_a_rollback_that_restored_opens_its_gate(tmp_path: Path, commit: str) -> None:
    record(tmp_path / "runs", commit, ledger=[ROLLBACK], verdict="UNKNOWN")
    assert restored(list(found(tmp_path / "runs")), NOW).open


@pytest.mark.parametrize(
    "entry",
    [
        {**ROLLBACK, "notes": {"restored": False}},  # the target was still as before: nothing was proven
        {**ROLLBACK, "outcome": "failed"},
        {**ROLLBACK, "step": "open"},
    ],
)
def test_a_rollback_that_restored_nothing_leaves_it_shut(
    entry: dict[str, Any], tmp_path: Path, commit: str
) -> None:
    record(tmp_path / "runs", commit, ledger=[entry])
    assert not restored(list(found(tmp_path / "runs")), NOW).open


def test_a_rollback_of_other_code_or_long_ago_leaves_it_shut(tmp_path: Path, commit: str) -> None:
    record(tmp_path / "runs", "0" * 40, ledger=[ROLLBACK])
    assert "code as it is now" in restored(list(found(tmp_path / "runs")), NOW).detail
    record(tmp_path / "runs", commit, ledger=[ROLLBACK], begun=iso(NOW - timedelta(days=8)))
    assert "older than 7 days" in restored(list(found(tmp_path / "runs")), NOW).detail


def test_torn_records_prove_nothing(tmp_path: Path, commit: str) -> None:
    record(tmp_path / "runs", commit)
    (tmp_path / "runs" / "run-0" / "ledger.jsonl").write_text('{"step": "lo')
    assert list(rehearsals.found(tmp_path / "runs")) == []
