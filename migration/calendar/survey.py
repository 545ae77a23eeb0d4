"""Looks at every user's calendar and judges what is there: the first pass makes the plan, the second proves
it.

Changes nothing anywhere. A user who can not be looked at never looks like a user without events: the visit
says why. Between users there is the pause that `Pace` keeps.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from migration.calendar.classify import Event, Judgement, Kind, Known, judge
from migration.calendar.google import Absent, Calendar, CallFailed, Google, Revoked
from migration.calendar.model import Reach
from migration.calendar.people import Person
from migration.calendar.plan import Planned, Visit
from migration.calendar.titles import SEARCHES
from migration.calendar.tokens import Tokens
from migration.progress import Progress


@dataclass(frozen=True)
class Look:
    """What was seen of one user: each candidate once, with its judgement; stored ids that are not there."""

    visit: Visit
    judged: tuple[tuple[Event, Judgement], ...] = ()

    def planned(self) -> list[Planned]:
        """v1's own events, as a plan lists them."""
        return [
            Planned(
                event=str(event["id"]),
                user=self.visit.user,
                title=str(event.get("summary", "")),
                start=_start(event),
                reason=judgement.reason,
            )
            for event, judgement in self.judged
            if judgement.kind is Kind.V1
        ]


@dataclass
class _Seen:
    """Candidates of one user so far."""

    judged: dict[str, tuple[Event, Judgement]] = field(default_factory=dict)
    absent: int = 0


def survey(
    people: Sequence[Person],
    known: Mapping[str, Known],
    tokens: Tokens,
    google: Google,
    progress: Progress,
) -> Iterator[Look]:
    """One look a user, in order; past users that fail. An event that two users' grants show is the
    first's."""
    claimed: set[str] = set()
    for number, person in enumerate(people, start=1):
        look = look_at(person, known[person.id], tokens, google)
        fresh = tuple(one for one in look.judged if str(one[0]["id"]) not in claimed)
        claimed |= {str(event["id"]) for event, _ in fresh}
        progress.advance(number, len(people))
        yield Look(look.visit, fresh)


def look_at(person: Person, known: Known, tokens: Tokens, google: Google) -> Look:
    """One user's candidates: the ids that v1 stores first, then what the searches find beyond them."""
    opened = way_in(person, tokens, google)
    if not isinstance(opened, Calendar):
        return Look(_visit(person, *opened))
    google.pace.user()
    seen = _Seen()
    try:
        _stored(person, known, opened, seen)
        _searched(known, opened, seen)
    except Revoked as error:
        return Look(_visit(person, Reach.REVOKED, str(error)))
    except CallFailed as error:
        return Look(_visit(person, Reach.FAILED, str(error)))
    return Look(_visit(person, Reach.SEEN, "", seen), tuple(seen.judged.values()))


def way_in(person: Person, tokens: Tokens, google: Google) -> Calendar | tuple[Reach, str]:
    """The user's calendar, or why v1 has no way into it. Nothing is asked of Google."""
    if not (person.connected or person.refresh_token or person.event_ids):
        return Reach.NEVER, "v1 never had this calendar"
    if not person.connected:
        return Reach.DISCONNECTED, "v1 has this user as disconnected"
    if not person.refresh_token:
        return Reach.DISCONNECTED, "v1 has no refresh token of this user"
    refresh = tokens.opened(person.refresh_token)
    if refresh is None:
        return Reach.UNREADABLE, "the stored refresh token does not open with this key"
    return google.calendar(refresh, tokens.access(person), person.expiry)


def _stored(person: Person, known: Known, calendar: Calendar, seen: _Seen) -> None:
    for event_id in person.event_ids:
        try:
            event = calendar.get(event_id)
        except Absent:
            seen.absent += 1
        else:
            seen.judged[event_id] = (event, judge(event, known))


def _searched(known: Known, calendar: Calendar, seen: _Seen) -> None:
    for text in SEARCHES:
        for event in calendar.search(text):
            event_id = str(event["id"])
            if event_id not in seen.judged:
                seen.judged[event_id] = (event, judge(event, known))


def _visit(person: Person, reach: Reach, why: str, seen: _Seen | None = None) -> Visit:
    counts = Counter(str(judgement.kind) for _, judgement in seen.judged.values()) if seen else Counter[str]()
    if seen and seen.absent:
        counts[str(Kind.GONE)] += seen.absent
    return Visit(
        user=person.id,
        email=person.email,
        reach=reach,
        why=why,
        stored=len(person.event_ids),
        counts=dict(sorted(counts.items())),
    )


def found(visits: Iterable[Visit]) -> dict[str, int]:
    """Candidates of all visits, by whose they are."""
    total: Counter[str] = Counter()
    for visit in visits:
        total.update(visit.counts)
    return {str(kind): total[str(kind)] for kind in Kind}


def _start(event: Event) -> str:
    start = event.get("start") or {}
    return str(start.get("date") or start.get("dateTime") or "")
