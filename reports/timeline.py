"""The run's steps on a time axis: from ledger lines to bars with an offset and a length in per cent.

Two axes: the steps within the run, and the whole run within the maintenance window that it has.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from migration.model import LedgerEntry, StepOutcome

_AFTERWARDS = ("rollback", "purge", "export recheck", "judge recheck")
SMALLEST = 0.4  # per cent: a step of a few milliseconds stays visible
WINDOW = timedelta(minutes=30)
"""The maintenance window that an operator has, from the fence to the last check."""
STAGES = (
    ("verify", ("self-test", "judge data", "judge app")),
    ("smoke", ("canary", "judge smoke", "judge after")),
)


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
class Window:
    """The run in its window. `seconds` from the first step to the last of judging, `closed` those in which
    v2 was shut (None: it was never opened); `bars` in per cent of the window or, if longer, of the run."""

    seconds: float
    closed: float | None
    share: float
    bars: list[Bar]

    @property
    def fits(self) -> bool:
        """Whether the run ended within the window."""
        return self.seconds <= WINDOW.total_seconds()


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


def window(ledger: list[LedgerEntry]) -> Window | None:
    """How the first pass of the run fills its window; what came later (re-checks, a judging of the day after,
    a rollback) is not of it."""
    spans = _first_pass([span for span in _spans(ledger) if span.step not in _AFTERWARDS])
    if not spans:
        return None
    first = spans[0].begin
    last = max(_end(span) for span in spans)
    seconds = (last - first).total_seconds()
    opened = next((span for span in spans if span.step == "open" and span.outcome == "done"), None)
    axis = max(seconds, WINDOW.total_seconds())
    return Window(
        seconds=seconds,
        closed=(_end(opened) - first).total_seconds() if opened else None,
        share=round(WINDOW.total_seconds() / axis * 100, 2),
        bars=[_stage(name, own, first, axis) for name, own in _stages(spans).items()],
    )


def _first_pass(spans: list[_Span]) -> list[_Span]:
    """The steps up to the first pause that is as long as a whole window."""
    for number, (before, after) in enumerate(pairwise(spans), start=1):
        if after.begin - _end(before) >= WINDOW:
            return spans[:number]
    return spans


def _stages(spans: list[_Span]) -> dict[str, list[_Span]]:
    """Moving first, then the stages of judging, each with the steps that belong to it."""
    found: dict[str, list[_Span]] = {}
    for span in spans:
        name = next((stage for stage, steps in STAGES if span.step in steps), "")
        if not name:
            name = next(reversed(found)) if found and span.step.startswith(("export", "open")) else "migrate"
        found.setdefault(name, []).append(span)
    return found


def _stage(name: str, spans: list[_Span], first: datetime, axis: float) -> Bar:
    begin, end = min(span.begin for span in spans), max(map(_end, spans))
    seconds = (end - begin).total_seconds()
    return Bar(
        step=name,
        outcome="failed" if any(span.outcome != "done" for span in spans) else "done",
        started=f"{begin:%H:%M:%S}",
        seconds=seconds,
        left=round((begin - first).total_seconds() / axis * 100, 2),
        width=round(max(seconds / axis * 100, SMALLEST), 2),
        error="",
    )


def _end(span: _Span) -> datetime:
    return span.begin + timedelta(seconds=span.seconds)


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
