"""The way back: every event that was deleted is there again, as it was saved, and that is compared.

Google keeps a deleted event as cancelled: replacing it by its saved body makes it live again under its own
id, so that v1's rows name it again. Only where Google has forgotten it, it comes back under an id of ours
that is made from the old one, so that a repeat finds it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from migration.calendar.google import Absent, Calendar, CallFailed, Google, Revoked, Unanswered
from migration.calendar.journal import RETURNING, Journal
from migration.calendar.model import Restored
from migration.calendar.people import Person
from migration.calendar.survey import way_in
from migration.calendar.tokens import Tokens
from migration.progress import Progress

_CONFLICT = "409"
_OF_THE_SERVER = frozenset(
    {"kind", "etag", "htmlLink", "created", "updated", "creator", "organizer", "iCalUID", "sequence", "id"}
)
"""What Google sets by itself, and so neither is sent nor compared."""


def carry_out(
    people: Sequence[Person], tokens: Tokens, google: Google, journal: Journal, progress: Progress
) -> dict[str, int]:
    """Brings back what the journal says we deleted; how many events came out how. Repeating it is safe."""
    calendars: dict[str, Calendar | str] = {}
    for person in people:
        opened = way_in(person, tokens, google)
        calendars[person.id] = opened if isinstance(opened, Calendar) else opened[1]
    wanted: dict[str, list[str]] = {}
    for event in journal.to_restore():
        wanted.setdefault(journal.owner[event], []).append(event)
    counted: Counter[str] = Counter()
    for number, (user, events) in enumerate(wanted.items(), start=1):
        way = calendars.get(user, "v1 has no such user any more")
        if isinstance(way, Calendar):
            google.pace.user()
        for event in events:
            try:
                state, why, new_id = _one(way, journal, event, user)
            except (Unanswered, Revoked) as error:  # the rest of this user's would meet it too
                way, state, why, new_id = str(error), Restored.NOT_BACK, str(error), ""
            journal.note(event, user, state, why, **({"new_id": new_id} if new_id else {}))
            counted[state] += 1
        progress.advance(number, len(wanted))
    return {str(name): counted[name] for name in Restored}


def _one(calendar: Calendar | str, journal: Journal, event: str, user: str) -> tuple[Restored, str, str]:
    """What became of one event, why, and its other id if it has one."""
    if isinstance(calendar, str):
        return Restored.NOT_BACK, calendar, ""
    try:
        return _brought(calendar, journal, event, user)
    except (Unanswered, Revoked):
        raise
    except CallFailed as error:
        return Restored.NOT_BACK, str(error), ""


def _brought(calendar: Calendar, journal: Journal, event: str, user: str) -> tuple[Restored, str, str]:
    body = journal.bodies[event]
    try:
        now = calendar.get(event)
    except Absent:
        journal.note(event, user, RETURNING)
        return _anew(calendar, event, body)
    if now.get("status") != "cancelled":
        return Restored.THERE, "", ""
    journal.note(event, user, RETURNING)
    back = calendar.update(event, {**_sent(body), "sequence": now.get("sequence", 0)})
    return (*_compared(body, back, Restored.BACK), "")


def _anew(calendar: Calendar, event: str, body: Mapping[str, Any]) -> tuple[Restored, str, str]:
    new_id = other_id(event)
    try:
        back = calendar.insert({**_sent(body), "id": new_id})
    except CallFailed as error:
        if not str(error).startswith(_CONFLICT):
            raise
        back = calendar.get(new_id)  # an earlier attempt had brought it
    return (*_compared(body, back, Restored.ANEW), new_id)


def other_id(event: str) -> str:
    """The id that an event gets when its own is lost: always the same, in the letters that Google allows."""
    return f"cutover{hashlib.sha256(event.encode()).hexdigest()[:40]}"


def _sent(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in _OF_THE_SERVER}


def _compared(body: Mapping[str, Any], back: Mapping[str, Any], good: Restored) -> tuple[Restored, str]:
    """Whether what came back is what was saved, field by field but for the server's own."""
    other = sorted(name for name in {*body, *back} - _OF_THE_SERVER if body.get(name) != back.get(name))
    return (Restored.NOT_BACK, f"other than saved: {', '.join(other)}") if other else (good, "")
