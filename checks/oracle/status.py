"""Statuses: the words of v1, and what v2's own date rules make of a case (calculateAutoStatus).

`auto` is what the first edit in v2 would write over a case without the override flag.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from checks.calendar import status
from checks.calendar.days import Thrown

WORDS: dict[str, tuple[str, str | None]] = {
    "pwd": ("pwd", None),
    "pwd approved": ("recruitment", None),
    "recruitment": ("recruitment", None),
    "eta 9089 prep": ("eta9089", None),
    "eta 9089 filed": ("eta9089", None),
    "eta 9089 audit": ("eta9089", None),
    "eta 9089 certified": ("i140", None),
    "i-140 prep": ("i140", None),
    "i-140 filed": ("i140", None),
    "i-140 approved": ("i140", None),
    "complete": ("i140", None),
    "closed": ("closed", "manual"),
    "withdrawn": ("closed", "withdrawn"),
    "denied": ("closed", "denied"),
}
"""v1's case word, stripped and case-folded, to v2's status and the reason of a closed one."""

PROGRESS_TEXTS = {
    **dict.fromkeys(("working on it", "in_progress", "working"), "working"),
    **dict.fromkeys(("under review", "under_review"), "under_review"),
    **dict.fromkeys(
        (
            "pending intake",
            "pending documents",
            "pending signatures",
            "waiting period",
            "pending",
            "on_hold",
            "waiting_intake",
        ),
        "waiting_intake",
    ),
    "filed": "filed",
    **dict.fromkeys(("complete", "completed", "approved"), "approved"),
    "rfi_rfe": "rfi_rfe",
}
PROGRESS_BY_WORD = {
    "eta 9089 filed": "filed",
    "i-140 filed": "filed",
    "eta 9089 audit": "under_review",
    "i-140 approved": "approved",
    "complete": "approved",
}


def folded(text: str | None) -> str:
    """A word or text as the tables know it."""
    return (text or "").strip().casefold()


def progress(word: str, text: str | None, *, entry_open: bool) -> tuple[str, bool]:
    """The progress of a case with this folded word and this text; and whether the text is unknown."""
    if entry_open and WORDS[word][0] != "closed":
        return "rfi_rfe", False
    if said := folded(text):
        return PROGRESS_TEXTS.get(said, "working"), said not in PROGRESS_TEXTS
    return PROGRESS_BY_WORD.get(word, "working"), False


def is_open(entries: Iterable[Mapping[str, Any]]) -> bool:
    """Whether one of these RFI or RFE entries came and was never answered."""
    return any(map(status.is_open, entries))


def auto(case: Mapping[str, Any], now_ms: int) -> tuple[str, str]:
    """v2's own status and progress for a case document at this instant; two empty words where v2 throws."""
    try:
        return status.automatic(case, now_ms)
    except Thrown:
        return "", ""
