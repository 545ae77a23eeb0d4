"""What a cutover came to, from the run's records: `cutover.json`, and the verdict of the public site.

After the decision, like re-checks: the verdict of the run itself stays what it was. A site that was red
through its public address stays so for this run, and turns the decision (`migration.decision`).
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from migration import files, verdict
from migration.cutover import durations
from migration.cutover.clock import Clock
from migration.cutover.plan import ORDER, TITLES, Name, standing
from migration.model import LedgerEntry, Phase, StepOutcome, Verdict
from migration.run import Run

NAME = "cutover.json"


def site(run: Run) -> Verdict | None:
    """The verdict of the site through its public address over all attempts; None before the first."""
    return verdict.judge_phase(run, Phase.CUTOVER) if run.required().get(Phase.CUTOVER) else None


def write(run: Run, clock: Clock, url: str, runs_dir: Path) -> dict[str, Any]:
    """Writes cutover.json from the ledger: each step with the time it took and the time that was expected."""
    ledger = run.ledger()
    found = standing(ledger)
    steps = [_step(name, ledger, runs_dir, run.id) for name in (*ORDER, Name.BACK)]
    ended = datetime.fromisoformat(ledger[-1].at)
    content = {
        "url": url,
        "live": found.live,
        "domain": "v2" if found.moved else "v1",
        "site": site(run),
        "window": {
            "began": clock.began.isoformat(),
            "minutes": clock.window.total_seconds() / 60,
            "used_s": round((ended - clock.began).total_seconds(), 1),
            "rollback_s": clock.rollback.seconds,
            "rollback_basis": clock.rollback.basis,
        },
        "steps": [one for one in steps if one["outcome"]],
    }
    files.write_json(run.folder / NAME, content)
    return content


def _step(name: Name, ledger: list[LedgerEntry], runs_dir: Path, run_id: str) -> dict[str, Any]:
    """The last time that a step was taken."""
    mine = [entry for entry in ledger if entry.step == name]
    last = mine[-1] if mine else None
    outcome = (
        "cut off" if last and last.outcome is StepOutcome.STARTED else last.outcome.value if last else ""
    )
    return {
        "step": name.value,
        "title": TITLES[name],
        "outcome": outcome,
        "at": last.at if last else "",
        "seconds": round(last.duration_ms / 1000, 1) if last else 0.0,
        "expected_s": durations.of_step(runs_dir, name.value, other_than=run_id),
    }
