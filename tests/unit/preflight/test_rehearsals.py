"""Which evidence of earlier runs opens a gate: of the test pair, of this code and decisions, and young."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from migration import chain, files, revision
from migration.preflight import rehearsals
from migration.preflight.rehearsals import found, green, in_dress, restored
from migration.run import iso

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
DECISIONS = "no decisions"
PHASES = dict.fromkeys(("data", "app", "smoke", "after"), "PASS")


CODE = revision.code()


def record(runs: Path, *, ledger: list[dict[str, Any]] | None = None, **changes: Any) -> None:
    """A green run on the test pair of an hour ago, but for what `changes` say."""
    given = {
        "environment": "test",
        "begun": iso(NOW - timedelta(hours=1)),
        "instance": "happy-otter-123",
        "code": CODE,
        "verdict": "PASS",
        "by_phase": PHASES,
        "resolutions": DECISIONS,
        "source": "the test pair's",
        **changes,
    }
    folder = runs / f"run-{len(list(runs.glob('*'))) if runs.exists() else 0}"
    folder.mkdir(parents=True)
    files.write_json(
        folder / "manifest.json",
        {
            "environment": given["environment"],
            "begun": given["begun"],
            "code": given["code"],
            "source": {"identity": given["source"]},
            "target": {"instance_name": given["instance"]},
            "transform": {"resolutions": given["resolutions"]},
        },
    )
    files.write_json(folder / "verdict.json", {"verdict": given["verdict"], "by_phase": given["by_phase"]})
    for entry in ledger or [{"step": "load", "outcome": "done"}]:
        chain.append(folder / "ledger.jsonl", {"at": iso(NOW), **entry})


ROLLBACK = {"step": "rollback", "outcome": "done", "notes": {"how": "restored"}}


def test_a_green_run_on_the_test_pair_opens_the_gate(tmp_path: Path) -> None:
    record(tmp_path / "runs")
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
        ({"code": "0" * 64}, "made by the code as it is now"),
        ({"code": ""}, "made by the code as it is now"),
        ({"resolutions": "others"}, "decisions of quarantine.toml"),
        ({"begun": iso(NOW - timedelta(days=7, seconds=1))}, "older than 7 days"),
        ({"begun": iso(NOW + timedelta(seconds=1))}, "older than 7 days"),
    ],
)
def test_other_evidence_leaves_it_shut(changes: dict[str, Any], reason: str, tmp_path: Path) -> None:
    record(tmp_path / "runs", **changes)
    answer = green(list(found(tmp_path / "runs")), DECISIONS, NOW)
    assert (answer.open, reason in answer.detail) == (False, True), answer


def test_a_rollback_that_restored_opens_its_gate(tmp_path: Path) -> None:
    record(tmp_path / "runs", ledger=[ROLLBACK], verdict="UNKNOWN")
    assert restored(list(found(tmp_path / "runs")), NOW).open


@pytest.mark.parametrize(
    "entry",
    [
        {**ROLLBACK, "notes": {"how": "equal"}},  # the target was still as before: nothing was proven
        {**ROLLBACK, "outcome": "failed"},
        {**ROLLBACK, "step": "open"},
    ],
)
def test_a_rollback_that_restored_nothing_leaves_it_shut(entry: dict[str, Any], tmp_path: Path) -> None:
    record(tmp_path / "runs", ledger=[entry])
    assert not restored(list(found(tmp_path / "runs")), NOW).open


def test_a_rollback_of_other_code_or_long_ago_leaves_it_shut(tmp_path: Path) -> None:
    record(tmp_path / "runs", code="0" * 64, ledger=[ROLLBACK])
    assert "code as it is now" in restored(list(found(tmp_path / "runs")), NOW).detail
    record(tmp_path / "runs", ledger=[ROLLBACK], begun=iso(NOW - timedelta(days=8)))
    assert "older than 7 days" in restored(list(found(tmp_path / "runs")), NOW).detail


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, ""),
        ({"environment": "test"}, "No dress rehearsal with the rows of this source"),
        ({"source": "another database"}, "No dress rehearsal with the rows of this source"),
        ({"verdict": "UNKNOWN"}, "No dress rehearsal with the rows of this source"),
        ({"code": "0" * 64}, "made by the code as it is now"),
        ({"begun": iso(NOW - timedelta(days=14, seconds=1))}, "older than 14 days"),
    ],
)
def test_a_dress_rehearsal_is_of_production_s_own_rows(
    changes: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    record(tmp_path / "runs", **{"environment": "dress", "source": "production's", **changes})
    answer = in_dress(list(found(tmp_path / "runs", "dress")), "production's", NOW)
    assert (answer.open, reason in answer.detail) == (not reason, True), answer


def test_torn_records_prove_nothing(tmp_path: Path) -> None:
    record(tmp_path / "runs")
    (tmp_path / "runs" / "run-0" / "ledger.jsonl").write_text('{"step": "lo')
    assert list(rehearsals.found(tmp_path / "runs")) == []
