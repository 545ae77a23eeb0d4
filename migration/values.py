"""Convex values as function calls carry them: `convex_encoded_json`, without loss (contract 7.1).

Int64 arrives as `int` and Float64 as `float`, so that a check can tell them apart. Used by
`migration.target`.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable
from typing import Any


def decode(value: Any) -> Any:
    """The Python value of an answer in `convex_encoded_json`."""
    if isinstance(value, dict):
        if len(value) == 1:
            ((tag, inner),) = value.items()
            if tag in _TAGGED:
                return _TAGGED[tag](inner)
        return {key: decode(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [decode(inner) for inner in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)  # a plain number is a Float64, whether or not it has a point
    return value


def _integer(text: str) -> int:
    return int(struct.unpack("<q", base64.b64decode(text))[0])


def _float(text: str) -> float:
    return float(struct.unpack("<d", base64.b64decode(text))[0])


_TAGGED: dict[str, Callable[[str], Any]] = {
    "$integer": _integer,
    "$float": _float,
    "$bytes": base64.b64decode,
}
