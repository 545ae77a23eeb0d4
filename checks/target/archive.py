"""A snapshot export of the target, read by the checks' own decoder (contract 2.4, 3 and 7.1).

`Archive` reads the ZIP as it streams; `Spool` unpacks one table into the run's data folder, so that a
document can be fetched by its id while the bytes stay on disk. In export_json an integer is an Int64 and
stays `int`, a Float64 has a point and becomes `float`.
"""

from __future__ import annotations

import mmap
import zipfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

from migration.errors import RunIncomplete

Document = dict[str, Any]
_DOCUMENTS = "documents.jsonl"
_ID = b'"_id":"'


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
            for line in stream:
                if text := line.strip():
                    yield text

    def documents(self, table: str) -> Iterator[Document]:
        """The decoded documents of a table."""
        return map(orjson.loads, self.lines(table))


class Spool:
    """One table of an export, unpacked to a private file, with every document at hand by its id.

    `duplicates` holds ids that occur more than once (the first one is served).
    """

    def __init__(self, archive: Archive, table: str, path: Path) -> None:
        self.table = table
        self.number = archive.numbers.get(table)
        self.duplicates: list[str] = []
        self._places: dict[str, tuple[int, int]] = {}
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        offset = 0
        with path.open("wb") as file:
            for line in archive.lines(table):
                self._place(line, offset)
                offset += file.write(line) + file.write(b"\n")
        self._file = path.open("rb")
        self._bytes = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ) if offset else b""
        path.unlink()  # the open map keeps it; nothing stays behind when the process ends

    def _place(self, line: bytes, offset: int) -> None:
        identifier = id_of(line)
        if identifier in self._places:
            self.duplicates.append(identifier)
        else:
            self._places[identifier] = (offset, len(line))

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, identifier: str) -> bool:
        return identifier in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def line(self, identifier: str) -> bytes | None:
        """The document's line as exported, or None."""
        place = self._places.get(identifier)
        return None if place is None else bytes(self._bytes[place[0] : sum(place)])

    def document(self, identifier: str) -> Document | None:
        """The decoded document, or None."""
        line = self.line(identifier)
        return None if line is None else orjson.loads(line)

    def close(self) -> None:
        """Lets the unpacked file go."""
        if isinstance(self._bytes, mmap.mmap):
            self._bytes.close()
        self._file.close()


def id_of(line: bytes) -> str:
    """The `_id` of a document's line; the whole line is decoded only when it can not be told otherwise."""
    first = line.find(_ID)
    if first >= 0 and line.find(_ID, first + 1) < 0:
        start = first + len(_ID)
        return line[start : line.index(b'"', start)].decode()
    return str(orjson.loads(line)["_id"])


def _is_system(entry: str) -> bool:
    return entry.rpartition("/")[2] in {"_tables", "_storage"}
