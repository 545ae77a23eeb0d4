"""The errors a person can cause or meet, each with the exit code that the laws give it.

    CutoverError              12 unless said otherwise
    ├── Refusal               12  refused before anything was touched
    ├── RowsQuarantined       10  rows need a decision; nothing was loaded
    └── RunIncomplete         11  the run had begun and could not be finished or judged

Every message answers three questions: what happened, what was (not) touched, what to do next.
"""

from __future__ import annotations

PASS, FAIL, UNKNOWN, REFUSED = 0, 10, 11, 12


class CutoverError(Exception):
    """An error with a sentence for the operator, never shown as a traceback."""

    exit_code = REFUSED

    def __init__(self, happened: str, *, touched: str = "Nothing was changed.", next_step: str = "") -> None:
        self.happened, self.touched, self.next_step = happened, touched, next_step
        super().__init__(" ".join(part for part in (happened, touched, next_step) if part))


class Refusal(CutoverError):
    """Bad configuration, a shut gate, the wrong deployment: refused before anything was touched."""


class RowsQuarantined(CutoverError):
    """Rows that need a person's decision. Nothing is loaded; fence and pause stay."""

    exit_code = FAIL


class RunIncomplete(CutoverError):
    """A run had begun and can not be finished or judged: its verdict is UNKNOWN."""

    exit_code = UNKNOWN
