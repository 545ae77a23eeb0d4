"""Removes a run's raw data from the data folder, and proves that nothing of it is left (law 13).

After the end of a run. The evidence stays, and so do the hashes of what was written to a deployment, by which
later runs know their documents (`migration.written`). Refused while the run's data is still the way back.
"""

from __future__ import annotations

import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from migration import vault
from migration.errors import Refusal, RunIncomplete
from migration.model import LedgerEntry, StepOutcome
from migration.run import Run, iso_now
from migration.verdict import is_loaded, is_rolled_back


@dataclass(frozen=True)
class Removed:
    """What was in the folder: files, and their bytes."""

    files: int
    bytes: int


def purge(run: Run, *, confirm: str = "") -> Removed:
    """Removes the run's data folder and notes it in the ledger. A `Refusal` while the data is needed, unless
    the target's name is typed as `confirm`."""
    if needed := _needed(run):
        name = str((run.manifest().get("target") or {}).get("name", run.id))
        if confirm != name:
            raise Refusal(
                f"The data of run {run.id} is still needed: {needed}.",
                touched="Nothing was removed.",
                next_step=f"Take the run back first (./inv rollback), or add --confirm {name} to give it up.",
            )
    found = _counted(run.data)
    shutil.rmtree(run.data, ignore_errors=True)
    vault.place(run).unlink(missing_ok=True)
    left = _counted(run.data)
    outcome = StepOutcome.FAILED if run.data.exists() else StepOutcome.DONE
    notes = {"files": found.files, "bytes": found.bytes, "files_left": left.files}
    run.append_ledger(LedgerEntry(step="purge", outcome=outcome, at=iso_now(), notes=notes))
    if outcome is StepOutcome.FAILED:
        raise RunIncomplete(
            f"{left.files} files of {run.data} could not be removed.",
            touched=f"{found.files - left.files} of {found.files} files were removed; the evidence is whole.",
            next_step="Look at the rights of what is left, then ./inv purge again.",
        )
    return found


def _needed(run: Run) -> str:
    """Why the data is still needed; empty when it is not."""
    ledger = run.ledger()
    pair_is_gone = run.settings_environment() == "embedded" and not Path(run.manifest()["pair"]).exists()
    if not ledger or is_rolled_back(ledger) or pair_is_gone:
        return ""
    if is_loaded(ledger):
        return "it was loaded and not rolled back, and its backup is the way back"
    return "it was begun and neither loaded nor rolled back, and would be resumed from it"


def _counted(folder: Path) -> Removed:
    found = [path.lstat() for path in folder.rglob("*")] if folder.exists() else []
    sizes = [one.st_size for one in found if not stat.S_ISDIR(one.st_mode)]
    return Removed(len(sizes), sum(sizes))
