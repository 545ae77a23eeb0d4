"""The timeline of the seeds, T+0 to T+90 days: what must hold, what is said, what is done, in which order.

Pure: no clock, no file, no network. An item is due at its time after go-live. An act waits for every item
before it; what a person says for its time, and for what it speaks of; what can be read is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from migration.errors import Refusal


class Kind(StrEnum):
    """How an item comes to be met: READ from evidence, ATTESTed by a named person, or done (ACT)."""

    READ = "read"
    ATTEST = "attest"
    ACT = "act"


class Met(StrEnum):
    """What was found of an item. BAD: the evidence speaks against it, which no later evidence outweighs."""

    YES = "yes"
    NOT_YET = "not yet"
    BAD = "bad"


class State(StrEnum):
    """Where an item stands. WAITS: its time has not come; BLOCKED: an item before it is not met."""

    DONE = "done"
    OPEN = "open"
    BLOCKED = "blocked"
    WAITS = "waits"
    BAD = "BAD"


@dataclass(frozen=True)
class Reading:
    """What was found of an item, in a sentence without secrets; `digest`: of the file that was read."""

    met: Met
    detail: str
    digest: str = ""


@dataclass(frozen=True)
class Item:
    """One row of the timeline. `ends`: it ends something of v1, and must be allowed and typed; `needs`: what
    must be met before a person may speak of it."""

    name: str
    after: timedelta
    kind: Kind
    title: str
    ends: bool = False
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Standing:
    """Where an item stands, when it is due, and why it is not done."""

    item: Item
    state: State
    due: datetime | None
    detail: str
    waits_for: tuple[str, ...] = field(default=())


HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LIVE = "live"

TIMELINE = (
    Item("judged", 0 * DAY, Kind.READ, "the run is loaded, judged PASS, opened and not taken back"),
    Item(
        LIVE,
        0 * DAY,
        Kind.ATTEST,
        "v2 is live at its address; the clock of this table starts here",
        needs=("judged",),
    ),
    Item("stable-day", 24 * HOUR, Kind.READ, "the re-checks are green for 24 hours"),
    Item("no-critical-bugs", 24 * HOUR, Kind.ATTEST, "nobody has reported a critical bug"),
    Item("feedback", 24 * HOUR, Kind.ATTEST, "users were asked, and what they said was looked at"),
    Item("calendar", 24 * HOUR, Kind.READ, "v1's calendar events are proven gone (calendar.prove)"),
    Item(
        "calendar-spot-check",
        24 * HOUR,
        Kind.ATTEST,
        "three users looked into their calendars",
        needs=("calendar",),
    ),
    Item("stable-week", 7 * DAY, Kind.READ, "the re-checks are green for 7 days"),
    Item("key-escrow", 7 * DAY, Kind.ATTEST, "v1's keys (ENCRYPTION_KEY, OAuth client) are kept in escrow"),
    Item("scale-to-zero", 7 * DAY, Kind.ACT, "v1's Render service has no instance any more", ends=True),
    Item("no-traffic", 8 * DAY, Kind.READ, "nobody has called the old API for 24 hours since"),
    Item(
        "grants-revoked",
        8 * DAY,
        Kind.ATTEST,
        "the grants that Google users gave v1 are revoked",
        needs=("scale-to-zero",),
    ),
    Item("delete-service", 8 * DAY, Kind.ACT, "v1's Render service is deleted", ends=True),
    Item("code", 14 * DAY, Kind.ACT, "v2 is the repository's root, v1's trees are gone (decommission.code)"),
    Item("final-dump", 30 * DAY, Kind.ACT, "v1's database is dumped, restored and compared row by row"),
    Item(
        "dump-stored",
        30 * DAY,
        Kind.ATTEST,
        "the dump is stored in a second, safe place",
        needs=("final-dump",),
    ),
    Item("no-v1-links", 30 * DAY, Kind.ACT, "no document on v2 points at v1's storage"),
    Item("pause-database", 30 * DAY, Kind.ACT, "v1's Supabase project is paused", ends=True),
    Item(
        "closed",
        90 * DAY,
        Kind.ATTEST,
        "the project is deleted by hand, or kept on purpose, and why",
        needs=("pause-database",),
    ),
)


def named(name: str, *, kind: Kind | None = None) -> Item:
    """The item of this name (and kind), or a `Refusal` that lists them."""
    of_kind = [one for one in TIMELINE if kind in (None, one.kind)]
    for item in of_kind:
        if item.name == name:
            return item
    what = {Kind.ATTEST: " to attest", Kind.ACT: " to carry out"}.get(kind, "") if kind else ""
    raise Refusal(
        f"There is no item {name!r}{what}.", next_step=f"Known: {', '.join(one.name for one in of_kind)}."
    )


def standings(found: Mapping[str, Reading], live: datetime | None, now: datetime) -> list[Standing]:
    """Where every item stands. `found`: what is known of each, without one for what nobody looked at; `live`:
    when v2 went live (None: nobody has said so)."""
    made: list[Standing] = []
    for item in TIMELINE:
        reading = found.get(item.name, Reading(Met.NOT_YET, "Nobody has looked."))
        due = None if live is None else live + item.after
        needed = item.needs if item.kind is Kind.ATTEST else tuple(one.item.name for one in made)
        needed = tuple(one.item.name for one in made) if item.kind is Kind.ACT else item.needs
        undone = (one.item.name for one in made if one.state is not State.DONE)
        before = tuple(name for name in undone if name in needed)
        state = _state(reading, before, is_due=_is_due(item, due, now))
        made.append(Standing(item, state, due, reading.detail, before if state is State.BLOCKED else ()))
    return made


def _is_due(item: Item, due: datetime | None, now: datetime) -> bool:
    if item.name in {"judged", LIVE}:
        return True
    return due is not None and due <= now


def _state(reading: Reading, before: Sequence[str], *, is_due: bool) -> State:
    if reading.met is Met.BAD:
        return State.BAD
    if not is_due:
        return State.WAITS
    if reading.met is Met.YES:
        return State.DONE
    return State.BLOCKED if before else State.OPEN


def refuse(standing: Standing, all_of_them: Sequence[Standing], now: datetime) -> None:
    """`Refusal` unless the item may be attested or carried out now."""
    item = standing.item
    if standing.state is State.DONE and item.kind is Kind.ACT:
        raise Refusal(f"{item.name} is done: {standing.detail}", next_step="./inv decommission.status")
    bad = [one.item.name for one in all_of_them if one.state is State.BAD]
    if bad and item.kind is Kind.ACT:
        raise Refusal(f"The evidence speaks against {', '.join(bad)}.", next_step="./inv decommission.status")
    if standing.state is State.WAITS:
        when = "v2 is not attested live" if standing.due is None else f"due {standing.due:%Y-%m-%d %H:%M} UTC"
        raise Refusal(
            f"{item.name} may not be said or done yet: {when}, and it is {now:%Y-%m-%d %H:%M} UTC.",
            next_step="./inv decommission.plan shows what comes when.",
        )
    if standing.state is State.BLOCKED:
        raise Refusal(
            f"{item.name} waits for {', '.join(standing.waits_for)}.",
            next_step="./inv decommission.status says what each of them asks.",
        )


def table() -> list[str]:
    """The timeline as rows of a page."""
    how = {Kind.READ: "read from evidence", Kind.ATTEST: "attested", Kind.ACT: "`decommission.run`"}
    rows = [
        f"| {_spelled(one.after)} | `{one.name}` | {one.title} | "
        f"{'`decommission.code`' if one.name == 'code' else how[one.kind]}{', typed' if one.ends else ''} |"
        for one in TIMELINE
    ]
    return ["| when | item | what must be so | how |", "| --- | --- | --- | --- |", *rows]


def _spelled(after: timedelta) -> str:
    return f"T+{after.days} d" if after.days > 1 else f"T+{int(after.total_seconds() / 3600)} h"
