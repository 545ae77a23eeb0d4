"""Seals: what a run's folder held, noted in a chained record each time a command is done with it.

Written at the end of every command that changes a run, read by `migration.audit`. A seal lists the digest of
every file (only those that changed since the seal before), and how far each growing record had come. Before a
command begins to change a sealed run, `open_` compares: evidence that changed although no step was taken is
noted as unexplained, for ever, so that no later command can launder it.

Two kinds of files: evidence (manifest, required checks, records of growth, everything under `evidence/`),
and what is made from it again at will (verdict, decision, report). Only evidence has to be explained.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from migration import chain, files, revision
from migration.model import Record
from migration.run import Run, iso_now

NAME = "seals.jsonl"
CHAINS = ("ledger.jsonl", "results.jsonl", "approvals.jsonl", "attested.jsonl")
GROWING = (*CHAINS, "run.log")
STEPS = "ledger.jsonl"
_GIVEN = ("manifest.json", "required.json")


class Prefix(Record):
    """How far a growing record had come: its size in bytes and lines, and their digest."""

    bytes: int
    lines: int
    sha256: str


class Seal(Record):
    """One line of `seals.jsonl`. `files`: the digest of each file that is other than at the seal before
    (None: it is gone). `code`: the digest of the code that sealed. `unfinished`: a step had been begun, and
    its command never came to its own end. `unexplained`: evidence that had changed without a step."""

    at: str
    code: str
    grown: dict[str, Prefix]
    files: dict[str, str | None]
    unfinished: bool = False
    unexplained: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sealed:
    """What all seals together say a folder must hold. `head`: the digest of the last seal."""

    head: str = ""
    seals: tuple[Seal, ...] = ()
    grown: Mapping[str, Prefix] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


def open_(run: Run) -> None:
    """Before a command changes the run: seals what it finds, and names evidence that changed by itself."""
    _write(run.folder, explained=False)


def close(run: Run) -> None:
    """After a command has changed the run: seals what it left. The same content is not sealed twice."""
    _write(run.folder, explained=True)


def read(folder: Path) -> Sealed:
    """The seals of a run folder, taken together; none when it was never sealed. A line that is damaged is
    left out: the chain names it, and no command may stop for it."""
    path = folder / NAME
    found = chain.lines(path.read_bytes()) if path.exists() else []
    seals = tuple(seal for line in found if (seal := _readable(line)) is not None)
    held = {name: value for seal in seals for name, value in seal.files.items()}
    return Sealed(
        head=chain.digest(found[-1]) if found else "",
        seals=seals,
        grown=seals[-1].grown if seals else {},
        files={name: value for name, value in held.items() if value is not None},
    )


def _readable(line: bytes) -> Seal | None:
    try:
        return Seal.model_validate(chain.content_of(line))
    except ValueError:
        return None


def makers(sealed: Sealed) -> set[str]:
    """The digests of the code that took steps or judged (who draws a report judges nothing)."""
    made, before = set(), dict[str, Prefix]()
    for one in sealed.seals:
        if any(one.grown.get(name) != before.get(name) for name in ("ledger.jsonl", "results.jsonl")):
            made.add(one.code)
        before = one.grown
    return made


def listed(folder: Path) -> dict[str, str]:
    """The digest of every file but growing records and seals; `link` for what is no file of its own."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if name in (*GROWING, NAME) or _is_lock(path):
            continue
        if path.is_symlink():
            found[name] = "link"
        elif path.is_file():
            found[name] = files.sha256_of(path)
    return found


def prefixes(folder: Path, names: Iterable[str] = GROWING) -> dict[str, Prefix]:
    """How far the growing records have come."""
    contents = {name: (folder / name).read_bytes() for name in names if (folder / name).is_file()}
    return {name: prefix(content) for name, content in contents.items()}


def prefix(content: bytes) -> Prefix:
    """The size and digest of this much of a record."""
    lines = content.count(b"\n")
    return Prefix(bytes=len(content), lines=lines, sha256=hashlib.sha256(content).hexdigest())


def is_evidence(name: str) -> bool:
    """Whether a file is evidence, and not made from evidence again at will."""
    return name in _GIVEN or name.startswith(("evidence/", "calendar/"))


def _write(folder: Path, *, explained: bool) -> None:
    with files.locked(folder / NAME):
        before = read(folder)
        held, grown = listed(folder), prefixes(folder)
        changed = _changed(before.files, held)
        stepped = grown.get(STEPS) != before.grown.get(STEPS)
        if before.seals and not changed and grown == dict(before.grown):
            return
        silent = _rewritten(folder, before)
        if before.seals and not explained and not stepped:
            silent |= _unasked(before, changed, grown)
        chain.append(
            folder / NAME,
            Seal(
                at=iso_now(),
                code=revision.code(),
                grown=grown,
                files=changed,
                unfinished=bool(before.seals) and stepped and not explained,
                unexplained=tuple(sorted(silent)),
            ).model_dump(mode="json", exclude_defaults=True),
        )


def _changed(before: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str | None]:
    names = sorted({*before, *now})
    return {name: now.get(name) for name in names if now.get(name) != before.get(name)}


def _rewritten(folder: Path, before: Sealed) -> set[str]:
    """Growing records that no longer begin with what was sealed."""
    return {
        name for name, sealed in before.grown.items() if prefix(_first(folder / name, sealed.bytes)) != sealed
    }


def _unasked(before: Sealed, changed: Iterable[str], grown: Mapping[str, Prefix]) -> set[str]:
    """Evidence that is other than it was sealed, and new lines; only the log may tell of refusals since."""
    longer = {name for name in {*grown, *before.grown} if grown.get(name) != before.grown.get(name)}
    return {*filter(is_evidence, changed), *(longer - {"run.log"})}


def _first(path: Path, size: int) -> bytes:
    return path.read_bytes()[:size] if path.exists() else b""


def _is_lock(path: Path) -> bool:
    return path.name.startswith(".") and path.name.endswith(".lock") and path.stat().st_size == 0
