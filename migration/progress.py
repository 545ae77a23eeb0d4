"""How a long step tells its progress, without printing (printing is the shell's business).

The flow calls `step` around each step and `advance` inside it; `verbs` shows that as it likes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Progress(Protocol):
    """What the flow needs from whoever shows progress."""

    def step(self, name: str) -> AbstractContextManager[None]:
        """Entered when the step of this name begins, left when it ends; an error passes through."""

    def advance(self, done: int, total: int | None = None) -> None:
        """`done` units (rows, documents, bytes) of the current step are finished, of `total` if known."""


class Silent:
    """Shows nothing: for tests and for callers that only want the result."""

    @contextmanager
    def step(self, name: str) -> Iterator[None]:  # noqa: ARG002 - the protocol's signature
        yield

    def advance(self, done: int, total: int | None = None) -> None:
        """Nothing to show."""
