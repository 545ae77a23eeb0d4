"""What was saved and what was done, event by event: the memory that a killed run continues from.

Two private files in the run's data folder. `bodies.jsonl` holds each event as Google had it, on the disk
before its deletion is asked for: it is the way back. `journal.jsonl` has a line when a deletion is about to
be asked, one when its outcome is known, and the same for the way back; the last line of an event is where it
stands.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

from migration.calendar.model import Outcome, Restored

BODIES = "bodies.jsonl"
JOURNAL = "journal.jsonl"
ASKED = "asked"
UNSURE = "unsure"
RETURNING = "returning"
_ENDED = frozenset({Outcome.DELETED, Outcome.GONE})


class Journal:
    """The two files of one run, opened for adding. A torn last line, of a killed process, is cut off first.

    `plan`: a digest. What was noted under another plan counts no more then: a later plan has seen those
    events alive. Empty, for the way back: every line counts.
    """

    def __init__(self, folder: Path, plan: str = "") -> None:
        self._plan = plan
        self._bodies, self._steps = folder / BODIES, folder / JOURNAL
        self.bodies: dict[str, dict[str, Any]] = {}
        self.owner: dict[str, str] = {}
        for line in _whole_lines(self._bodies):
            self.bodies[str(line["body"]["id"])] = line["body"]
            self.owner[str(line["body"]["id"])] = str(line["user"])
        self.last: dict[str, dict[str, Any]] = {}
        for line in _whole_lines(self._steps):
            self.last[str(line["event"])] = line

    def save(self, user: str, events: Iterable[Mapping[str, Any]]) -> None:
        """Events of one user as they are now; on the disk when this returns."""
        lines = []
        for event in events:
            self.bodies[str(event["id"])] = dict(event)
            self.owner[str(event["id"])] = user
            lines.append(orjson.dumps({"user": user, "body": event}) + b"\n")
        _append(self._bodies, b"".join(lines), durable=True)

    def note(self, event: str, user: str, state: str, why: str = "", **more: str) -> None:
        """Where an event stands now."""
        line = {"event": event, "user": user, "state": str(state), "why": why, "plan": self._plan, **more}
        self.last[event] = line
        _append(self._steps, orjson.dumps(line) + b"\n", durable=False)

    def state(self, event: str) -> str:
        """The last state that was noted under this plan; empty when none was."""
        return str(self._line(event).get("state", ""))

    def may_be_done(self, event: str) -> bool:
        """Whether a deletion was asked for and its answer never came: then its absence is our doing."""
        return self.state(event) == ASKED or UNSURE in self._line(event)

    def is_done(self, event: str) -> bool:
        """Whether the deletion of this event has come to a good end and nothing is left to do."""
        return self.state(event) in _ENDED

    def why(self, event: str) -> str:
        """The reason that was noted with the last state."""
        return str(self._line(event).get("why", ""))

    def _line(self, event: str) -> dict[str, Any]:
        line = self.last.get(event, {})
        return line if not self._plan or line.get("plan") == self._plan else {}

    def to_restore(self) -> list[str]:
        """Events that we deleted, or may have, or were bringing back, in the order of their saving."""
        wanted = {Outcome.DELETED, RETURNING, Restored.NOT_BACK}
        return [one for one in self.bodies if self.state(one) in wanted or self.may_be_done(one)]


def _whole_lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a file; what a killed process left of a last one is taken away."""
    if not path.exists():
        return []
    content = path.read_bytes()
    end = content.rfind(b"\n") + 1
    if end < len(content):
        os.truncate(path, end)
    return [orjson.loads(line) for line in content[:end].splitlines()]


def _append(path: Path, content: bytes, *, durable: bool) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(descriptor, view) :]
        if durable:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
