"""The ZIP to import: the union of what the target holds and what is migrated (law 10).

Between transform and load; reads files only. For each document of the target one rule applies:

    not ours, not transformed             copied, byte for byte
    not ours, transformed                 the transform's version (a declared change, made from this backup)
    ours, as the last run left it         the transform's version, or nothing when its row left the source
    ours, equal to the transform's        the same, whatever the records say
    ours, changed since the last run      stops the load: a person's work would be lost
    ours by its id, but without a record  stops the load, unless it is equal
    not ours, with values of an earlier load that v1 no longer gives
                                          stops the load: nobody could tell them from v2's own afterwards
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from uuid import UUID

import orjson

from migration import files
from migration.archive import Archive, content_hash, parsed
from migration.errors import Refusal, RowsQuarantined
from migration.filled import Fills, Key, changes, standing, undone
from migration.link import TABLES, user_keys
from migration.mapping import names
from migration.written import Known

_UNIFORM = b'"uniform"\n'
_MOMENT = (2000, 1, 1, 0, 0, 0)
_LARGE = 1 << 31
_SHOWN = 5


class ChangedSince(RowsQuarantined):
    """Documents of ours were changed on the target since they were loaded."""


class FilledOtherwise(RowsQuarantined):
    """Values that an earlier load put into documents of v2's own are no longer what v1 gives."""


class NotOurRecord(Refusal):
    """Documents have ids of ours and another content, and no record says that we wrote them."""


@dataclass(frozen=True)
class Parts:
    """What a union is made from: the target's backup, the transform's files, and the raw rows."""

    backup: Path
    transformed: Path
    raw: Path


@dataclass
class TableUnion:
    """One table of the ZIP. `documents` are all of them; the others say where they come from."""

    documents: int = 0
    kept: int = 0  # foreign, byte for byte
    replaced: int = 0  # on the target already, ours or changed by a declared rule
    added: int = 0
    removed: int = 0  # ours, and gone from the source


@dataclass(frozen=True)
class Union:
    """What was built. `ours`: (table, 16 bytes, content hash) of each document that is ours. `filled`: what
    is changed in documents that are not."""

    tables: dict[str, TableUnion]
    digest: str
    ours: list[tuple[str, bytes, bytes]]
    filled: list[tuple[Key, Fills]] = field(default_factory=list)

    @property
    def documents(self) -> int:
        """All documents of the ZIP: what the import must report as written."""
        return sum(table.documents for table in self.tables.values())


@dataclass
class _Planned:
    """The transformed documents of one table: hash by 16 bytes, which of them are ours, and the others."""

    hashes: dict[bytes, bytes] = field(default_factory=dict)
    ours: set[bytes] = field(default_factory=set)
    theirs: dict[bytes, dict[str, Any]] = field(default_factory=dict)


@dataclass
class _Conflicts:
    changed: list[str] = field(default_factory=list)
    otherwise: list[str] = field(default_factory=list)
    unrecorded: list[str] = field(default_factory=list)


def build(parts: Parts, numbers: Mapping[str, int], known: Known, out: Path) -> Union:
    """Writes the ZIP to `out`, the same bytes for the same input; raises when a document may not be replaced.

    `numbers` are the table numbers that the transformed ids carry.
    """
    users = {UUID(key).bytes for key in user_keys(parts.raw / "public.users.ndjson")}
    tables: dict[str, TableUnion] = {}
    ours: list[tuple[str, bytes, bytes]] = []
    fills: list[tuple[Key, Fills]] = []
    conflicts = _Conflicts()
    partial = out.with_name(f"{out.name}.partial")
    with (
        Archive(parts.backup) as archive,
        zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made,
    ):
        partial.chmod(0o600)
        _write(made, "_tables/documents.jsonl", b"".join(_number_lines(numbers)))
        for table in TABLES:
            source = parts.transformed / f"{table}.ndjson"
            planned = _plan(table, source, users)
            merge = _Merge(table, planned, known, conflicts)
            large = archive.size(table) + source.stat().st_size > _LARGE
            with made.open(_entry(f"{table}/documents.jsonl"), "w", force_zip64=large) as entry:
                merge.copy_foreign(archive, entry)
                with source.open("rb") as lines:
                    shutil.copyfileobj(lines, entry, 1 << 20)
            _write(made, f"{table}/generated_schema.jsonl", _UNIFORM)
            tables[table] = merge.result
            ours += [(table, raw_id, planned.hashes[raw_id]) for raw_id in sorted(planned.ours)]
            fills += merge.filled
    _refuse(conflicts)
    partial.replace(out)
    return Union(tables, files.sha256_of(out), ours, fills)


class _Merge:
    """Decides about each document that the target holds in one table."""

    def __init__(self, table: str, planned: _Planned, known: Known, conflicts: _Conflicts) -> None:
        self._table, self._planned, self._known, self._conflicts = table, planned, known, conflicts
        self.result = TableUnion(documents=len(planned.hashes), added=len(planned.hashes))
        self.filled: list[tuple[Key, Fills]] = []

    def copy_foreign(self, archive: Archive, entry: IO[bytes]) -> None:
        """Writes the documents that are kept as they are; notes what stops the load."""
        for line in archive.lines(self._table):
            raw, document = parsed(line)
            content = content_hash(document)
            left = self._known.of(self._table, raw)
            self._fill(raw, document)
            if raw in self._planned.hashes:
                self.result.replaced += 1
                self.result.added -= 1
                self._may_replace(raw, content, left)
            elif not left:
                entry.write(line + b"\n")
                self.result.kept += 1
                self.result.documents += 1
            elif content in left:
                self.result.removed += 1
            else:
                self._conflicts.changed.append(f"{self._table} {raw.hex()}")

    def _fill(self, raw: bytes, document: dict[str, Any]) -> None:
        """Notes what the load changes in a document of v2's own, and what an earlier one left there wrong."""
        wanted, known = self._planned.theirs.get(raw), self._known.filled.get((self._table, raw), {})
        if wanted is None and not known:
            return
        left = standing(document, known)
        after = wanted if wanted is not None else undone(document, left)
        stale = [name for name in left if name not in after or after[name] != document[name]]
        self._conflicts.otherwise += [f"{self._table} {raw.hex()} {name}" for name in stale]
        if fills := changes(undone(document, left), after):
            self.filled.append(((self._table, raw), fills))

    def _may_replace(self, raw: bytes, content: bytes, left: frozenset[bytes]) -> None:
        if content == self._planned.hashes[raw] or raw not in self._planned.ours or content in left:
            return
        (self._conflicts.changed if left else self._conflicts.unrecorded).append(f"{self._table} {raw.hex()}")


def _plan(table: str, source: Path, users: set[bytes]) -> _Planned:
    planned = _Planned()
    with source.open("rb") as lines:
        for line in lines:
            raw, document = parsed(line)
            planned.hashes[raw] = content_hash(document)
            if _is_ours(table, raw, document, users):
                planned.ours.add(raw)
            else:
                planned.theirs[raw] = document
    return planned


def _is_ours(table: str, raw: bytes, document: dict[str, Any], users: set[bytes]) -> bool:
    """Whether this id is one that only the migration gives: derived from the v1 row that the document is
    of."""
    if table == "users":
        return raw in users
    if table == "authAccounts":
        return raw == names.account(document["provider"], document["providerAccountId"])
    legacy = document.get("legacyId")
    if legacy is None:
        return False
    return raw == (UUID(legacy).bytes if table == "cases" else names.profile(legacy))


def _number_lines(numbers: Mapping[str, int]) -> Iterator[bytes]:
    for table in TABLES:
        yield orjson.dumps({"name": table, "id": numbers[table]}) + b"\n"


def _entry(name: str) -> zipfile.ZipInfo:
    """A fixed moment, so that the same documents give the same file."""
    info = zipfile.ZipInfo(name, _MOMENT)
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def _write(made: zipfile.ZipFile, name: str, content: bytes) -> None:
    made.writestr(_entry(name), content)


def _refuse(conflicts: _Conflicts) -> None:
    touched = "Nothing was loaded; the target's data is as it was. The fence and the pause stay."
    if conflicts.changed:
        raise ChangedSince(
            f"{len(conflicts.changed)} documents of an earlier load were changed on the target since: "
            f"{_first(conflicts.changed)}.",
            touched=touched,
            next_step="If these changes may be lost, delete the documents on the target and migrate again; "
            "else take everything back: invoke rollback.",
        )
    if conflicts.otherwise:
        raise FilledOtherwise(
            f"{len(conflicts.otherwise)} values that an earlier load put into documents of v2's own are no "
            f"longer what v1 gives: {_first(conflicts.otherwise)}.",
            touched=touched,
            next_step="Take both back, this run and the one that was loaded before: invoke rollback, and "
            "invoke rollback --run THAT ONE (invoke runs lists them); then migrate again.",
        )
    if conflicts.unrecorded:
        raise NotOurRecord(
            f"{len(conflicts.unrecorded)} documents on the target have ids that only the migration gives, "
            f"but no record here says that it wrote them as they are: {_first(conflicts.unrecorded)}.",
            touched=touched,
            next_step="Use that load's data folder (CUTOVER_DATA_DIR), or delete them on the target.",
        )


def _first(keys: list[str]) -> str:
    return ", ".join(keys[:_SHOWN]) + (", ..." if len(keys) > _SHOWN else "")
