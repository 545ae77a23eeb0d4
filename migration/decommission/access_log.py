"""Whether nobody has called an old address for a day, told from its access log (combined format). Pure.

A log that is silent proves nothing by itself: it must reach back to before the day, and be shown to be still
written, by a request of our own at its end. A line that can not be read might be a request.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from migration.decommission.timeline import Met, Reading

PROBE = "cutover-probe"
"""What the agent of our own request is called; it is no traffic."""
DAY, PROVEN_WITHIN = timedelta(days=1), timedelta(hours=1)

_QUOTED = r'"([^"\\]*(?:\\.[^"\\]*)*)"'
_LINE = re.compile(
    rf"^(\S+) \S+ .*?\[(\d{{2}}/\w{{3}}/\d{{4}}(?::\d{{2}}){{3}} [+-]\d{{4}})\] {_QUOTED} \d{{3}} (?:\d+|-)"
    rf"(?: {_QUOTED} {_QUOTED})?"
)


@dataclass(frozen=True)
class Request:
    """One line of the log: who, when, with what."""

    address: str
    at: datetime
    agent: str


def parsed(line: str) -> Request | None:
    """A line of the log, or None when it is none."""
    found = _LINE.match(line)
    if found is None:
        return None
    try:
        at = datetime.strptime(found[2], "%d/%b/%Y:%H:%M:%S %z")
    except ValueError:
        return None
    return Request(found[1], at, found[5] or "")


@dataclass
class _Count:
    """What a log holds of one day."""

    start: datetime
    now: datetime
    ignored: tuple[str, ...]
    reaches_back: bool = False
    probe: datetime | None = None
    last: datetime | None = None
    requests: int = 0
    unread: int = 0
    to_come: int = 0
    callers: set[str] = field(default_factory=set)

    def add(self, line: str) -> None:
        one = parsed(line)
        if one is None:
            self.unread += 1
        elif one.at > self.now + timedelta(minutes=5):
            self.to_come += 1
        elif one.at <= self.start:
            self.reaches_back = True
        elif one.agent.startswith(PROBE):
            self.probe = max(self.probe or one.at, one.at)
        elif not (self.ignored and one.agent.startswith(self.ignored)):
            self.requests, self.last = self.requests + 1, max(self.last or one.at, one.at)
            self.callers.add(one.address)


def quiet(lines: Iterable[str], since: datetime, now: datetime, ignored: Iterable[str] = ()) -> Reading:
    """Whether the last 24 hours are without a request. `since`: when the service was scaled to zero, from
    when the day may count. `ignored`: what the agents of health checks begin with."""
    count = _Count(now - DAY, now, tuple(ignored))
    for line in lines:
        if line.strip():
            count.add(line)
    wrong = _since_scaling(since, now) or _wrong(count)
    if wrong:
        return Reading(Met.NOT_YET, wrong)
    return Reading(Met.YES, f"No request in the 24 hours before {_spelled(now)}, by the access log.")


def _since_scaling(since: datetime, now: datetime) -> str:
    hours = (now - since) / timedelta(hours=1)
    return f"It is {hours:.0f} hours since the scaling, not 24." if hours < 24 else ""


def _wrong(count: _Count) -> str:
    if count.to_come:
        return f"{count.to_come} entries of the log are of a time still to come."
    if count.last is not None:
        callers = f"{count.requests} requests of {len(count.callers)} addresses"
        return f"{callers} in 24 hours, the last at {_spelled(count.last)}."
    if count.unread:
        return f"{count.unread} lines of the log can not be read, and might be requests."
    if not count.reaches_back:
        return "The log does not reach back 24 hours."
    if count.probe is None or count.now - count.probe > PROVEN_WITHIN:
        return f"Nothing shows that the log is still written: curl -A {PROBE} ADDRESS, then again."
    return ""


def _spelled(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} {moment:%Z}"
