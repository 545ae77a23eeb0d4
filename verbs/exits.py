"""How a task ends: with the code the laws give, and with one paragraph instead of a traceback.

invoke ignores what a task returns, and a bare `Exit()` exits with 0; so every task ends through `leave` or
through an exception that `guarded` turns into `Exit(code=...)`. The codes are those of `migration.errors`; 1
is left to Python and invoke, for a defect of ours met before a run began.
"""

from __future__ import annotations

import contextlib
import functools
import signal
import sys
import textwrap
import traceback
from collections.abc import Callable
from types import FrameType
from typing import NoReturn, ParamSpec

from invoke.exceptions import Exit

from migration import seal, standing
from migration.errors import PASS, REFUSED, UNKNOWN, CutoverError
from migration.run import iso_now
from verbs.line import LINE

Arguments = ParamSpec("Arguments")
DEFECT = 1


def leave(code: int) -> None:
    """Ends the command line with `code`. With 0 nothing is raised, so that the tasks after this one run."""
    if code != PASS:
        raise Exit(code=code)


def guarded(body: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """A task's body whose errors end in one paragraph on stderr and an exit code of their own."""

    @functools.wraps(body)
    def wrapped(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup leaves it
                signal.signal(number, _interrupt)
        try:
            body(*args, **kwargs)
        except Exit:
            raise
        except KeyboardInterrupt:
            say_error(f"Interrupted. {_interrupted()}")
            _offer_the_way_back()
            raise Exit(code=UNKNOWN if LINE.run else REFUSED) from None
        except CutoverError as error:
            say_error(paragraph(error))
            _offer_the_way_back()
            raise Exit(code=error.exit_code) from None
        except Exception as error:  # noqa: BLE001 - the last place before a traceback; it is reported, never hidden
            say_error(_defect(error, body.__name__))
            _offer_the_way_back()
            raise Exit(code=UNKNOWN if LINE.run else DEFECT) from None

    return wrapped


def _interrupted() -> str:
    if LINE.afterwards:
        return "Type the same line again: it goes on where it was."
    return "The run is judged UNKNOWN." if LINE.run else "No run had begun."


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    """A polite kill, and the end of the terminal, end a task like Ctrl-C does: it cleans up and concludes."""
    raise KeyboardInterrupt


def _offer_the_way_back() -> None:
    """Once the target's data may be changed, whatever goes wrong ends with the command that restores it."""
    if LINE.run is None or LINE.afterwards:
        return
    with contextlib.suppress(CutoverError, OSError):  # a damaged record: what went wrong has been said
        if offer := standing.way_back(LINE.run):
            say_error(offer)


def paragraph(error: CutoverError) -> str:
    """The error as the operator reads it: what happened, what was touched, what to do next."""
    return _filled(str(error))


def say_error(text: str) -> None:
    """Writes to stderr and, when a run has begun, to its log."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
    log(text)
    if LINE.run:
        with contextlib.suppress(OSError):  # what was said stays said
            seal.open_(LINE.run)


def log(text: str) -> None:
    """Adds a line to the run's log, where there is a run. Callers pass no personal values and no secrets."""
    if LINE.run:
        # on a full disk the words on the screen and the exit code are what is left
        with (
            contextlib.suppress(OSError),
            (LINE.run.folder / "run.log").open("a", encoding="utf-8") as file,
        ):
            file.write(f"{iso_now()} {text}\n")


def _defect(error: Exception, task: str) -> str:
    """A message without the exception's own words, which may quote people's data (law 13).

    The places it passed go to the run's log, or to the message where there is no run.
    """
    frames = traceback.extract_tb(error.__traceback__)
    places = "\n".join(f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames)
    head = f"A defect of Cutover stopped {task}: {type(error).__name__}."
    if not LINE.run:
        return f"{head} No run had begun.\n{places}"
    log(f"{head}\n{places}")
    if LINE.afterwards:
        return _filled(f"{head} Where it happened is in {LINE.run.folder / 'run.log'}.")
    return _filled(
        f"{head} The run is judged UNKNOWN; its target may be changed if the load had begun. "
        f"Where it happened is in {LINE.run.folder / 'run.log'}; `./inv rollback` restores the target."
    )


def _filled(text: str) -> str:
    """One paragraph whose paths, ids and commands stay whole, to be copied."""
    return textwrap.fill(text, width=100, break_on_hyphens=False, break_long_words=False)
