"""The way back: the target is what its backup says, proven, and both sides are open again.

After a FAIL, after a change of mind, or after any step that could not go on. An import that was begun is
brought to its end first; then the target is exported and compared, restored only when it differs, and
compared again. What users wrote on v2 meanwhile is kept before it is taken from them (`migration.delta`).
The fence is lifted and the pause ended last, so that nobody meets a half-restored target.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migration import backup, delta, fence, load
from migration.archive import SnapshotSum, summarise
from migration.context import Context
from migration.errors import RunIncomplete
from migration.target import Target

RESTORED = "rolled_back.zip"


@dataclass(frozen=True)
class RolledBack:
    """What a rollback did. `restored`: the backup was imported (False: the target was still equal to it).
    `stranded`: what was written on v2 since it was opened, by table and kind; kept in `delta.NAME`."""

    restored: bool
    digest: str
    documents: int
    lifted: int
    stranded: dict[str, dict[str, int]]


def carry_out(context: Context) -> RolledBack:
    """Restores and proves; raises `RunIncomplete` when the target is not equal to its backup afterwards."""
    manifest = context.run.manifest()
    load.settle(context.target, manifest.get("load", {}))
    wanted = manifest.get("backup")
    restored, found, stranded = False, None, dict[str, dict[str, int]]()
    if wanted is not None:
        _pause(context.target)
        found = _exported(context)
        stranded = _kept_of_users(context, manifest.get("load", {}).get("import_id"))
        if found.digest != wanted["digest"]:
            _own(context.run.data / backup.NAME, wanted)
            context.target.import_zip(context.run.data / backup.NAME, "replaceAll")
            restored, found = True, _exported(context)
        _equal(wanted, found)
        context.written.undo(context.run.id)
    lifted = fence.lift(context.source, context.run.id)
    _reopen(context, manifest)
    documents = 0 if found is None else sum(table.documents for table in found.tables.values())
    return RolledBack(restored, "" if found is None else found.digest, documents, len(lifted), stranded)


def _pause(target: Target) -> None:
    """After the opening, users may be writing: what they write in the middle of a restore would be lost
    unseen."""
    if target.state() == "running":
        target.pause()


def _kept_of_users(context: Context, import_id: str | None) -> dict[str, dict[str, int]]:
    """What users wrote on v2, kept once for a load: a rollback that is begun again finds the backup there,
    and nothing of theirs."""
    data, noted = context.run.data, context.run.manifest().get("stranded", {})
    if import_id is not None and noted.get("import_id") == import_id:
        return dict(noted["documents"])
    judged = data / delta.JUDGED
    if import_id is None or not delta.is_due(context.run.ledger()) or not judged.exists():
        return {}
    documents = delta.write(judged, data / RESTORED, data)
    context.run.update_manifest(stranded={"import_id": import_id, "documents": documents})
    return documents


def _reopen(context: Context, manifest: dict[str, Any]) -> None:
    """The target runs again, unless it was paused before the run began."""
    if manifest.get("pause", {}).get("before") != "paused":
        context.target.unpause()
    context.run.update_manifest(pause={}, load={}, rolled_back=manifest.get("load", {}))


def _exported(context: Context) -> SnapshotSum:
    return summarise(context.target.export(context.run.data / RESTORED, advance=context.advance))


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
