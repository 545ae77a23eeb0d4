"""The backup: everything the target holds, files included, downloaded and read back before anything is
loaded.

After the pause, before link (which needs its table numbers). It is what a rollback restores, so it is read
from end to end at once: a backup that was never read is no backup.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from migration.archive import SnapshotSum, summarise
from migration.target import Advance, Target

NAME = "backup.zip"


def take(target: Target, folder: Path, advance: Advance | None = None) -> SnapshotSum:
    """Downloads the target to `backup.zip` in `folder` and reads it back."""
    return summarise(target.export(folder / NAME, include_storage=True, advance=advance))


def record(found: SnapshotSum) -> dict[str, Any]:
    """What the manifest keeps of a backup."""
    return {
        "digest": found.digest,
        "files": found.files,
        "tables": {
            name: {"number": table.number, "documents": table.documents, "digest": table.digest}
            for name, table in sorted(found.tables.items())
        },
    }
