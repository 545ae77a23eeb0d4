"""The plan: a private file with one line a user and one line an event, its digest, and who approved that
digest.

Written by the survey, executed by the deletion exactly as it stands. Pure but for reading and writing.
The plan holds people's e-mails and titles, so it lies in the run's data folder; approvals hold neither and
lie in the run's record (`calendar/approvals.jsonl`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from migration import chain, files
from migration.calendar.model import CalendarRefusal, Reach
from migration.run import Run, iso

NAME = "plan.jsonl"
APPROVALS = "approvals.jsonl"
FORMAT = 1


@dataclass(frozen=True)
class Planned:
    """One event that may be deleted. `start`: its day or moment, as Google spells it."""

    event: str
    user: str
    title: str
    start: str
    reason: str


@dataclass(frozen=True)
class Visit:
    """One v1 user. `stored`: ids that v1 has of them. `counts`: what was found, by whose it is."""

    user: str
    email: str
    reach: Reach
    why: str = ""
    stored: int = 0
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """A whole plan. `digest`: of its file, which is what an approval is given for."""

    run: str
    source: str
    target: str
    made: str
    visits: tuple[Visit, ...]
    events: tuple[Planned, ...]
    digest: str = ""

    def of(self, user: str) -> list[Planned]:
        """The events planned for one user."""
        return [one for one in self.events if one.user == user]

    def unreachable(self) -> dict[str, Reach]:
        """Users whose calendar nobody can look at with what v1 has, and who may have events there."""
        known = {Reach.DISCONNECTED, Reach.UNREADABLE, Reach.REVOKED}
        return {one.user: one.reach for one in self.visits if one.reach in known}


def write(folder: Path, plan: Plan) -> Plan:
    """Writes the plan, in one step; the same plan with its digest."""
    head = {
        "plan": FORMAT,
        "run": plan.run,
        "source": plan.source,
        "target": plan.target,
        "made": plan.made,
        "users": len(plan.visits),
        "events": len(plan.events),
    }
    content = _lines([head, *map(asdict, plan.visits), *map(asdict, plan.events)])
    files.write_bytes(folder / NAME, content)
    (folder / NAME).chmod(0o600)
    return read(folder)


def read(folder: Path) -> Plan:
    """The plan of this folder; a refusal when there is none, or when it is not whole."""
    path = folder / NAME
    if not path.exists():
        raise CalendarRefusal("There is no plan.", next_step="Make one: ./inv calendar.plan")
    content = path.read_bytes()
    try:
        head, *rest = [orjson.loads(line) for line in content.splitlines()]
        visits = tuple(Visit(**{**one, "reach": Reach(one["reach"])}) for one in rest if "reach" in one)
        events = tuple(Planned(**one) for one in rest if "event" in one)
        whole = (head["plan"], head["users"], head["events"]) == (FORMAT, len(visits), len(events))
        bound = {name: str(head[name]) for name in ("run", "source", "target", "made")}
    except (ValueError, KeyError, TypeError):
        raise _damaged() from None
    if not whole:
        raise _damaged()
    return Plan(**bound, visits=visits, events=events, digest=hashlib.sha256(content).hexdigest())


def approve(run: Run, plan: Plan, *, digest: str, by: str, now: datetime) -> None:
    """Notes that a named person approves the plan of exactly this digest, and with it who can not be
    reached."""
    if not by.strip():
        raise CalendarRefusal("Nobody approves: --by is needed.", next_step=_HOW)
    if digest != plan.digest:
        raise CalendarRefusal(
            "The plan has another hash than the one that was typed.",
            next_step=f"Look at what ./inv calendar.plan showed; its hash now is {plan.digest}.",
        )
    place = run.folder / "calendar"
    place.mkdir(exist_ok=True)
    chain.append(
        place / APPROVALS,
        {
            "digest": digest,
            "by": by.strip(),
            "at": iso(now),
            "events": len(plan.events),
            "unreachable": len(plan.unreachable()),
        },
    )


def approved_by(run: Run, digest: str) -> str:
    """Who approved the plan of this digest; empty when nobody did."""
    path = run.folder / "calendar" / APPROVALS
    said: list[dict[str, Any]] = []
    for line in chain.lines(path.read_bytes()) if path.exists() else []:
        try:
            said.append(chain.content_of(line))
        except ValueError:  # a torn or damaged line approves nothing; the audit names it
            continue
    return next((str(one["by"]) for one in reversed(said) if one.get("digest") == digest), "")


def must_be_approved(run: Run, plan: Plan) -> str:
    """Who approved this very plan; a refusal when nobody did, or when it is another run's or pair's."""
    manifest = run.manifest()
    pair = (manifest["source"]["identity"], manifest["target"]["identity"])
    if (plan.run, plan.source, plan.target) != (run.id, *pair):
        raise CalendarRefusal(
            "The plan was made for another run or another pair.", next_step="./inv calendar.plan makes one."
        )
    by = approved_by(run, plan.digest)
    if not by:
        raise CalendarRefusal("Nobody has approved this plan as it stands.", next_step=_HOW)
    return by


_HOW = "./inv calendar.approve HASH --by NAME, with the hash that ./inv calendar.plan showed."


def _damaged() -> CalendarRefusal:
    return CalendarRefusal(
        "The plan can not be read, or is not whole.", next_step="Make it anew: ./inv calendar.plan"
    )


def _lines(items: Iterable[Any]) -> bytes:
    return b"".join(orjson.dumps(one, option=orjson.OPT_SORT_KEYS) + b"\n" for one in items)
