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
from checks.target.archive import STORED, Archive, Document, id_of
from checks.values import ABSENT, canonical, differing_field
from checks.world import OURS
from migration.config import Settings
from migration.model import FINDINGS_SHOWN, Kind
from migration.run import Run

OTHERS = tuple(sorted(set(v2_schema()) - set(OURS)))
"""v2's tables that v1 gives nothing to."""


def untouched(run: Run, settings: Settings) -> Mapping[str, Tally]:  # noqa: ARG001 - a product's signature
    """`table.<table>` for v2's other tables, `unlisted` for any further one, `files`, `numbers`."""
    with Archive(run.data / "backup.zip") as before, Archive(run.data / "verified.zip") as after:
        return {
            **{f"table.{table}": equal_tables(before, after, [table]) for table in OTHERS},
            "unlisted": equal_tables(before, after, _unlisted(before, after)),
            "files": _files(before, after),
            "numbers": _numbers(before, after),
        }


def equal_tables(before: Archive, after: Archive, tables: Iterable[str]) -> Tally:
    """Every document of these tables is in both exports, once, and the same; a finding names the first field
    that is not."""
    tally = Tally()
    for table in tables:
        left, right = _Digests(before, table), _Digests(after, table)
        for key in right.twice:
            tally.find(Kind.EXTRANEOUS, key, table=table, path="_id", rule="the same id twice", actual=key)
        differing = []
        for key in sorted(left.by_id.keys() | right.by_id.keys()):
            if left.by_id.get(key) == right.by_id.get(key):
                tally.match()
            elif key not in right.by_id:
                tally.find(Kind.MISSING, key, table=table, path="_id", expected=key)
            elif key not in left.by_id:
                tally.find(
                    Kind.EXTRANEOUS, key, table=table, path="_id", actual=key, rule="not as it was backed up"
                )
            else:
                differing.append(key)
        _name_fields(tally, before, after, table, differing)
    return tally


def _name_fields(tally: Tally, before: Archive, after: Archive, table: str, differing: list[str]) -> None:
    """Only digests were kept, so the documents that differ are read again: as many as a report shows."""
    shown = frozenset(differing[:FINDINGS_SHOWN])
    left, right = (_documents(archive, table, shown) for archive in (before, after))
    for key in differing:
        one, other = left.get(key, {}), right.get(key, {})
        path = differing_field(one, other)
        tally.find(
            Kind.MISMATCHED,
            key,
            table=table,
            path=path,
            expected=one.get(path, ABSENT),
            actual=other.get(path, ABSENT),
            rule="not as it was backed up",
        )


def _documents(archive: Archive, table: str, wanted: frozenset[str]) -> dict[str, Document]:
    lines = archive.lines(table) if wanted else ()
    return {key: orjson.loads(line) for line in lines if (key := id_of(line)) in wanted}


class _Digests:
    """A table by id, without its documents; `twice` holds ids that occur more than once."""

    def __init__(self, archive: Archive, table: str) -> None:
        self.by_id: dict[str, bytes] = {}
        self.twice: list[str] = []
        for line in archive.lines(table):
            key = id_of(line)
            if key in self.by_id:
                self.twice.append(key)
            self.by_id[key] = hashlib.blake2b(canonical(orjson.loads(line)), digest_size=16).digest()


def _unlisted(before: Archive, after: Archive) -> list[str]:
    return sorted({*before.tables, *after.tables} - set(v2_schema()))


def _files(before: Archive, after: Archive) -> Tally:
    """What the deployment knows of each stored file, and the file's own bytes."""
    tally = equal_tables(before, after, [STORED])
    left, right = before.stored(), after.stored()
    for key in sorted(left.keys() | right.keys()):
        tally.check(key, left.get(key, ABSENT), right.get(key, ABSENT), table=STORED, path="sha256")
    return tally


def _numbers(before: Archive, after: Archive) -> Tally:
    tally = Tally()
    for table, number in before.numbers.items():
        tally.check(table, number, after.numbers.get(table), table=table, path="number")
    for table in after.numbers.keys() - before.numbers.keys():
        tally.note(f"new table {table}")
        tally.match()
    return tally
