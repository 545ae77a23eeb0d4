"""Which of v1's UUIDs: ranges, so that rows and the documents made of them can be judged apart, or just some.

A document's id holds its row's UUID behind the table's number, and ids sort as UUIDs do: so each range of
rows has its range of ids, and both sides of a row always lie in the same one.
"""

from __future__ import annotations

import uuid
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

from checks.target import ids

BITS = 128
BYTES_OF_A_PART = 4 << 20
MOST = 32


@dataclass(frozen=True)
class Range:
    """UUIDs as text from `first` on, before `end` (None: to the last, and what has no UUID at all)."""

    first: str
    end: str | None

    def __contains__(self, key: object) -> bool:
        """Whether the UUID of this text lies in it."""
        return self.first <= str(key) and (self.end is None or str(key) < self.end)


@dataclass(frozen=True)
class Keys:
    """UUIDs one by one, as text."""

    keys: frozenset[str]

    def __contains__(self, key: object) -> bool:
        """Whether this UUID is one of them."""
        return str(key) in self.keys


Within = Range | Keys
"""Which rows are read: those whose case has such an id."""


@dataclass(frozen=True)
class Ranges:
    """All UUIDs in so many equal ranges (a power of two); `number` is the table's in the target."""

    parts: int
    number: int

    @classmethod
    def of(cls, size: int, number: int) -> Ranges:
        """As many as a table of this size in bytes is cut into: one if it is small."""
        parts = 1
        while parts < MOST and size >= 2 * parts * BYTES_OF_A_PART:
            parts *= 2
        return cls(parts, number)

    def range(self, part: int) -> Range:
        """The UUIDs of a part."""
        last = part + 1 == self.parts
        return Range(str(self._start(part)), None if last else str(self._start(part + 1)))

    def part_of(self, identifier: str) -> int:
        """The part that a document's id belongs to. What is no id of this table has its part, too."""
        return bisect_right(self._bounds, identifier)

    @cached_property
    def _bounds(self) -> list[str]:
        """What the ids of each part but the first sort after: their beginning, without the checksum."""
        return [ids.encode(self.number, self._start(part).bytes)[:-5] for part in range(1, self.parts)]

    def _start(self, part: int) -> uuid.UUID:
        return uuid.UUID(int=part * ((1 << BITS) // self.parts))
