"""The probe that carries the whole migration out but for its effects: a dry run, and every document held to
the deployed schema and to Convex's limits.

Collisions, orphans, unknown words and rows too large are found by the rules that will move them, not by a
second set of rules. The rows that need a decision are left in the data folder for `quarantine`.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import orjson

from migration import flow
from migration.errors import RowsQuarantined
from migration.link import TABLES
from migration.preflight.model import Answer
from migration.preflight.scene import Scene
from migration.preflight.schema import beyond_limits, mismatch
from migration.quarantine import Quarantined, read
from migration.steps import STEPS

LISTED = "preflight/quarantine.jsonl"
_SHOWN = 3


def source(scene: Scene) -> Answer:
    """Every row becomes a document that the target will take, or somebody has decided about it."""
    with flow.dry(scene.settings, scene.progress) as context:
        try:
            steps = [flow.rehearsed(context, step) for step in STEPS]
        except RowsQuarantined as error:
            listed = context.run.data / "quarantine.jsonl"
            if not listed.exists():
                return Answer(False, error.happened)
            shutil.copyfile(listed, scene.settings.data_dir / LISTED)
            return Answer(False, f"{error.happened} {_first(read(listed))}")
        wrong = _refused(scene, context.run.data / "transformed")
    if wrong:
        return Answer(False, wrong)
    documents = sum(int(step.notes.get("documents", 0)) for step in steps if step.name == "load")
    known = "the deployed schema" if scene.schema else "Convex's limits"
    return Answer(True, f"{documents:,} documents would be imported; each fits {known}.")


def _refused(scene: Scene, folder: Path) -> str:
    """What of the transformed documents the target would not take; empty when it takes all."""
    found: dict[str, int] = {}
    first = ""
    for table in TABLES:
        validator = (scene.schema or {}).get(table)
        with (folder / f"{table}.ndjson").open("rb") as lines:
            for line in lines:
                document = orjson.loads(line)
                place = mismatch(validator, document)
                wrong = f"does not fit the schema at {place}" if place is not None else None
                wrong = beyond_limits(line.rstrip(), document) or wrong
                if wrong:
                    found[f"{table} {wrong}"] = found.get(f"{table} {wrong}", 0) + 1
                    first = first or str(document["_id"])
    if not found:
        return ""
    counted = [f"{count} of {what}" for what, count in sorted(found.items())[:_SHOWN]]
    return f"{sum(found.values())} documents would be refused: {'; '.join(counted)}. First: {first}."


def _first(rows: list[Quarantined]) -> str:
    shown = [f"{row.table} {row.key} {row.reason}" for row in rows[:_SHOWN]]
    return f"First: {', '.join(shown)}." if shown else ""
