"""How long steps take, predicted from what earlier runs measured, and scaled to what is on the target now.

Reads the ledgers of the runs beside this one; a torn record proves nothing and is left out. Convex names no
rate for imports, only what one transaction may write (contract 7.4: 16,000 documents); that bounds from below
how many transactions a restore is, and is said beside the measured time, never in its place.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migration import chain, files
from migration.model import REHEARSED_ROLLBACK, ROLLBACK, LedgerEntry, StepOutcome
from migration.rollback import RESTORED

TRANSACTION_DOCUMENTS = 16_000
_OWN_ROLLBACK = {"pause": 1, "backup": 2, "load": 1}
"""What a rollback is made of: a pause, an export before and one after, and an import of everything."""


@dataclass(frozen=True)
class Prediction:
    """Seconds that a step is expected to take (None: nobody has measured it), and what that rests on."""

    seconds: float | None
    basis: str


@dataclass(frozen=True)
class Measured:
    """One step of an earlier run."""

    run: str
    environment: str
    seconds: float
    documents: int


def rollback(runs_dir: Path, environment: str, documents: int, own: Sequence[LedgerEntry]) -> Prediction:
    """A restore of so many documents: as the slowest that was measured on such a pair, else as this run's own
    backup and load took."""
    taken = [
        one for step in (ROLLBACK, REHEARSED_ROLLBACK) for one in _measured(runs_dir, step, how=RESTORED)
    ]
    measured = [one for one in taken if one.environment == environment] or taken
    if measured:
        slowest = max(measured, key=lambda one: _scaled(one, documents))
        return Prediction(_scaled(slowest, documents), f"measured in run {slowest.run}, {_bound(documents)}")
    took = _took(own)
    if any(step not in took for step in _OWN_ROLLBACK):
        return Prediction(None, "no rollback was measured; rehearse one")
    seconds = sum(times * took[step] for step, times in _OWN_ROLLBACK.items())
    return Prediction(seconds, f"from this run's own backup and load, {_bound(documents)}")


def of_step(runs_dir: Path, step: str, *, other_than: str) -> float | None:
    """What a step took when another run last did it; None when none did."""
    found = [one.seconds for one in _measured(runs_dir, step) if one.run != other_than]
    return found[-1] if found else None


def documents_of(manifest: Mapping[str, Any]) -> int:
    """How many documents a rollback would bring back."""
    tables = ((manifest.get("backup") or {}).get("tables") or {}).values()
    return sum(int(table.get("documents", 0)) for table in tables)


def _measured(runs_dir: Path, step: str, *, how: str = "") -> Iterator[Measured]:
    for path in sorted(runs_dir.glob("*/manifest.json")):
        try:
            environment = str(files.read_json(path)["environment"])
            lines = chain.lines((path.parent / "ledger.jsonl").read_bytes())
            ledger = [LedgerEntry.model_validate(chain.content_of(line)) for line in lines]
        except (OSError, ValueError, KeyError, TypeError):
            continue
        for one in ledger:
            if one.step == step and one.outcome is StepOutcome.DONE and how in ("", one.notes.get("how")):
                documents = int(one.notes.get("documents") or 0)
                yield Measured(path.parent.name, environment, one.duration_ms / 1000, documents)


def _scaled(one: Measured, documents: int) -> float:
    """Never less than measured: what does not grow with the data is not told apart."""
    return one.seconds * max(1.0, documents / one.documents) if one.documents else one.seconds


def _took(ledger: Sequence[LedgerEntry]) -> dict[str, float]:
    return {one.step: one.duration_ms / 1000 for one in ledger if one.outcome is StepOutcome.DONE}


def _bound(documents: int) -> str:
    least = max(1, math.ceil(documents / TRANSACTION_DOCUMENTS))
    return f"{documents:,} documents, at least {least:,} transactions of Convex"
