"""Load: one atomic import of the union of the target's documents and ours, and the record of what was
written.

After transform, while the target is paused; the only step that changes the target's data. Until the import
commits the target is untouched. Each stage is recorded before the next begins, so that a killed process
can go on: an upload that was never confirmed changes nothing, and confirming twice is the same as once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from migration.errors import RunIncomplete
from migration.run import Run
from migration.target import Advance, Target
from migration.union import Union
from migration.written import Written

NAME = "import.zip"
_GONE = {"absent", "failed"}


def carry_out(run: Run, target: Target, union: Union, written: Written, advance: Advance) -> dict[str, Any]:
    """Imports the run's ZIP and returns what the manifest keeps, having made sure that every document
    arrived.

    An import that this run uploaded before is carried on with. `RunIncomplete` when the deployment refuses
    the content: then its data is as it was.
    """
    written.prepare(run.id, union.ours, union.filled)
    noted = run.manifest().get("load", {})
    import_id = _standing(target, noted, union)
    if import_id is None:
        settle(target, noted)  # one of other bytes must not wait for somebody who confirms it
        import_id = target.upload(run.data / NAME, "replace", advance=advance)
    record = {**_record(union), "import_id": import_id, "committed": False}
    run.update_manifest(load=record)
    done = target.perform(import_id, advance=advance)
    written.commit(run.id)
    record["committed"] = True
    run.update_manifest(load=record)
    if done.rows != union.documents:
        raise RunIncomplete(
            f"The import reports {done.rows} documents, but {union.documents} were sent.",
            touched="The import is on the target, which stays paused.",
            next_step="Take it back: invoke rollback.",
        )
    return record


def settle(target: Target, noted: Mapping[str, Any]) -> bool:
    """Brings an import that was begun to its end, and tells whether the target's data was changed by it.

    One that was never confirmed is cancelled; one under way is waited for.
    """
    import_id = noted.get("import_id")
    if import_id is None:
        return False
    state = target.import_state(import_id).state
    if state == "in_progress":
        state = target.ended(import_id).state
    elif state in {"uploaded", "waiting_for_confirmation"}:
        target.cancel_import(import_id)
    # the deployment forgets an import after a week: then it may have been carried out
    return state in {"completed", "absent"} or bool(noted.get("committed"))


def under_way(target: Target, noted: Mapping[str, Any]) -> bool:
    """Whether the import that this run noted was confirmed: then the target is as it makes it, or will be."""
    import_id = noted.get("import_id")
    return import_id is not None and target.import_state(import_id).state in {"in_progress", "completed"}


def _standing(target: Target, noted: Mapping[str, Any], union: Union) -> str | None:
    """The import of these very bytes that an earlier attempt of this run uploaded, if it can still be
    used."""
    import_id = noted.get("import_id")
    if import_id is None or noted.get("digest") != union.digest:
        return None
    return None if target.import_state(import_id).state in _GONE else str(import_id)


def _record(union: Union) -> dict[str, Any]:
    return {
        "documents": union.documents,
        "digest": union.digest,
        "tables": {name: asdict(table) for name, table in union.tables.items()},
    }
