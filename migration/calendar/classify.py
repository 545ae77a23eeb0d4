"""Whose an event is: v1's own, v2's own, a person's look-alike, one of a series, already gone, or none of
these.

Pure. Only `Kind.V1` may ever be deleted, so each rule that leads there asks for more than a title:

    an id that v1 stored   proof by itself, whatever the title says by now
    found by search        v1's label, an employer of this user's own v1 cases, the product's name in the
                           text, and made before v1 was fenced: what v1's un-sync left behind, with its id
                           forgotten

An id that v2 stores is never v1's, also when both store it: v2 would go on showing a dead event.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from migration.calendar.titles import PRODUCT, employer_of, label_of

Event = Mapping[str, Any]
"""An event as Calendar v3 spells it."""


class Kind(StrEnum):
    """Whose an event is. ASK: a person must look; OTHER: the search's free text hit something unrelated."""

    V1 = "v1"
    V2 = "v2"
    ASK = "ask"
    SERIES = "series"
    GONE = "gone"
    OTHER = "other"


@dataclass(frozen=True)
class Known:
    """What is known when the events of one user are judged.

    v1_ids, v2_ids: every event id that each side stores, of anybody. employers: of this user's v1 cases,
    folded. since: from then on v2 may have written for this user and v1 can not have (it was fenced by then).
    v2_connected: whether v2 holds a calendar connection or event ids of this user.
    """

    v1_ids: frozenset[str]
    v2_ids: frozenset[str]
    employers: frozenset[str]
    since: datetime
    v2_connected: bool = False


@dataclass(frozen=True)
class Judgement:
    """Whose, and why, in words without anybody's data."""

    kind: Kind
    reason: str


def judge(event: Event, known: Known) -> Judgement:
    """Whose this event is. The rules are asked in order; the first that applies decides."""
    event_id = str(event.get("id", ""))
    if event.get("status") == "cancelled":
        return Judgement(Kind.GONE, "it is cancelled already")
    if event_id in known.v2_ids:
        both = event_id in known.v1_ids
        return Judgement(Kind.V2, "v1 and v2 both store its id" if both else "v2 stores its id")
    if event.get("recurringEventId") or event.get("recurrence"):
        return Judgement(Kind.SERIES, "it repeats, and v1 made single events only")
    if event_id in known.v1_ids:
        return _stored(event)
    return _found(event, known)


def _stored(event: Event) -> Judgement:
    if event.get("attendees"):
        return Judgement(Kind.ASK, "v1 stores its id, but somebody has invited others to it")
    return Judgement(Kind.V1, "v1 stores its id")


def _found(event: Event, known: Known) -> Judgement:
    """An event that only the search found: v1's if everything says so, else a person's or v2's."""
    title = str(event.get("summary", ""))
    named = _names_the_product(event)
    if label_of(title) is None:
        return (
            Judgement(Kind.ASK, "it names the product, but has no title of v1's")
            if named
            else Judgement(Kind.OTHER, "only the free text of the search is in it")
        )
    made = _made(event)
    if made is None or made >= known.since:
        if known.v2_connected and made is not None:
            return Judgement(Kind.V2, "it was made after v1 was fenced, and v2 writes to this calendar")
        return Judgement(Kind.ASK, "it was made after v1 was fenced, and nobody stores its id")
    if employer_of(title) not in known.employers:
        return Judgement(Kind.ASK, "it has v1's label, but no employer of this user's cases")
    if not named or event.get("attendees"):
        return Judgement(Kind.ASK, "it has v1's title, but nothing else says that v1 made it")
    return Judgement(Kind.V1, "v1's title, case and text, from before the fence; its id was forgotten")


def _names_the_product(event: Event) -> bool:
    source = event.get("source")
    texts = (event.get("summary"), event.get("description"), source.get("title") if source else None)
    return any(PRODUCT.casefold() in str(text).casefold() for text in texts if text)


def _made(event: Event) -> datetime | None:
    try:
        made = datetime.fromisoformat(str(event.get("created", "")))
    except ValueError:
        return None
    return made if made.tzinfo else made.replace(tzinfo=UTC)
