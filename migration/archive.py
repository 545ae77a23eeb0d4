"""Reading a Convex snapshot ZIP: which tables, which numbers, which documents, which files.

Backups and exports have one layout (wire contract 2.4 and 3). Streaming: no table is held in memory.
The digest of a snapshot is the same for the same data on any deployment: it is over (table name, 16 id bytes,
content) and does not depend on the order in which tables or documents were written.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

from migration import ids
from migration.errors import RunIncomplete

_DOCUMENTS = "/documents.jsonl"
_FILES = "_storage/"
_MODULUS = 1 << 256
_PIECE = 1 << 20


@dataclass(frozen=True)
class TableSum:
    """One table of a snapshot: its number, its documents, and an order-free digest of them."""

    number: int | None
    documents: int
    digest: str


@dataclass(frozen=True)
class SnapshotSum:
    """A whole snapshot. `digest` covers every table that has documents, and every stored file."""

    digest: str
    tables: dict[str, TableSum]
    files: int


class Archive:
    """An open snapshot ZIP. Every byte read is checked against the ZIP's own checksums."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError) as error:
            raise _unreadable(path, error) from None
        self._path = path

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()

    def numbers(self) -> dict[str, int]:
        """The table numbers that `_tables` gives."""
        return {row["name"]: int(row["id"]) for row in map(orjson.loads, self.lines("_tables"))}

    def tables(self) -> list[str]:
        """The tables that have an entry, components' tables under their path; system tables left out."""
        found = [name.removesuffix(_DOCUMENTS) for name in self._zip.namelist() if name.endswith(_DOCUMENTS)]
        return sorted(name for name in found if not name.rpartition("/")[2].startswith("_"))

    def lines(self, table: str) -> Iterator[bytes]:
        """Each document of a table as its bytes in the ZIP, without the line break; none for an absent
        table."""
        name = f"{table}{_DOCUMENTS}"
        if name not in self._zip.NameToInfo:
            return
        try:
            with self._zip.open(name) as handle:
                for line in handle:
                    text = line.rstrip(b"\r\n")
                    if text:
                        yield text
        except (zipfile.BadZipFile, OSError, EOFError) as error:
            raise _unreadable(self._path, error) from None

    def size(self, table: str) -> int:
        """Bytes of a table's documents, unpacked."""
        info = self._zip.NameToInfo.get(f"{table}{_DOCUMENTS}")
        return 0 if info is None else info.file_size

    def stored_files(self) -> Iterator[tuple[str, bytes]]:
        """Each stored file's id and the SHA-256 of its bytes."""
        for info in self._zip.infolist():
            name = info.filename
            if name.startswith(_FILES) and not name.endswith("documents.jsonl") and not info.is_dir():
                digest = hashlib.sha256()
                try:
                    with self._zip.open(info) as handle:
                        while piece := handle.read(_PIECE):
                            digest.update(piece)
                except (zipfile.BadZipFile, OSError, EOFError) as error:
                    raise _unreadable(self._path, error) from None
                yield name.removeprefix(_FILES).partition(".")[0], digest.digest()


def parsed(line: bytes) -> tuple[bytes, dict[str, Any]]:
    """A document's 16 id bytes, and the document without its `_id`."""
    document: dict[str, Any] = orjson.loads(line)
    return ids.decode(document.pop("_id"))[1], document


def content_hash(document: dict[str, Any]) -> bytes:
    """A digest of a document's content that knows no key order. Int64 stays apart from Float64: it has no
    point."""
    return hashlib.sha256(orjson.dumps(document, option=orjson.OPT_SORT_KEYS)).digest()


def summarise(path: Path) -> SnapshotSum:
    """Reads a snapshot from end to end: counts, numbers and digests. `RunIncomplete` if any of it is
    damaged."""
    with Archive(path) as archive:
        numbers = archive.numbers()
        tables = {name: _summed(archive, name, numbers.get(name)) for name in archive.tables()}
        total, files = hashlib.sha256(), 0
        for name, table in sorted(tables.items()):
            if table.documents:  # an emptied table and an absent one are the same data
                total.update(f"{name} {table.documents} {table.digest}\n".encode())
        for document_id, digest in sorted(archive.stored_files()):
            files += 1
            total.update(f"_storage {ids.decode(document_id)[1].hex()} {digest.hex()}\n".encode())
        for name, number in numbers.items():
            tables.setdefault(name, TableSum(number, 0, _hex(0)))
    return SnapshotSum(digest=total.hexdigest(), tables=tables, files=files)


def _summed(archive: Archive, table: str, number: int | None) -> TableSum:
    """The sum of the documents' digests: the same whatever their order, and different if one differs."""
    count = total = 0
    for line in archive.lines(table):
        raw, document = parsed(line)
        total += int.from_bytes(hashlib.sha256(raw + content_hash(document)).digest(), "big")
        count += 1
    return TableSum(number, count, _hex(total))


def _hex(total: int) -> str:
    return f"{total % _MODULUS:064x}"


def _unreadable(path: Path, error: Exception) -> RunIncomplete:
    return RunIncomplete(
        f"The snapshot {path.name} can not be read back ({type(error).__name__}).",
        touched="The target's data was not changed by this.",
        next_step="Take it again; if it is damaged again, look at the disk.",
    )
