"""Who said what about the run: approvals and rejections, accepted differences, decisions about rows.

From decision.json and the manifest alone; the state is as recorded, so that the page never knows better.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reports.read import Evidence
from reports.tables import mapping, moment


@dataclass(frozen=True)
class Word:
    """One person's word. `state`: what has become of it, `tag` how that is coloured; `counts`: an approval
    that holds."""

    by: str
    what: str
    text: str
    at: str
    state: str
    tag: str
    counts: bool


@dataclass(frozen=True)
class Said:
    """Everything that people answer for by name."""

    words: list[Word]
    accepted: list[Mapping[str, Any]]
    resolved: list[Mapping[str, Any]]


def said(found: Evidence) -> Said:
    """What the page shows."""
    return Said(
        words=[_word(one) for one in _rows(found.decision.get("approvals"))],
        accepted=_rows(found.decision.get("accepted")),
        resolved=_rows(mapping(found.manifest.get("transform")).get("resolved")),
    )


def _word(one: Mapping[str, Any]) -> Word:
    approves, void = one.get("word") == "approve", one.get("void")
    gone = "; ".join(map(str, void)) if isinstance(void, list) and void else ""
    until = f"holds until {moment(one.get('expires'))}" if approves else "stands"
    signed = f", signed with {one['signed_with']}" if one.get("signed_with") else ""
    return Word(
        by=str(one.get("by", "?")),
        what="approves" if approves else "rejects",
        text=str(one.get("text", "")),
        at=moment(one.get("at")),
        state=f"void: {gone}" if gone else f"{until}{signed}",
        tag="unknown" if gone else "pass" if approves else "fail",
        counts=approves and not gone,
    )


def _rows(value: Any) -> list[Mapping[str, Any]]:
    rows = value if isinstance(value, list) else []
    return [row for row in rows if isinstance(row, dict)]
