"""The run's steps on a time axis: from ledger lines to bars with an offset and a length in per cent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from migration.model import LedgerEntry, StepOutcome

SMALLEST = 0.4  # per cent: a step of a few milliseconds stays visible


@dataclass(frozen=True)
class Bar:
    """One step: when it began after the run's first step, how long it took, how it ended."""

    step: str
    outcome: str
    started: str
    seconds: float
    left: float
    width: float
    error: str


@dataclass(frozen=True)
class _Span:
    step: str
    outcome: str
    begin: datetime
    seconds: float
    error: str


def bars(ledger: list[LedgerEntry]) -> list[Bar]:
    """A bar for each step that ended, and one for each that began and never did."""
    spans = _spans(ledger)
    if not spans:
        return []
    first = min(span.begin for span in spans)
    last = max(span.begin + timedelta(seconds=span.seconds) for span in spans)
    whole = max((last - first).total_seconds(), 0.001)
    return [
        Bar(
            step=span.step,
            outcome=span.outcome,
            started=f"{span.begin:%H:%M:%S}",
            seconds=span.seconds,
            left=round(min((span.begin - first).total_seconds() / whole * 100, 100 - SMALLEST), 2),
            width=round(max(span.seconds / whole * 100, SMALLEST), 2),
            error=span.error,
        )
        for span in spans
    ]


def _spans(ledger: list[LedgerEntry]) -> list[_Span]:
    spans: list[_Span] = []
    open_steps: dict[str, datetime] = {}
    for entry in ledger:
        moment = _moment(entry.at)
        if moment is None:
            continue
        if entry.outcome is StepOutcome.STARTED:
            open_steps[entry.step] = moment
            continue
        seconds = entry.duration_ms / 1000
        begin = open_steps.pop(entry.step, moment - timedelta(seconds=seconds))
        spans.append(_Span(entry.step, entry.outcome.value, begin, seconds, entry.error))
    unfinished = [_Span(step, "unfinished", begin, 0.0, "") for step, begin in open_steps.items()]
    return sorted([*spans, *unfinished], key=lambda span: (span.begin, span.step))


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
