"""Probes of earlier runs' evidence: what this very code has rehearsed, on the test pair, not long ago.

Read from the runs' records alone. Evidence counts only of a run on the test pair that cutover.toml names
(law 12): a rehearsal on the embedded pair, or on a test environment that points at one, opens nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from migration import chain, files, quarantine, revision, source
from migration.model import JUDGED, LedgerEntry, StepOutcome, Verdict
from migration.preflight.model import Answer
from migration.preflight.scene import Scene
from migration.rollback import RESTORED

LASTS, DRESS_LASTS = timedelta(days=7), timedelta(days=14)
EMBEDDED = "embedded"
"""The instance name of the deployment that stands in for Convex."""


@dataclass(frozen=True)
class Rehearsal:
    """What a run's records say of it. `same`: it was made by the code that is checked out now."""

    id: str
    begun: datetime
    environment: str
    instance: str
    passed: bool
    restored: bool
    same: bool
    decisions: str
    source: str


def rehearsed(scene: Scene) -> Answer:
    """A green run on the test pair, by this code, with the same decisions about rows, within a week."""
    decisions = quarantine.load(scene.settings.quarantine_file).digest
    return green(list(found(scene.settings.runs_dir)), decisions, scene.now)


def rolled_back(scene: Scene) -> Answer:
    """A rollback on the test pair, by this code, that restored the target, within a week."""
    return restored(list(found(scene.settings.runs_dir)), scene.now)


def dressed(scene: Scene) -> Answer:
    """A green run of this very source into the test target, by this code, within two weeks."""
    runs = list(found(scene.settings.runs_dir, "dress"))
    return in_dress(runs, source.describe(scene.source).identity, scene.now)


def green(runs: list[Rehearsal], decisions: str, now: datetime) -> Answer:
    """The answer to `rehearsed` from what the runs say."""
    passed = [one for one in runs if one.passed]
    wanted = [
        (passed, "No run on the test pair has passed every phase"),
        (
            [one for one in passed if one.same],
            "No green run on the test pair was made by the code as it is now",
        ),
        (
            [one for one in passed if one.same and one.decisions == decisions],
            "No green run on the test pair was made with the decisions of quarantine.toml as they are",
        ),
    ]
    return _newest(wanted, now, "was green")


def restored(runs: list[Rehearsal], now: datetime) -> Answer:
    """The answer to `rolled_back` from what the runs say."""
    back = [one for one in runs if one.restored]
    wanted = [
        (back, "No rollback on the test pair has restored its target"),
        ([one for one in back if one.same], "No rollback on the test pair was made by the code as it is now"),
    ]
    return _newest(wanted, now, "was rolled back and its target restored")


def in_dress(runs: list[Rehearsal], identity: str, now: datetime) -> Answer:
    """The answer to `dressed` from what the runs say. `identity`: of production's source."""
    passed = [one for one in runs if one.passed and one.source == identity]
    wanted = [
        (passed, "No dress rehearsal with the rows of this source has passed every phase"),
        (
            [one for one in passed if one.same],
            "No green dress rehearsal with the rows of this source was made by the code as it is now",
        ),
    ]
    return _newest(wanted, now, "was green with production's rows", DRESS_LASTS)


def found(runs_dir: Path, environment: str = "test") -> Iterator[Rehearsal]:
    """The runs in an environment on a real target. One whose records are torn proves nothing: left out."""
    for path in sorted(runs_dir.glob("*/manifest.json")):
        try:
            one = _read(path.parent, files.read_json(path))
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if one.environment == environment and one.instance != EMBEDDED:
            yield one


def _newest(
    wanted: list[tuple[list[Rehearsal], str]], now: datetime, what: str, lasts: timedelta = LASTS
) -> Answer:
    for runs, missing in wanted:
        if not runs:
            return Answer(False, f"{missing}.")
    last = max(wanted[-1][0], key=lambda one: one.begun)
    said = f"Run {last.id} {what}"
    if not timedelta(0) <= now - last.begun <= lasts:
        return Answer(False, f"{said}, but it is older than {lasts.days} days.")
    return Answer(True, f"{said}.")


def _read(folder: Path, manifest: Mapping[str, Any]) -> Rehearsal:
    path = folder / "verdict.json"
    verdict = files.read_json(path) if path.exists() else {}
    by_phase = verdict.get("by_phase") or {}
    passed = all(by_phase.get(phase.value) == Verdict.PASS for phase in JUDGED)
    return Rehearsal(
        id=folder.name,
        begun=datetime.fromisoformat(manifest["begun"]),
        environment=str(manifest["environment"]),
        instance=str(manifest["target"]["instance_name"]),
        passed=passed and verdict.get("verdict") == Verdict.PASS,
        restored=any(_restored(entry) for entry in _ledger(folder)),
        same=manifest.get("code") == revision.code(),
        decisions=str((manifest.get("transform") or {}).get("resolutions", "")),
        source=str((manifest.get("source") or {}).get("identity", "")),
    )


def _ledger(folder: Path) -> list[LedgerEntry]:
    lines = chain.lines((folder / "ledger.jsonl").read_bytes())
    return [LedgerEntry.model_validate(chain.content_of(line)) for line in lines]


def _restored(entry: LedgerEntry) -> bool:
    done = entry.step == "rollback" and entry.outcome is StepOutcome.DONE
    return done and entry.notes.get("how") == RESTORED
