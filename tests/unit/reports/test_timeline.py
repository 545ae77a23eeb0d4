"""The run within its maintenance window: what took how long, whether it fitted, how long v2 was shut."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from migration.model import LedgerEntry, StepOutcome
from reports.timeline import bars, window

BEGAN = datetime(2026, 1, 15, 12, tzinfo=UTC)


def steps(*told: tuple[str, float, float]) -> list[LedgerEntry]:
    """Steps by name, minute of their begin and of their end."""
    found = []
    for name, begin, end in told:
        for outcome, minute in ((StepOutcome.STARTED, begin), (StepOutcome.DONE, end)):
            took = round((end - begin) * 60_000) if outcome is StepOutcome.DONE else 0
            at = (BEGAN + timedelta(minutes=minute)).isoformat(timespec="milliseconds")
            found.append(LedgerEntry(step=name, outcome=outcome, at=at, duration_ms=took))
    return found


LINE = (
    *(("fence", 0, 1), ("load", 1, 5), ("export verified", 5, 6), ("judge data", 6, 12)),
    *(("open", 12, 13), ("judge smoke", 14, 20)),
)


def test_stages_lie_where_they_were_in_a_window_of_thirty_minutes() -> None:
    found = window(steps(*LINE))
    assert found is not None
    assert (found.seconds, found.closed, found.fits, found.share) == (1200, 780, True, 100)
    assert [(bar.step, round(bar.left), round(bar.width)) for bar in found.bars] == [
        ("migrate", 0, 20),
        ("verify", 20, 23),
        ("smoke", 47, 20),
    ]


def test_a_run_that_is_longer_than_its_window_is_told_so() -> None:
    found = window(steps(*LINE[:-1], ("judge smoke", 14, 40)))
    assert found is not None
    assert not found.fits
    assert found.share == 75


def test_what_came_after_the_window_is_not_counted_in_it() -> None:
    later = (("judge recheck", 35, 36), ("rollback", 50, 51), ("judge data", 200, 201))
    assert window(steps(*LINE, *later)) == window(steps(*LINE))
    assert len(bars(steps(*LINE, *later))) == len(LINE) + len(later)


def test_a_target_that_was_never_opened_was_shut_for_an_unknown_time() -> None:
    found = window(steps(*LINE[:3]))
    assert found is not None
    assert found.closed is None
    assert window([]) is None
