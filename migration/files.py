"""Small ways of writing files that survive a crash: whole or not at all, private to the user.

Used by every record of a run. Not here: records that grow by a line (`migration.chain`), and what the records
mean (`migration.run`).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from migration.errors import Refusal

_PIECE = 1 << 20


def write_json(path: Path, content: object) -> None:
    """Replaces the file in one step: a reader sees the old content or the new, never half."""
    write_bytes(path, orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n")


def write_bytes(path: Path, content: bytes) -> None:
    """As `write_json`, for bytes."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)  # a full disk gets back what it was just given
        raise


def read_json(path: Path) -> Any:
    """The content of a JSON file; orjson's error for a torn one."""
    return orjson.loads(path.read_bytes())


def read_or_empty(path: Path) -> dict[str, Any]:
    """The object of a JSON file; an empty one when the file is absent or damaged."""
    try:
        content = read_json(path) if path.exists() else {}
    except orjson.JSONDecodeError:
        return {}
    return content if isinstance(content, dict) else {}


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds an exclusive lock beside `path` for a read-change-write of it."""
    descriptor = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def alone(path: Path, otherwise: str) -> Iterator[None]:
    """Holds a lock for as long as something is at work; a `Refusal` saying `otherwise` when another has it.

    The system gives the lock back when its process ends, however it ends.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refusal(otherwise, next_step="Wait for its end, or end it; then try again.") from None
        yield
    finally:
        os.close(descriptor)


def private_folder(path: Path) -> Path:
    """A folder that only this user may read; made so, or refused when it is open to others."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise Refusal(
            f"The data folder {path} is open to other users (mode {mode:04o}), and people's data goes there.",
            next_step=f"chmod 700 {path}",
        )
    return path


def sha256_of(path: Path) -> str:
    """The digest of a file's bytes, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while piece := handle.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def digest_of(*parts: str | bytes) -> str:
    """One digest of several parts, each with its length, so that no two lists of parts look alike."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()
