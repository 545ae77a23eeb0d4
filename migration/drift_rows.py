"""Which rows and documents are not as they were read: the names for a change that `migration.drift` has told.

Asked only when something differs, because each row is read again. Names are keys, never values (law 13).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import orjson
import psycopg

from migration import snapshot
from migration.archive import Archive, content_hash
from migration.introspect import Layout

_SHOWN = 5


def in_source(connection: psycopg.Connection, layout: Layout, table: str, raw: Path) -> str:
    """How the rows of a moved table (its name in the records) differ now from its file in folder `raw`."""
    found = layout.table(table)
    with snapshot.raw_file(raw, table).open("rb") as lines:
        before = _rows(lines)
    return _differing(before, _rows(snapshot.lines_of(connection, found)))


def in_target(backup: Path, now: Path) -> list[str]:
    """One sentence for each table of the target whose documents differ between two snapshots of it."""
    with Archive(backup) as was, Archive(now) as held:
        tables = sorted({*was.tables(), *held.tables()})
        found = {table: _differing(_documents(was, table), _documents(held, table)) for table in tables}
    return [f"{table}: {differing}" for table, differing in found.items() if differing]


def _rows(lines: Iterable[bytes]) -> dict[str, bytes]:
    keyed = {}
    for line in lines:
        row = orjson.loads(line)
        key = row["id"] if "id" in row else row["user_id"]
        keyed[str(key)] = hashlib.sha256(line.rstrip(b"\n")).digest()
    return keyed


def _documents(archive: Archive, table: str) -> dict[str, bytes]:
    keyed = {}
    for line in archive.lines(table):
        document = orjson.loads(line)
        keyed[str(document.pop("_id"))] = content_hash(document)
    return keyed


def _differing(before: Mapping[str, bytes], now: Mapping[str, bytes]) -> str:
    """`1 changed (key), 2 new (key, key)`; empty when nothing differs."""
    kinds = {
        "changed": [key for key in before if key in now and before[key] != now[key]],
        "new": [key for key in now if key not in before],
        "gone": [key for key in before if key not in now],
    }
    return ", ".join(f"{len(keys)} {kind} ({_first(keys)})" for kind, keys in kinds.items() if keys)


def _first(keys: list[str]) -> str:
    return ", ".join(sorted(keys)[:_SHOWN]) + (", ..." if len(keys) > _SHOWN else "")
