"""Writes the transformed documents: one file a table, one document a line, sorted by `_id`, with a digest.

The digest is over (table name, 16 id bytes, content) with references written as 16 bytes too, so that it
is the same on deployments whose tables have other numbers (law 9). Documents print every number with a
point: that is how the import tells Float64 from Int64.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import orjson

from migration.errors import RunIncomplete
from migration.ids import InvalidId, decode
from migration.mapping.fields import Document

MAX_DOCUMENT = 1 << 20
"""The longest document Convex takes, in bytes (wire contract 7.4), measured on the import's line."""

LINKS = ("userId", "firmId", "dismissedDeadlines")
"""The fields of the four tables that hold ids of other documents."""


@dataclass(frozen=True, slots=True)
class TableResult:
    """What one table came to."""

    documents: int
    digest: str


class Line(NamedTuple):
    """A document ready to be written. `raw`: its 16 bytes, the sort key; `content`: for the digest."""

    raw: bytes
    text: bytes
    content: bytes


def line(raw: bytes, links: dict[str, Any], body: Document) -> Line:
    """A document of ours. `links`: its `_id` and what holds references (`LINKS`); `body`: the rest."""
    said = orjson.dumps(body)
    text = orjson.dumps(links)[:-1] + b"," + said[1:]
    return Line(raw, text, orjson.dumps(_unnumbered(links)) + said)


def spelled_line(text: bytes) -> Line:
    """A document of the target whose spelling must stay."""
    document = orjson.loads(text)
    raw = decode(document.pop("_id"))[1]
    links = {name: document.pop(name) for name in LINKS if name in document}
    return Line(
        raw, text, orjson.dumps(_unnumbered(links)) + orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    )


class TableWriter:
    """Writes one table. Lines must come with ascending 16 bytes: then the file is sorted by `_id` too."""

    def __init__(self, folder: Path, table: str) -> None:
        self._table = table.encode()
        self._name = table
        self._file = (folder / f"{table}.ndjson").open("wb", buffering=1 << 20)
        self._digest = hashlib.sha256()
        self._last = b""
        self.documents = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def write(self, one: Line) -> None:
        """Adds a document."""
        if one.raw <= self._last:
            raise RunIncomplete(
                f"Two documents of {self._name} have one id, or the snapshot is not sorted by its key.",
                touched="The target was not changed.",
                next_step="Take the snapshot again: invoke export.",
            )
        self._last = one.raw
        self._file.write(one.text + b"\n")
        self._digest.update(b"%s\0%s%s\n" % (self._table, one.raw, one.content))
        self.documents += 1

    def result(self) -> TableResult:
        """Documents written so far and their digest."""
        return TableResult(self.documents, self._digest.hexdigest())


def write_table(folder: Path, table: str, lines: Iterable[Line]) -> TableResult:
    """Sorts and writes a table that fits in memory."""
    with TableWriter(folder, table) as writer:
        for one in sorted(lines):
            writer.write(one)
        return writer.result()


def _unnumbered(links: dict[str, Any]) -> dict[str, Any]:
    """The links with 16 bytes for each id, and without the document's own."""
    plain: dict[str, Any] = {}
    for name, value in links.items():
        if isinstance(value, list):
            plain[name] = [{**one, "caseId": _raw(one["caseId"])} for one in value]
        elif name != "_id":
            plain[name] = _raw(value)
    return plain


@lru_cache(4096)
def _raw(document_id: str) -> str:
    """The 16 bytes of a reference; text that is no id stays as it is."""
    try:
        return decode(document_id)[1].hex()
    except InvalidId:
        return document_id
