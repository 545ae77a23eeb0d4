"""How far a run has come, told from its own records: what is done, loaded, opened, taken back.

Read by `migration.flow` before it acts, and by the verbs. Nothing here connects to a side.
"""

from __future__ import annotations

from migration.errors import RunIncomplete
from migration.model import LedgerEntry, StepOutcome
from migration.run import Run


def last_done(run: Run, name: str) -> LedgerEntry | None:
    """The last good end of a step, unless it was begun again or taken back since."""
    found = None
    for entry in run.ledger():
        if entry.step == "rollback" and entry.outcome is StepOutcome.DONE:
            found = None
        if entry.step == name and entry.outcome is not StepOutcome.SKIPPED:
            found = entry if entry.outcome is StepOutcome.DONE else None
    return found


def committed(run: Run) -> bool:
    """Whether the run's import is on the target, and was noted to be."""
    return last_done(run, "load") is not None


def was_opened(run: Run) -> bool:
    """Whether the target was opened after its last load: since then its users write, and the canary.

    An opening that did not come to its end counts: it may have been carried out.
    """
    steps = [(entry.step, entry.outcome) for entry in run.ledger()]
    loaded = [number for number, step in enumerate(steps) if step == ("load", StepOutcome.DONE)]
    return bool(loaded) and "open" in [name for name, _ in steps[loaded[-1] :]]


def must_be_loaded(run: Run) -> None:
    """`RunIncomplete` when nothing of this run is on the target: then there is nothing to judge."""
    must_not_be_half_taken_back(run)
    if not committed(run):
        raise RunIncomplete(
            f"Nothing of run {run.id} is loaded on the target, so there is nothing to judge.",
            touched="Nothing was changed.",
            next_step="Go on with invoke migrate --resume, or begin anew with invoke migrate.",
        )


def must_not_be_half_taken_back(run: Run) -> None:
    """`RunIncomplete` when a rollback of this run was begun and did not end: only its end leads on."""
    outcomes = [entry.outcome for entry in run.ledger() if entry.step == "rollback"]
    if outcomes and outcomes[-1] is not StepOutcome.DONE:
        raise RunIncomplete(
            f"A rollback of run {run.id} was begun and has not come to its end: the target may hold the "
            "import, or its backup again.",
            touched="Nothing was changed by this.",
            next_step=f"Finish it first: ./inv rollback --run {run.id}.",
        )


def way_back(run: Run) -> str:
    """The command that restores the target, from the moment that its data may be changed by this run; else
    nothing."""
    if not run.manifest().get("load", {}).get("import_id"):
        return ""
    how = "is" if committed(run) else "was begun, and may be"
    return f"The import of run {run.id} {how} on the target. To restore it: ./inv rollback --run {run.id}"
