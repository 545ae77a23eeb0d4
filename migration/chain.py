"""Append-only records whose lines are chained: each line carries the digest of the line before it.

Under every record that only grows (ledger, results, approvals, seals). The chain says where a record was
changed; that it was not rewritten as a whole is what the seals (`migration.seal`) and the approval bound to
them say. Without a signature neither can show more than that: see docs/decisions/0002.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from migration import files
from migration.model import CHAINED_BY

_TAIL = 1 << 16


@dataclass(frozen=True)
class Break:
    """A place where a chain does not hold: the line (from 1) that does not follow, and what was done."""

    line: int
    kind: str


def first(run_id: str, name: str) -> str:
    """What the first line of the record `name` of a run carries: so that it can not be another run's."""
    return files.digest_of(run_id, name)


def digest(line: bytes) -> str:
    """What the next line carries."""
    return hashlib.sha256(line).hexdigest()


def append(path: Path, content: Mapping[str, Any], *, settled: bool = True) -> None:
    """Adds one JSON line, chained, whole or not at all, also when several processes do so at once.

    `settled`: it is on the disk when this returns, and so are all lines before it.
    A last line without its end, left by a process that was killed, was never written: it is cut off first.
    OSError when the disk is full: then the file is as it was.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        last, end = _last(descriptor)
        os.ftruncate(descriptor, end)
        link = first(path.parent.name, path.name) if last is None else digest(last)
        line = orjson.dumps({CHAINED_BY: link, **content}) + b"\n"
        try:
            while line:
                line = line[os.write(descriptor, line) :]
            if settled:
                os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, end)
            raise
    finally:
        os.close(descriptor)


def lines(content: bytes) -> list[bytes]:
    """The lines of a record, the last one also when it is torn."""
    found = content.split(b"\n")
    return found if found[-1] else found[:-1]


def content_of(line: bytes) -> dict[str, Any]:
    """What a line says, without its link; ValueError when it can not be read."""
    content = orjson.loads(line)
    if not isinstance(content, dict):
        raise ValueError("not an object")  # noqa: TRY004 - what JSON's own errors are, for the caller
    content.pop(CHAINED_BY, None)
    return content


def breaks(found: Sequence[bytes], start: str, known: int | None = None) -> list[Break]:
    """Where these lines do not follow each other. `start`: what the first must carry. `known`: how many there
    have been at least (None: not known), which tells a line that was taken out from one that was altered."""
    lost = "edited or deleted" if known is None else "deleted" if len(found) < known else "edited"
    places = {start: 0} | {digest(line): number for number, line in enumerate(found, start=1)}
    wrong = []
    for number, line in enumerate(found, start=1):
        link = _link(line)
        before = start if number == 1 else digest(found[number - 2])
        if link != before:
            wrong.append(Break(number, _kind(number, link, places, lost)))
    return wrong


def _kind(number: int, link: str | None, places: Mapping[str, int], lost: str) -> str:
    if link is None:
        return "is damaged or was never written by Cutover"
    at = places.get(link)
    if at is None:
        return f"follows a line that was {lost}"
    if at >= number:
        return "was moved: it follows a line that comes later"
    return f"follows line {at}: what stands between was inserted or moved"


def _link(line: bytes) -> str | None:
    try:
        link = orjson.loads(line).get(CHAINED_BY)
    except (ValueError, AttributeError):
        return None
    return link if isinstance(link, str) else None


def _last(descriptor: int) -> tuple[bytes | None, int]:
    """The last whole line of an open file (None: it has none), and where it ends."""
    size = os.fstat(descriptor).st_size
    wanted = _TAIL
    while True:
        begins = max(0, size - wanted)
        tail = os.pread(descriptor, size - begins, begins)
        end = tail.rfind(b"\n") + 1
        cut = tail.rfind(b"\n", 0, max(0, end - 1))
        if not begins or (end and cut >= 0):
            return (tail[cut + 1 : end - 1] if end else None), begins + end
        wanted *= 2
