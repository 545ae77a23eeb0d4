"""The way back: the target is what its backup says, proven, and both sides are open again.

After a FAIL, after a change of mind, or after any step that could not go on. An import that was begun is
brought to its end first, and so is a restore of an earlier attempt; then the target is exported and compared,
restored only when it differs by our doing, and compared again. What users wrote on v2 meanwhile is kept
before it is taken from them (`migration.delta`). The fence is lifted and the pause ended last, so that nobody
meets a half-restored target.

A target that was proven equal is noted so before it is opened, and never restored a second time: whatever is
there after that was written by its users.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migration import backup, delta, fence, load, standing
from migration.archive import SnapshotSum, summarise
from migration.context import Context
from migration.errors import RunIncomplete
from migration.target import Target

NAME = "rolled_back.zip"
RESTORED, EQUAL, EARLIER, OTHERS = "restored", "equal", "earlier", "others'"


@dataclass(frozen=True)
class RolledBack:
    """What a rollback did. `how` the target's data came to be what it is:

    restored   the backup was imported
    equal      it was still equal to the backup
    earlier    a rollback before this one had proven it, and it was not touched
    others'    this run never changed it, somebody else did after the backup: it was left as it is

    `stranded`: what was written on v2 since it was opened, by table and kind; kept in `delta.NAME`.
    """

    how: str
    digest: str
    documents: int
    lifted: int
    stranded: dict[str, dict[str, int]]


def carry_out(context: Context) -> RolledBack:
    """Restores and proves; raises `RunIncomplete` when the target is not equal to its backup afterwards."""
    manifest = context.run.manifest()
    wanted = manifest.get("backup")
    how = EQUAL if wanted is None else EARLIER if wanted.get("restored") else _restored(context, manifest)
    stranded = context.run.manifest().get("stranded", {}).get("documents", {}) if wanted else {}
    lifted = fence.lift(context.source, context.run.id) if context.settings.fences else ()
    _reopen(context, manifest)
    documents = sum(table["documents"] for table in wanted["tables"].values()) if wanted else 0
    return RolledBack(how, wanted["digest"] if wanted else "", documents, len(lifted), stranded)


def _restored(context: Context, manifest: dict[str, Any]) -> str:
    """Makes the target equal to its backup and proves it; how it came to be so."""
    target, wanted = context.target, manifest["backup"]
    ours = load.settle(target, manifest.get("load", {}))
    _pause(target)
    how = RESTORED if _finished_restore(target, manifest.get("restore", {})) else EQUAL
    found = _exported(context)
    _keep_what_users_wrote(context, manifest.get("load", {}).get("import_id"))
    if found.digest != wanted["digest"]:
        if not ours and how == EQUAL:
            return OTHERS
        _own(context.run.data / backup.NAME, wanted)
        import_id = target.upload(context.run.data / backup.NAME, "replaceAll")
        context.run.update_manifest(restore={"import_id": import_id})
        target.perform(import_id, advance=context.advance)
        how, found = RESTORED, _exported(context)
    _equal(wanted, found)
    context.written.undo(context.run.id)
    context.run.update_manifest(backup={**wanted, "restored": True})
    return how


def _finished_restore(target: Target, noted: dict[str, Any]) -> bool:
    """Brings the restore that an earlier attempt uploaded to its end; False when there is none to be had."""
    import_id = noted.get("import_id")
    if import_id is None or target.import_state(import_id).state in {"absent", "failed"}:
        return False
    target.perform(import_id)
    return True


def _pause(target: Target) -> None:
    """After the opening, users may be writing: what they write in the middle of a restore would be lost
    unseen."""
    if target.state() == "running":
        target.pause()


def _keep_what_users_wrote(context: Context, import_id: str | None) -> None:
    """Once for a load: a rollback that is begun again finds the backup there, and nothing of theirs."""
    data, noted = context.run.data, context.run.manifest().get("stranded", {})
    if noted and noted.get("import_id") == import_id:
        return
    judged = data / delta.JUDGED
    written = import_id is not None and standing.was_opened(context.run) and judged.exists()
    documents = delta.write(judged, data / NAME, data) if written else {}
    context.run.update_manifest(stranded={"import_id": import_id, "documents": documents})


def _reopen(context: Context, manifest: dict[str, Any]) -> None:
    """The target runs again, if it was this run that paused it."""
    if manifest.get("pause", {}).get("before") not in {None, "paused"}:
        context.target.unpause()
    context.run.update_manifest(pause={}, load={}, restore={}, rolled_back=manifest.get("load", {}))


def _exported(context: Context) -> SnapshotSum:
    return summarise(context.target.export(context.run.data / NAME, advance=context.advance))


def _own(path: Path, wanted: dict[str, Any]) -> None:
    """Another pair's backup, or a damaged one, must not replace what the target holds."""
    if summarise(path).digest != wanted["digest"]:
        raise RunIncomplete(
            f"{path.name} in the data folder is not the backup that this run took.",
            touched="The target's data was not changed; the fence and the pause stay.",
            next_step="Put this run's own backup back (CUTOVER_DATA_DIR), then invoke rollback again.",
        )


def _equal(wanted: dict[str, Any], found: SnapshotSum) -> None:
    if found.digest == wanted["digest"]:
        return
    held = {name: table.digest for name, table in found.tables.items() if table.documents}
    backed = {name: table["digest"] for name, table in wanted["tables"].items() if table["documents"]}
    other = sorted(name for name in {*held, *backed} if held.get(name) != backed.get(name))
    raise RunIncomplete(
        f"After the restore the target differs from its backup in {', '.join(other) or 'stored files'}.",
        touched="The backup was imported; the fence and the pause stay.",
        next_step="The backup is kept in the data folder: invoke rollback again, or import it by hand.",
    )
