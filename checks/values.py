"""How values are compared and how they are shown.

Exact (law 7): Int64 and Float64, null, absent and empty, true and 1 all differ. An export's JSON integer is
an Int64 and becomes Python's int, a number with a point is a Float64 and becomes float, so `canonical` bytes
keep them apart. Personal text is never shown, only its length, a digest and where it first differs (law 8).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final, TypeGuard

import orjson

from checks.facts import v2_schema


class Absent:
    """The value of a field that a document does not have. There is one: `ABSENT`."""

    def __repr__(self) -> str:
        return "absent"


ABSENT: Final = Absent()

_PLAIN = re.compile(r"\d{4}-\d{2}-\d{2}|\d{2}:\d{2}|[0-9a-hjkmnp-tv-z]{31,37}|")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_SHOWN = 60


def canonical(value: object) -> bytes:
    """Bytes that are equal exactly when two values of an export are."""
    if value is ABSENT:
        return b"absent"
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def same(expected: object, actual: object) -> bool:
    """Whether two values are equal in value and in kind."""
    if expected is actual:
        return True
    if isinstance(expected, str):
        return expected == actual
    return type(expected) is type(actual) and canonical(expected) == canonical(actual)


def differing_field(expected: Mapping[str, object], actual: Mapping[str, object]) -> str:
    """The first field, by name, that two documents do not have in common; '' when there is none."""
    names = sorted(expected.keys() | actual.keys())
    return next((n for n in names if not same(expected.get(n, ABSENT), actual.get(n, ABSENT))), "")


def is_uuid(value: object) -> TypeGuard[str]:
    """Whether this is the text of a UUID as v1's ids are written."""
    return isinstance(value, str) and _UUID.fullmatch(value) is not None


def digest(value: bytes) -> str:
    """A short digest, enough to tell two texts apart and too little to read one."""
    return hashlib.sha256(value).hexdigest()[:8]


def shown(value: object) -> str | None:
    """A value as a finding may show it: dates, numbers, flags, ids, v2's own words; of text its mask."""
    if value is ABSENT:
        return None
    if isinstance(value, str):
        plain = _PLAIN.fullmatch(value) or is_uuid(value) or value in _words()
        return (
            value or "''" if plain else f"text[{len(value)}] #{digest(value.encode(errors='surrogatepass'))}"
        )
    if isinstance(value, list):
        return f"list[{len(value)}] #{digest(canonical(value))}"
    if isinstance(value, dict):
        return f"object[{len(value)}] #{digest(canonical(value))}"
    return canonical(value).decode()[:_SHOWN]


def shown_pair(expected: object, actual: object) -> tuple[str | None, str | None]:
    """Both sides of a difference, with the place where two masked texts begin to differ."""
    left, right = shown(expected), shown(actual)
    if isinstance(expected, str) and isinstance(actual, str) and right and right.startswith("text["):
        right = f"{right} differs at {first_difference(expected, actual)}"
    return left, right


def first_difference(one: str, other: str) -> int:
    """The first position at which two texts differ; the shorter one's length when it is where it ends."""
    limit = min(len(one), len(other))
    return next((place for place in range(limit) if one[place] != other[place]), limit)


@cache
def _words() -> frozenset[str]:
    return frozenset(_literals(v2_schema()))


def _literals(node: Any) -> Iterator[str]:
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for value in inner:
        yield from _literals(value)
    if isinstance(node, dict) and isinstance(node.get("literal"), str):
        yield node["literal"]
