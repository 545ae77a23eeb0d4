"""The tables that the migration must leave alone: equal to the backup, document by document.

So no v1 chat, notification or token can have come in, and nothing of v2 is lost. Also the tables' numbers, on
which every id depends.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import orjson

from checks.facts import v2_schema
from checks.tally import Tally
from checks.target.archive import Archive, id_of
from checks.values import canonical
from checks.world import OURS
from migration.config import Settings
from migration.model import Kind
from migration.run import Run

OTHERS = tuple(sorted(set(v2_schema()) - set(OURS)))
"""v2's tables that v1 gives nothing to."""


def untouched(run: Run, settings: Settings) -> Mapping[str, Tally]:  # noqa: ARG001 - a product's signature
    """`table.<table>` for v2's other tables, `unlisted` for any further one, `numbers`."""
    with Archive(run.data / "backup.zip") as before, Archive(run.data / "verified.zip") as after:
        return {
            **{f"table.{table}": equal_tables(before, after, [table]) for table in OTHERS},
            "unlisted": equal_tables(before, after, _unlisted(before, after)),
            "numbers": _numbers(before, after),
        }


def equal_tables(before: Archive, after: Archive, tables: Iterable[str]) -> Tally:
    """Every document of these tables is in both exports and the same."""
    tally = Tally()
    for table in tables:
        left, right = _digests(before, table), _digests(after, table)
        for key in sorted(left.keys() | right.keys()):
            if left.get(key) == right.get(key):
                tally.match()
            elif key not in right:
                tally.find(Kind.MISSING, key, table=table)
            else:
                kind = Kind.MISMATCHED if key in left else Kind.EXTRANEOUS
                tally.find(kind, key, table=table, rule="not as it was backed up")
    return tally


def _digests(archive: Archive, table: str) -> dict[str, bytes]:
    return {
        id_of(line): hashlib.blake2b(canonical(orjson.loads(line)), digest_size=16).digest()
        for line in archive.lines(table)
    }


def _unlisted(before: Archive, after: Archive) -> list[str]:
    return sorted({*before.tables, *after.tables} - set(v2_schema()))


def _numbers(before: Archive, after: Archive) -> Tally:
    tally = Tally()
    for table, number in before.numbers.items():
        tally.check(table, number, after.numbers.get(table), table=table, path="number")
    for table in after.numbers.keys() - before.numbers.keys():
        tally.note(f"new table {table}")
        tally.match()
    return tally
