"""What the clean-up leaves on record: one JSON line an event, and a summary a command, without people's data.

In the run's record (`calendar/events.jsonl`, `calendar/SUMMARY.json`): v1's user ids and Google's event ids,
masked e-mails, the label of a title. In the run's data folder (`seen.jsonl`): every candidate in full, so
that a person can look at those that are asked about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

from migration import files
from migration.calendar.journal import Journal
from migration.calendar.plan import Plan
from migration.calendar.survey import Look
from migration.calendar.titles import masked, masked_email
from migration.run import Run


def write_events(run: Run, plan: Plan, journal: Journal) -> None:
    """One line for each planned event: where it stands."""
    emails = {visit.user: masked_email(visit.email) for visit in plan.visits}
    lines = [
        {
            "event": one.event,
            "user": one.user,
            "email": emails.get(one.user, "***"),
            "title": masked(one.title),
            "reason": one.reason,
            "outcome": journal.state(one.event) or "waiting",
            "why": journal.why(one.event),
        }
        for one in plan.events
    ]
    files.write_bytes(_place(run) / "events.jsonl", _lines(lines))


def write_summary(run: Run, name: str, content: Mapping[str, Any]) -> None:
    """What a command came to."""
    files.write_json(_place(run) / f"{name}.json", dict(content))


def write_seen(folder: Path, looks: Iterable[Look]) -> None:
    """Every candidate with its judgement, in full: private to the user."""
    lines = [
        {
            "user": look.visit.user,
            "email": look.visit.email,
            "event": event.get("id"),
            "title": event.get("summary", ""),
            "start": event.get("start"),
            "kind": str(judgement.kind),
            "reason": judgement.reason,
        }
        for look in looks
        for event, judgement in look.judged
    ]
    files.write_bytes(folder / "seen.jsonl", _lines(lines))
    (folder / "seen.jsonl").chmod(0o600)


def _place(run: Run) -> Path:
    place = run.folder / "calendar"
    place.mkdir(exist_ok=True)
    return place


def _lines(items: Iterable[Any]) -> bytes:
    return b"".join(orjson.dumps(one, option=orjson.OPT_SORT_KEYS) + b"\n" for one in items)
