"""What the migration puts into documents of v2's own: recorded, so that a later run can tell it from v2's.

A v2 user whom v1 knows too keeps their documents, and v1 fills what is absent (`mapping.merge`). A second run
would find the filled values there and take them for v2's, so that a wrong one stayed for ever. So each load
records what it changed in such a document and what stood there before; the next link undoes it where nobody
has changed it since, and the load stops when the result is no longer what stands there. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import orjson

Document = Mapping[str, Any]
Key = tuple[str, bytes]
"""A document: its table and the 16 bytes of its id."""


class Fill(NamedTuple):
    """One field that a load changed: a hash of what it left there, and what stood there before."""

    left: str
    had: bool
    before: Any = None


Fills = Mapping[str, Fill]


def standing(document: Document, fills: Fills) -> dict[str, Fill]:
    """Those of the fields that still are as the load left them."""
    return {
        name: fill for name, fill in fills.items() if name in document and _hash(document[name]) == fill.left
    }


def undone(document: Document, fills: Fills) -> dict[str, Any]:
    """The document without these fields, or with what stood there before."""
    kept = {name: value for name, value in document.items() if name not in fills}
    return {**kept, **{name: fill.before for name, fill in fills.items() if fill.had}}


def changes(before: Document, after: Document) -> dict[str, Fill]:
    """What turns one document into the other; nothing is ever taken away from v2's own."""
    return {
        name: Fill(_hash(value), name in before, before.get(name))
        for name, value in after.items()
        if name not in before or _hash(before[name]) != _hash(value)
    }


def dumped(records: Iterable[tuple[Key, Fills]]) -> bytes:
    """Records as lines of JSON; they hold people's data and stay in the data folder."""
    rows = (
        [table, raw.hex(), {name: list(fill) for name, fill in fills.items()}]
        for (table, raw), fills in records
    )
    return b"".join(orjson.dumps(row) + b"\n" for row in rows)


def loaded(content: bytes) -> dict[Key, dict[str, Fill]]:
    """What `dumped` wrote."""
    rows = (orjson.loads(line) for line in content.splitlines())
    return {
        (table, bytes.fromhex(raw)): {name: Fill(*fill) for name, fill in fills.items()}
        for table, raw, fills in rows
    }


def _hash(value: Any) -> str:
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()
