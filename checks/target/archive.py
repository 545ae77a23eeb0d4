"""A snapshot export of the target, read by the checks' own decoder (contract 2.4, 3 and 7.1).

`Archive` reads the ZIP as it streams; `Spool` unpacks one table into the run's data folder, so that a
document can be fetched by its id while the bytes stay on disk. In export_json an integer is an Int64 and
stays `int`, a Float64 has a point and becomes `float`.
"""

from __future__ import annotations

import hashlib
import io
import mmap
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self, cast

import orjson

from migration.errors import RunIncomplete

Document = dict[str, Any]
_DOCUMENTS = "documents.jsonl"
_ID = b'"_id":"'
_READ = 1 << 18
STORED = "_storage"
"""Where an export has what it knows of the stored files, and the files themselves."""


class Archive:
    """One export. Tables of components are named with their folder (`_components/mail/sent`)."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise RunIncomplete(f"{path.name} is missing from the run's data.", next_step="Run verify again.")
        self._zip = zipfile.ZipFile(path)
        self._entries = {
            name.rpartition("/")[0]: name for name in self._zip.namelist() if name.endswith(f"/{_DOCUMENTS}")
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The number of each table, from the export's `_tables`."""
        found = {}
        for entry in self._entries:
            folder, _, last = entry.rpartition("/")
            if last == "_tables":
                for line in self.lines(entry):
                    table = orjson.loads(line)
                    found[f"{folder}/{table['name']}".lstrip("/")] = int(table["id"])
        return found

    @property
    def tables(self) -> list[str]:
        """Every table that the export carries, files' metadata (`_storage`) left out."""
        named = set(self.numbers) | {entry for entry in self._entries if not _is_system(entry)}
        return sorted(named)

    def lines(self, table: str) -> Iterator[bytes]:
        """The documents of a table as they stand in the export, one line each; none when it has no entry."""
        if table not in self._entries:
            return
        with self._zip.open(self._entries[table]) as stream:
            for line in io.BufferedReader(cast(io.RawIOBase, stream), _READ):  # lines are cut in C there
                if text := line.strip():
                    yield text

    def size(self, table: str) -> int:
        """The bytes of a table's documents; 0 when it has no entry."""
        return self._zip.getinfo(self._entries[table]).file_size if table in self._entries else 0

    def documents(self, table: str) -> Iterator[Document]:
        """The decoded documents of a table."""
        return map(orjson.loads, self.lines(table))

    def stored(self) -> dict[str, str]:
        """The SHA-256 of each stored file's bytes, by the file's id."""
        found = {}
        for entry in self._zip.namelist():
            folder, _, name = entry.rpartition("/")
            if folder.rpartition("/")[2] == STORED and name and name != _DOCUMENTS:
                with self._zip.open(entry) as stream:
                    found[name.partition(".")[0]] = _sha256(stream)
        return found


class Spool:
    """One table of an export, unpacked to a private file, with every document at hand by its id.

    `duplicates` holds ids that occur more than once (the first one is served).
    """

    def __init__(self, table: str, path: Path) -> None:
        """Of the lines that `unpack` left at `path`."""
        self.table = table
        self.duplicates: list[str] = []
        self._places: dict[str, tuple[int, int]] = {}
        self._file = path.open("rb")
        offset = 0
        for line in self._file:
            self._place(line, offset)
            offset += len(line)
        self._bytes = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ) if offset else b""

    @classmethod
    def of(cls, archive: Archive, table: str, path: Path) -> Spool:
        """Of an export; nothing stays behind at `path` when the process ends."""
        unpack(archive, table, [path])
        spool = cls(table, path)
        path.unlink()  # the open map keeps it
        return spool

    def _place(self, line: bytes, offset: int) -> None:
        tab = line.index(b"\t")
        identifier = line[:tab].decode()
        if identifier in self._places:
            self.duplicates.append(identifier)
        else:
            self._places[identifier] = (offset + tab + 1, offset + len(line) - 1)  # the document alone

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, identifier: str) -> bool:
        return identifier in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def line(self, identifier: str) -> bytes | None:
        """The document's line as exported, or None."""
        place = self._places.get(identifier)
        return None if place is None else self._bytes[place[0] : place[1]]

    def document(self, identifier: str) -> Document | None:
        """The decoded document, or None."""
        line = self.line(identifier)
        return None if line is None else orjson.loads(line)

    def close(self) -> None:
        """Lets the unpacked file go."""
        if isinstance(self._bytes, mmap.mmap):
            self._bytes.close()
        self._file.close()


def unpack(
    archive: Archive, table: str, paths: Sequence[Path], part_of: Callable[[str], int] | None = None
) -> None:
    """Writes a table's documents to private files, one line each, its id and a tab before it: to the first
    file, or to the one where the id belongs."""
    with ExitStack() as stack:
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        files = [stack.enter_context(path.open("wb", buffering=_READ)) for path in paths]
        for line in archive.lines(table):
            identifier = id_of(line)
            file = files[part_of(identifier) if part_of else 0]
            file.write(b"".join((identifier.encode(), b"\t", line, b"\n")))


def id_of(line: bytes) -> str:
    """The `_id` of a document's line; the whole line is decoded only when it can not be told otherwise."""
    first = line.find(_ID)
    if first >= 0 and line.find(_ID, first + 1) < 0:
        start = first + len(_ID)
        return line[start : line.index(b'"', start)].decode()
    return str(orjson.loads(line)["_id"])


def _sha256(stream: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while piece := stream.read(_READ):
        digest.update(piece)
    return digest.hexdigest()


def _is_system(entry: str) -> bool:
    return entry.rpartition("/")[2] in {"_tables", STORED}
