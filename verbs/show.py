"""Shows progress: live bars on a terminal (rich), plain lines elsewhere, nothing with `--quiet`.

Implements `migration.progress.Progress`. Every step prints its duration when it ends. Progress goes to
stderr, so that what a task answers (a verdict, a list) can be read by a program from stdout.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from migration.progress import Progress, Silent

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

PLAIN_EVERY_SECONDS = 15.0
NAME_WIDTH = 24


def chosen(*, quiet: bool = False, stream: TextIO | None = None) -> Progress:
    """The way of showing progress that fits the terminal and the flags."""
    if quiet:
        return Silent()
    out = stream or sys.stderr
    return Live(out) if out.isatty() else Lines(out)


class Lines:
    """One line a step when it ends, indented by depth; in between a counter every 15 seconds."""

    def __init__(self, stream: TextIO, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._clock = stream, clock
        self._names: list[str] = []
        self._counted: list[int] = []
        self._drawn = 0.0

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Times the step `name`; an error is marked and passes through."""
        started = self._drawn = self._clock()
        self._names.append(name)
        self._counted.append(0)
        mark = "x"
        try:
            yield
            mark = "ok"
        finally:
            self._names.pop()
            seconds, done = self._clock() - started, self._counted.pop()
            self._write(_finished(mark, name, seconds, done, depth=len(self._names)))

    def advance(self, done: int, total: int | None = None) -> None:
        """Notes `done` of `total` units of the innermost step, and shows it if it is time to."""
        if not self._names:
            return
        self._counted[-1] = done
        now = self._clock()
        if now - self._drawn >= PLAIN_EVERY_SECONDS:
            self._drawn = now
            indent = "  " * (len(self._names) - 1)
            self._write(f"{indent}   {self._names[-1]:<{NAME_WIDTH}} {_counter(done, total)}")

    def _write(self, line: str) -> None:
        self._stream.write(f"{line}\n")
        self._stream.flush()


class Live:
    """One line a step when it ends, and below them a spinner, bar and clock for each step under way."""

    def __init__(self, stream: TextIO, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._bars, self._clock = _bars(stream), clock
        self._under_way: list[tuple[TaskID, int]] = []  # rich's task and the units done, outermost step first

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Times the step `name`; an error is marked and passes through."""
        if not self._under_way:
            self._bars.start()
        indent = "  " * len(self._under_way)
        self._under_way.append((self._bars.add_task(f"{indent}{name}", total=None, count=""), 0))
        started, mark = self._clock(), "x"
        try:
            yield
            mark = "ok"
        finally:
            task, done = self._under_way.pop()
            self._bars.remove_task(task)
            seconds = self._clock() - started
            line = _finished(mark, name, seconds, done, depth=len(self._under_way))
            self._bars.console.print(line, markup=False, highlight=False)
            if not self._under_way:
                self._bars.stop()

    def advance(self, done: int, total: int | None = None) -> None:
        """Moves the bar of the innermost step to `done` of `total` units."""
        if self._under_way:
            task, _ = self._under_way[-1]
            self._under_way[-1] = (task, done)
            self._bars.update(task, completed=done, total=total, count=_counter(done, total))


def _bars(stream: TextIO) -> Bars:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[count]}", markup=False),
        TimeElapsedColumn(),
        console=Console(file=stream, soft_wrap=True),
        transient=True,
        redirect_stdout=False,  # what a task answers stays on stdout, also when only stderr is a terminal
        redirect_stderr=False,
    )


def _finished(mark: str, name: str, seconds: float, done: int, *, depth: int) -> str:
    count = f"  {done:,}" if done else ""
    return f"{'  ' * depth}{mark:<2} {name:<{NAME_WIDTH}} {seconds:7.1f} s{count}"


def _counter(done: int, total: int | None) -> str:
    return f"{done:,} of {total:,}" if total else f"{done:,}"


def answer(text: str) -> None:
    """What a task has to say, on stdout."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
