"""A gate, what a probe answers, what a person attests or takes over, and what that makes of the gate.

Pure: no clock, no connection, no file. The probes are in the modules beside this one, the list in `table`,
the records in `records`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import Field

from migration.model import Record

if TYPE_CHECKING:
    from migration.preflight.scene import Scene

EVERYWHERE = ("embedded", "test", "dress", "production")
OVERRIDE_LASTS = timedelta(days=1)
"""How long somebody's word for a shut gate counts: one window, and no more."""


class State(StrEnum):
    """What a gate came to. Only SHUT keeps a migration from beginning."""

    OPEN = "open"
    SHUT = "shut"
    ATTESTED = "attested"
    ACCEPTED = "accepted"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True)
class Answer:
    """What a probe found. `detail` names no secret and nobody's data, and says the same of the same state.

    `file`: what the answer rests on, relative to the data folder; without it a kept answer is worth nothing.
    """

    open: bool
    detail: str
    file: str = ""


@dataclass(frozen=True)
class Gate:
    """One row of the table.

    probe: asks a machine; where there is none, or it can not tell (None), a person attests it. lasts: how old
    an attestation may be. slow: an open answer is kept, and counts as long. waits_for: gates without which
    this one can not be asked. elsewhere: why it does not apply in the other environments.
    """

    name: str
    question: str
    when_shut: str
    environments: tuple[str, ...] = EVERYWHERE
    probe: Callable[[Scene], Answer | None] | None = None
    lasts: timedelta = timedelta(0)
    slow: bool = False
    waits_for: tuple[str, ...] = ()
    elsewhere: str = "asked for production only"


class Attestation(Record):
    """What somebody says of an item that no machine can know. `pair` binds it to one source and target."""

    item: str
    environment: str
    pair: str
    by: str = Field(min_length=1)
    note: str = Field(min_length=1)
    at: datetime


class Override(Record):
    """Somebody takes over a shut gate, as it was found: another finding is another decision."""

    gate: str
    environment: str
    pair: str
    found: str
    by: str = Field(min_length=1)
    reason: str = Field(min_length=1)
    at: datetime


class Outcome(Record):
    """What one gate came to in one preflight, for the table on screen, the record and the report."""

    gate: str
    question: str
    state: State
    detail: str = ""
    when_shut: str = ""
    by: str = ""
    note: str = ""
    at: str = ""
    seconds: float = 0.0


def not_applicable(gate: Gate) -> Outcome:
    """A gate that this environment does not have."""
    return Outcome(gate=gate.name, question=gate.question, state=State.NOT_APPLICABLE, detail=gate.elsewhere)


def judged(gate: Gate, answer: Answer, *, at: datetime, seconds: float = 0.0) -> Outcome:
    """A gate by what its probe found."""
    return Outcome(
        gate=gate.name,
        question=gate.question,
        state=State.OPEN if answer.open else State.SHUT,
        detail=answer.detail,
        when_shut="" if answer.open else gate.when_shut,
        at=_spelled(at),
        seconds=round(seconds, 3),
    )


def attested(gate: Gate, said: Sequence[Attestation], now: datetime) -> Outcome:
    """A gate by the newest attestation of this pair, if that is young enough."""
    newest = max((one for one in said if one.at <= now), key=lambda one: one.at, default=None)
    if newest is None:
        return judged(gate, Answer(False, "Nobody has attested it."), at=now)
    if now - newest.at > gate.lasts:
        text = (
            f"{newest.by} attested it on {newest.at:%Y-%m-%d %H:%M} UTC, more than {_span(gate.lasts)} ago."
        )
        return judged(gate, Answer(False, text), at=now)
    return Outcome(
        gate=gate.name,
        question=gate.question,
        state=State.ATTESTED,
        detail=f"{newest.by} attested it on {newest.at:%Y-%m-%d %H:%M} UTC.",
        by=newest.by,
        note=newest.note,
        at=_spelled(newest.at),
    )


def overridden(outcome: Outcome, taken: Sequence[Override], now: datetime) -> Outcome:
    """A shut gate as somebody took it over: the same gate, the same finding, within `OVERRIDE_LASTS`."""
    if outcome.state is not State.SHUT:
        return outcome
    valid = [
        one
        for one in taken
        if one.gate == outcome.gate
        and one.found == outcome.detail
        and timedelta(0) <= now - one.at <= OVERRIDE_LASTS
    ]
    if not valid:
        return outcome
    newest = max(valid, key=lambda one: one.at)
    return outcome.model_copy(
        update={"state": State.ACCEPTED, "by": newest.by, "note": newest.reason, "at": _spelled(newest.at)}
    )


def shut(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The gates that keep a migration from beginning."""
    return [one for one in outcomes if one.state is State.SHUT]


def _span(lasts: timedelta) -> str:
    hours = round(lasts.total_seconds() / 3600)
    return f"{hours} hours" if hours < 48 else f"{lasts.days} days"


def _spelled(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
