"""A document as the target's export spelled it, changed field by field without touching the rest.

What a v2 user already had must come back exactly as it was, Int64 apart from Float64 and `$bytes`
included; so the line is cut into its top-level members and spliced as text, never parsed and printed
again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

_SPACE = " \t\r\n"
_DECODER = json.JSONDecoder()


class _Span(NamedTuple):
    start: int
    end: int


class Exported:
    """One line of the export's `documents.jsonl`. ValueError when it is no object with distinct keys."""

    def __init__(self, line: bytes) -> None:
        self.text = line.decode().strip()
        self._spans = dict(_members(self.text))

    def __contains__(self, field: str) -> bool:
        return field in self._spans

    def __getitem__(self, field: str) -> Any:
        """The field's value, decoded; whole numbers come as int only when they are Int64."""
        start, end = self._spans[field]
        return json.loads(self.text[start:end])

    def get(self, field: str) -> Any:
        """The field's value, or None when it is absent (export JSON has null for a stored null)."""
        return self[field] if field in self._spans else None

    def changed(self, values: Mapping[str, Any]) -> bytes:
        """The line with these fields set: present ones where they stand, new ones at the end."""
        pieces, at = [], 0
        for field, (start, end) in self._spans.items():
            if field in values:
                pieces += [self.text[at:start], _print(values[field])]
                at = end
        added = [f"{_print(field)}:{_print(values[field])}" for field in values if field not in self._spans]
        last = self.text.rindex("}")
        pieces.append(self.text[at:last])
        if added:
            pieces.append(("," if self._spans else "") + ",".join(added))
        return "".join((*pieces, "}")).encode()

    def extended(self, field: str, items: list[Any]) -> bytes:
        """The line with these items appended to an array field, whose own items keep their spelling."""
        start, end = self._spans[field]
        own = self.text[start + 1 : end - 1].strip()
        joined = ",".join(([own] if own else []) + [_print(item) for item in items])
        return f"{self.text[:start]}[{joined}]{self.text[end:]}".encode()


def _print(value: Any) -> str:
    return orjson.dumps(value).decode()


def _members(text: str) -> list[tuple[str, _Span]]:
    """Key and value span of each top-level member, in order."""
    found: list[tuple[str, _Span]] = []
    at = _skip(text, 0)
    if text[at : at + 1] != "{":
        raise ValueError("not an object")
    at = _skip(text, at + 1)
    while text[at : at + 1] != "}":
        key, at = _DECODER.raw_decode(text, at)
        colon = _skip(text, at)
        if text[colon : colon + 1] != ":" or not isinstance(key, str):
            raise ValueError("not an object")
        start = _skip(text, colon + 1)
        _, end = _DECODER.raw_decode(text, start)
        found.append((key, _Span(start, end)))
        at = _skip(text, end)
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
        elif text[at : at + 1] != "}":
            raise ValueError("not an object")
    if at != len(text) - 1:
        raise ValueError("something after the object")
    if len({key for key, _ in found}) != len(found):
        raise ValueError("a key twice")
    return found


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in _SPACE:
        at += 1
    return at
