"""The ledger of features for the page: what is open first, then by area; from `features.json` alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reports.tables import mapping

TAGS = {"proven": "pass", "attested": "pass", "signed off": "unknown", "open": "fail"}


@dataclass(frozen=True)
class FeatureRow:
    """One feature. `tag`: how its state is coloured; `blocks`: it stands in the way of GO."""

    id: str
    name: str
    status: str
    state: str
    tag: str
    critical: bool
    blocks: bool
    why: str


@dataclass(frozen=True)
class Ledger:
    """All features. `blocking`: those that shut the gate; `areas`: every one, by area, with its counts."""

    site: str
    counted: list[tuple[str, int]]
    beside: int
    blocking: list[FeatureRow]
    areas: list[tuple[str, str, list[FeatureRow]]]


def ledger(record: Mapping[str, Any]) -> Ledger | None:
    """What the page shows of the ledger; None where the run has no record of one."""
    given = record.get("features")
    if not isinstance(given, list) or not given:
        return None
    rows = [(mapping(one), _row(mapping(one))) for one in given]
    counted = Counter(row.state for one, row in rows if one.get("counted") is True)
    areas: dict[str, list[FeatureRow]] = {}
    for one, row in rows:
        areas.setdefault(str(one.get("area", "")), []).append(row)
    return Ledger(
        site=str(record.get("site", "")),
        counted=[(state, counted[state]) for state in TAGS if counted[state]],
        beside=len(rows) - counted.total(),
        blocking=[row for _, row in rows if row.blocks],
        areas=[(name, _told(found), found) for name, found in areas.items()],
    )


def _row(one: Mapping[str, Any]) -> FeatureRow:
    state = str(one.get("state", ""))
    return FeatureRow(
        id=str(one.get("id", "")),
        name=str(one.get("name", "")),
        status=str(one.get("status", "")),
        state=state,
        tag=TAGS.get(state, "fail"),
        critical=one.get("critical") is True,
        blocks=one.get("blocks") is True,
        why=str(one.get("why", "")),
    )


def _told(rows: list[FeatureRow]) -> str:
    states = Counter(row.state for row in rows)
    return ", ".join(f"{states[state]} {state}" for state in TAGS if states[state])
