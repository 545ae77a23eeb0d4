"""The reverse delta: what v2's users wrote since the target was opened, and a restore would take from them.

Part of the rollback, before anything is restored: the export of the target as it is now is held against the
one that was judged while it was paused. The documents themselves go to the run's private data folder, so
that they can be entered again; the record keeps counts alone. Stored files are not looked at: v2 has no page
that adds one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from migration.archive import Archive, content_hash, parsed

NAME = "reverse_delta.jsonl"
JUDGED = "verified.zip"


@dataclass(frozen=True)
class Change:
    """One document that differs. `before` is absent for a created one, `after` for a deleted one."""

    table: str
    kind: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


def write(judged: Path, now: Path, folder: Path) -> dict[str, dict[str, int]]:
    """Writes `reverse_delta.jsonl` into `folder`; the number of changes by kind, for each table with any."""
    counts: dict[str, Counter[str]] = {}
    with (folder / NAME).open("wb") as out:
        for change in changes(judged, now):
            counts.setdefault(change.table, Counter())[change.kind] += 1
            out.write(orjson.dumps(change) + b"\n")
    return {table: dict(found) for table, found in sorted(counts.items())}


def changes(judged: Path, now: Path) -> Iterator[Change]:
    """Every document that was created, changed or deleted between two exports of one deployment."""
    with Archive(judged) as left, Archive(now) as right:
        for table in sorted({*left.tables(), *right.tables()}):
            yield from _of_table(left, right, table)


def _of_table(left: Archive, right: Archive, table: str) -> Iterator[Change]:
    held = dict(_hashes(left, table))
    touched: dict[bytes, dict[str, Any]] = {}
    for line in right.lines(table):
        raw, document = parsed(line)
        was = held.pop(raw, None)
        if was is None:
            yield Change(table, "created", None, orjson.loads(line))
        elif was != content_hash(document):
            touched[raw] = orjson.loads(line)
    for line in left.lines(table) if held or touched else ():
        raw, _ = parsed(line)
        if raw in touched:
            yield Change(table, "changed", orjson.loads(line), touched[raw])
        elif raw in held:
            yield Change(table, "deleted", orjson.loads(line), None)


def _hashes(archive: Archive, table: str) -> Iterator[tuple[bytes, bytes]]:
    for line in archive.lines(table):
        raw, document = parsed(line)
        yield raw, content_hash(document)


def total(stranded: Mapping[str, Mapping[str, int]]) -> Counter[str]:
    """All tables together, by kind."""
    summed: Counter[str] = Counter()
    for found in stranded.values():
        summed.update(found)
    return summed
