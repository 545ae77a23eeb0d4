"""Streams cut into batches: what one step does with a hundred documents stays in the processor's caches, and
the next step finds them there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

SIZE = 100
_T = TypeVar("_T")


def batches(stream: Iterable[_T], size: int = SIZE) -> Iterator[list[_T]]:
    """The same in lists of so many, the last one shorter."""
    rest = iter(stream)
    while batch := list(islice(rest, size)):
        yield batch
