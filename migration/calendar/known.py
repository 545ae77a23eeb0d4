"""What v2 says of its own events: the ids its cases store, and from when on it may have written for whom.

Read from an export of the target, fresh for each plan, run and proof: people connect their calendars while we
work. Not here: what follows from it (`migration.calendar.classify`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from migration import ids
from migration.archive import Archive
from migration.calendar.classify import Known
from migration.calendar.people import Person, all_ids, ids_in


@dataclass(frozen=True)
class V2:
    """v2's side. `fenced`: when v1 was fenced. `before`: users (v1 ids) whom v2 knew by itself, and since
    when.

    `connected`: users (v1 ids) with a calendar connection, or stored events, on v2.
    """

    event_ids: frozenset[str]
    fenced: datetime
    before: Mapping[str, datetime] = field(default_factory=dict)
    connected: frozenset[str] = frozenset()

    def known(self, people: list[Person]) -> dict[str, Known]:
        """What the events of each of these users are judged by."""
        v1_ids = all_ids(people)
        return {
            person.id: Known(
                v1_ids=v1_ids,
                v2_ids=self.event_ids,
                employers=person.employers,
                since=min(self.fenced, self.before.get(person.id, self.fenced)),
                v2_connected=person.id in self.connected,
            )
            for person in people
        }


def read(export: Path, fenced: datetime) -> V2:
    """v2's side from an export's ZIP; `RunIncomplete` when the ZIP is damaged."""
    with Archive(export) as archive:
        users = {str(user["_id"]): user for user in _documents(archive, "users")}
        profiles = [one for one in _documents(archive, "userProfiles") if one.get("legacyId")]
        owners = {str(one["userId"]): str(one["legacyId"]) for one in profiles}
        found: set[str] = set()
        connected = {str(one["legacyId"]) for one in profiles if _is_connected(one)}
        for case in _documents(archive, "cases"):
            stored = set(ids_in(case.get("calendarEventIds")))
            found |= stored
            if stored and (owner := owners.get(str(case.get("userId")))):
                connected.add(owner)
    return V2(frozenset(found), fenced, _known_before(users, owners), frozenset(connected))


def _known_before(users: Mapping[str, Mapping[str, Any]], owners: Mapping[str, str]) -> dict[str, datetime]:
    """Users whom v2 had made by itself keep their own id and time; those that were moved carry v1's id."""
    found = {}
    for user_id, legacy in owners.items():
        user = users.get(user_id)
        if user is not None and ids.decode(user_id)[1].hex() != legacy.replace("-", ""):
            found[legacy] = datetime.fromtimestamp(float(user["_creationTime"]) / 1000, UTC)
    return found


def _is_connected(profile: Mapping[str, Any]) -> bool:
    return bool(profile.get("googleCalendarConnected") or profile.get("googleRefreshToken"))


def _documents(archive: Archive, table: str) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in archive.lines(table)]
