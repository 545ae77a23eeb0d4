"""What a rollback would take from v2's users, counted live: the documents that came, changed or went since.

After the opening, whenever somebody asks. The target is exported and held against what was judged while it
was paused; the export is removed again, and only counts are kept (`status.json`). The documents themselves
are saved when a rollback is really made (`migration.rollback`).
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from migration import delta, files, flow, standing
from migration.config import Settings
from migration.errors import RunIncomplete
from migration.progress import Progress
from migration.run import Run, iso_now

NAME = "status.json"
_EXPORT = "status.zip"


def count(settings: Settings, run: Run, progress: Progress) -> dict[str, Any]:
    """Counts, and keeps in status.json: `at`, and by table and kind the number of documents."""
    standing.must_be_loaded(run)
    judged = run.data / delta.JUDGED
    if not judged.exists():
        raise RunIncomplete(
            "What was judged is not in the data folder any more, so what came since can not be counted.",
            touched="Nothing was changed.",
            next_step="A rollback needs it too: invoke purge removed it.",
        )
    path = flow.export_target(settings, run, _EXPORT, progress)
    counts: dict[str, Counter[str]] = {}
    try:
        for change in delta.changes(judged, path):
            counts.setdefault(change.table, Counter())[change.kind] += 1
    finally:
        path.unlink(missing_ok=True)
    found = {"at": iso_now(), "documents": {table: dict(kinds) for table, kinds in sorted(counts.items())}}
    files.write_json(run.folder / NAME, found)
    return found


def spoken(found: dict[str, Any]) -> str:
    """The counts in one line."""
    summed = delta.total(found["documents"])
    kinds = ", ".join(f"{number:,} {kind}" for kind, number in sorted(summed.items())) or "nothing"
    return f"A rollback would take from v2: {kinds} (documents since the opening, counted at {found['at']})."
