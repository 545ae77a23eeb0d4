"""What came of a run after its decision, for the page: the cutover's steps, and what a rollback would take.

Pure, from the records; what a rollback would take was counted when somebody last asked (`status`, `report`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reports.read import Evidence
from reports.tables import mapping, number


@dataclass(frozen=True)
class Step:
    """One step of the cutover. `expected`: what it took when an earlier run did it, in words."""

    title: str
    outcome: str
    at: str
    seconds: float
    expected: str


@dataclass(frozen=True)
class Live:
    """Where people are, by which steps, and the documents that a rollback would take from them: table, kind
    and number, as counted at `counted`."""

    sentence: str
    steps: list[Step]
    counted: str
    stranded: list[tuple[str, str, int]]
    total: int


def live(evidence: Evidence) -> Live | None:
    """None for a run that was never cut over, and of which nobody asked what a rollback would take."""
    if not evidence.cutover and not evidence.status:
        return None
    rows = [
        (str(table), str(kind), number(count))
        for table, kinds in sorted(mapping(evidence.status.get("documents")).items())
        for kind, count in sorted(mapping(kinds).items())
    ]
    given = evidence.cutover.get("steps")
    return Live(
        sentence=_sentence(evidence.cutover),
        steps=[_step(mapping(one)) for one in given] if isinstance(given, list) else [],
        counted=str(evidence.status.get("at", "")),
        stranded=rows,
        total=sum(count for _, _, count in rows),
    )


def _sentence(cutover: Mapping[str, Any]) -> str:
    if not cutover:
        return "Not cut over."
    url, domain = cutover.get("url", "?"), cutover.get("domain", "?")
    if cutover.get("live"):
        return f"v2 is live at {url}."
    return f"The cutover of {url} did not come to its end; the domain leads to {domain}."


def _step(one: Mapping[str, Any]) -> Step:
    expected = one.get("expected_s")
    return Step(
        title=str(one.get("title", one.get("step", "?"))),
        outcome=str(one.get("outcome", "?")),
        at=str(one.get("at", "")),
        seconds=float(one.get("seconds") or 0),
        expected="" if expected is None else f"{float(expected):.1f} s",
    )
