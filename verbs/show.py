"""Shows progress: a live line on a terminal, plain lines elsewhere, nothing with `--quiet`.

Implements `migration.progress.Progress`. Every step prints its duration when it ends. Progress goes to
stderr, so that what a task answers (a verdict, a list) can be read by a program from stdout.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from migration.progress import Progress, Silent

PLAIN_EVERY_SECONDS = 15.0
LIVE_EVERY_SECONDS = 0.1
NAME_WIDTH = 24
STARTING = "..."
ERASE = "\r\x1b[2K"  # to the line's start, and clear it


def chosen(*, quiet: bool = False, stream: TextIO | None = None) -> Progress:
    """The way of showing progress that fits the terminal and the flags."""
    if quiet:
        return Silent()
    out = stream or sys.stderr
    return Lines(out, live=out.isatty())


class Lines:
    """One line a step when it ends, indented by depth; in between a counter.

    `live`: the counter is redrawn in place; else it is a new line every 15 seconds.
    """

    def __init__(self, stream: TextIO, *, live: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._live, self._clock = stream, live, clock
        self._names: list[str] = []
        self._counted: list[tuple[int, int | None]] = []
        self._drawn = 0.0

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Times the step `name`; an error is marked and passes through."""
        started = self._drawn = self._clock()
        self._names.append(name)
        self._counted.append((0, None))
        self._redraw(STARTING)
        mark = "x"
        try:
            yield
            mark = "ok"
        finally:
            self._names.pop()
            done, _ = self._counted.pop()
            self._finish(mark, name, self._clock() - started, done)

    def advance(self, done: int, total: int | None = None) -> None:
        """Notes `done` of `total` units of the innermost step, and shows it if it is time to."""
        if not self._names:
            return
        self._counted[-1] = (done, total)
        now = self._clock()
        if now - self._drawn >= (LIVE_EVERY_SECONDS if self._live else PLAIN_EVERY_SECONDS):
            self._drawn = now
            self._redraw(_counter(done, total))

    def _redraw(self, text: str) -> None:
        indent = "  " * (len(self._names) - 1)
        line = f"{indent}   {self._names[-1]:<{NAME_WIDTH}} {text}"
        if self._live:
            self._write(f"{ERASE}{line}")
        elif text != STARTING:
            self._write(f"{line}\n")

    def _finish(self, mark: str, name: str, seconds: float, done: int) -> None:
        erase, indent = ERASE if self._live else "", "  " * len(self._names)
        count = f"  {done:,}" if done else ""
        self._write(f"{erase}{indent}{mark:<2} {name:<{NAME_WIDTH}} {seconds:7.1f} s{count}\n")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def _counter(done: int, total: int | None) -> str:
    return f"{done:,} of {total:,}" if total else f"{done:,}"


def answer(text: str) -> None:
    """What a task has to say, on stdout."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
