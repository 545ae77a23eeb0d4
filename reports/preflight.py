"""The preflight of a run for the page: what was taken over by name, what was attested, what was open.

From the run's `preflight.json` alone. A run on the embedded pair has none; a record that is not of the
expected shape is shown as what it holds, never as open gates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reports.tables import mapping

ORDER = ("shut", "accepted", "attested", "open", "not applicable")
TAGS = {"open": "pass", "shut": "fail", "accepted": "unknown", "attested": "pass"}


@dataclass(frozen=True)
class GateRow:
    """One gate as the run began with it. `said`: who took it over or attested it, and their words."""

    name: str
    state: str
    tag: str
    question: str
    detail: str
    said: str


@dataclass(frozen=True)
class Preflight:
    """The gates of a run, the notable ones apart; `counted`: how many of each state."""

    at: str
    notable: list[GateRow]
    others: list[GateRow]
    counted: list[tuple[str, int]]


def preflight(record: Mapping[str, Any]) -> Preflight | None:
    """What the page shows of a preflight; None where the run has no record of one."""
    given = record.get("gates")
    if not isinstance(given, list):
        return None
    rows = sorted((_row(mapping(one)) for one in given), key=_weight)
    states = list(dict.fromkeys(row.state for row in rows))
    counted = [(state, sum(row.state == state for row in rows)) for state in states]
    return Preflight(
        at=str(record.get("at", "")),
        notable=[row for row in rows if row.state not in {"open", "not applicable"}],
        others=[row for row in rows if row.state == "open"],
        counted=counted,
    )


def _row(gate: Mapping[str, Any]) -> GateRow:
    state, by, note = (str(gate.get(name, "")) for name in ("state", "by", "note"))
    verb = "takes it over" if state == "accepted" else "attests it"
    return GateRow(
        name=str(gate.get("gate", "?")),
        state=state or "not recorded",
        tag=TAGS.get(state, ""),
        question=str(gate.get("question", "")),
        detail=str(gate.get("detail", "")),
        said=f"{by} {verb}: {note}" if by else "",
    )


def _weight(row: GateRow) -> tuple[int, str]:
    return ORDER.index(row.state) if row.state in ORDER else -1, row.name
