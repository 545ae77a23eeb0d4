"""Progress on a terminal, in a log and with --quiet."""

from __future__ import annotations

import io

import pytest

from verbs import show


class Clock:
    """A clock that only moves when told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_each_step_prints_one_line_with_its_duration_when_it_ends() -> None:
    out, clock = io.StringIO(), Clock()
    lines = show.Lines(out, clock=clock)
    with lines.step("snapshot"):
        lines.advance(418)
        clock.now = 2.5
    assert out.getvalue().split() == ["ok", "snapshot", "2.5", "s", "418"]


def test_failing_step_is_marked_and_its_error_passes_through() -> None:
    out = io.StringIO()
    lines = show.Lines(out)
    with pytest.raises(KeyError), lines.step("load"):
        raise KeyError
    assert out.getvalue().startswith("x  load")


def test_inner_steps_are_indented_below_their_outer_one() -> None:
    out = io.StringIO()
    lines = show.Lines(out)
    with lines.step("verify"), lines.step("judge data"):
        pass
    first, second = out.getvalue().splitlines()
    assert first.startswith("  ok judge data")
    assert second.startswith("ok verify")


def test_a_log_gets_a_counter_only_now_and_then() -> None:
    out, clock = io.StringIO(), Clock()
    lines = show.Lines(out, clock=clock)
    with lines.step("transform"):
        for done in range(1, 41):
            clock.now = float(done)
            lines.advance(done * 100, 4000)
        counters = out.getvalue().splitlines()
    assert [line.split()[1:] for line in counters] == [["1,500", "of", "4,000"], ["3,000", "of", "4,000"]]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_bar_and_keeps_one_line_a_step() -> None:
    out = Terminal()
    progress = show.chosen(stream=out)
    with progress.step("migrate"), progress.step("transform"):
        progress.advance(5, 10)
    shown = out.getvalue()
    assert isinstance(progress, show.Live)
    assert "  ok transform" in shown
    assert "ok migrate" in shown


def test_a_failing_step_is_marked_on_a_terminal_too() -> None:
    out = Terminal()
    with pytest.raises(KeyError), show.chosen(stream=out).step("load"):
        raise KeyError
    assert "x  load" in out.getvalue()


def test_quiet_shows_nothing() -> None:
    out = io.StringIO()
    with show.chosen(quiet=True, stream=out).step("load"):
        pass
    assert out.getvalue() == ""
