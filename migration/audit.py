"""Looks whether a run's folder is what its seals say, and names everything that is not (`invoke audit`).

Reads the folder and changes nothing. Also one of the gates on GO: a decision is made on a record that holds.
What it can show and what it can not (somebody who rewrites every record and every seal) is in
docs/decisions/0002; against that, `head` is a seal that is known from elsewhere, or from an approval.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson

from migration import chain, files, seal
from migration.errors import FAIL, PASS, UNKNOWN
from migration.seal import Prefix, Sealed


@dataclass(frozen=True)
class Tampering:
    """One thing that is not as it was sealed: the file, and what was done to it."""

    file: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}: {self.what}"


@dataclass(frozen=True)
class Audit:
    """What a look at a folder came to. `open`: why it can not be told that all is well. `notes`: what no seal
    covers. `head`: the digest of the last seal, of `seals`."""

    tampered: tuple[Tampering, ...]
    open: tuple[str, ...]
    notes: tuple[str, ...]
    head: str
    seals: int
    files: int

    @property
    def code(self) -> int:
        """The exit code of the laws: intact, tampered with, or not to be told."""
        return FAIL if self.tampered else UNKNOWN if self.open else PASS


def examine(folder: Path, *, heads: Iterable[str] = ()) -> Audit:
    """`heads`: digests of seals that are known from elsewhere (an approval, a note); each must be one of this
    folder's."""
    sealed = seal.read(folder)
    found = [*_of_another_run(folder), *_chains(folder, sealed), *_seals(folder, sealed, heads)]
    held, longer = seal.listed(folder), _longer(folder, sealed)
    changes = list(_files(sealed, held))
    if sealed.seals and not set(longer) & set(seal.CHAINS):
        found += changes
    else:  # a command is under way or was killed: its files are not sealed yet, but none may be missing
        found += [one for one in changes if one.file in sealed.files and one.file not in held]
    return Audit(
        tampered=tuple(dict.fromkeys(found)),
        open=tuple(f"{name} has grown since the last seal" for name in longer)
        if sealed.seals
        else ("the run was never sealed",),
        notes=tuple(_notes(sealed)),
        head=sealed.head,
        seals=len(sealed.seals),
        files=len(held) + len(seal.prefixes(folder)),
    )


def _of_another_run(folder: Path) -> Iterator[Tampering]:
    try:
        run_id = files.read_json(folder / "manifest.json").get("run_id")
    except (OSError, ValueError, AttributeError):
        yield Tampering("manifest.json", "can not be read")
        return
    if run_id != folder.name:
        yield Tampering("manifest.json", f"is the record of another run, {run_id}")


def _chains(folder: Path, sealed: Sealed) -> Iterator[Tampering]:
    """Each growing record: does every line follow the one before, and does it begin as it was sealed?"""
    for name in (*seal.GROWING, seal.NAME):
        path = folder / name
        before = sealed.grown.get(name)
        if not path.exists():
            if before is not None:
                yield Tampering(name, "was deleted")
            continue
        content = path.read_bytes()
        wrong = list(_broken(folder.name, name, content, before)) if name != "run.log" else []
        yield from wrong
        if before is not None:
            yield from _shorter(name, content, before, named=bool(wrong))


def _broken(run_id: str, name: str, content: bytes, before: Prefix | None) -> Iterator[Tampering]:
    known = None if before is None else before.lines
    for one in chain.breaks(chain.lines(content), chain.first(run_id, name), known):
        yield Tampering(name, f"line {one.line} {one.kind}")


def _shorter(name: str, content: bytes, before: Prefix, *, named: bool) -> Iterator[Tampering]:
    held = content.count(b"\n")
    if held < before.lines:
        yield Tampering(name, f"was cut: {before.lines} lines were sealed, {held} are there")
    elif not named and seal.prefix(content[: before.bytes]) != before:
        yield Tampering(name, "was rewritten: it does not begin with what was sealed")


def _seals(folder: Path, sealed: Sealed, heads: Iterable[str]) -> Iterator[Tampering]:
    """What the seals themselves tell of: changes noted when they were made, and seals that are missing."""
    for one in sealed.seals:
        for name in one.unexplained:
            yield Tampering(name, f"had changed without any step of the run when it was sealed at {one.at}")
    path = folder / seal.NAME
    mine = {chain.digest(line) for line in chain.lines(path.read_bytes())} if path.exists() else set()
    for head in sorted({*heads, *_bound(folder)} - mine - {""}):
        yield Tampering(seal.NAME, f"the seal {head[:16]}, known from an approval or a note, is not in it")


def _bound(folder: Path) -> Iterator[str]:
    """The seals that this run's decision and its approvals were made on."""
    decided, path = folder / "decision.json", folder / "approvals.jsonl"
    lines = chain.lines(path.read_bytes()) if path.exists() else []
    for line in [*lines, decided.read_bytes()] if decided.exists() else lines:
        try:
            content = orjson.loads(line)
            yield str(content.get("bound", content)["seal"])
        except (ValueError, KeyError, TypeError, AttributeError):
            continue  # a damaged record is named elsewhere


def _files(sealed: Sealed, held: dict[str, str]) -> Iterator[Tampering]:
    for name in sorted({*sealed.files, *held}):
        now, before = held.get(name), sealed.files.get(name)
        if now == before:
            continue
        if now is None:
            yield Tampering(name, "was deleted")
        elif now == "link":
            yield Tampering(name, "was replaced by a link")
        else:
            yield Tampering(name, "was added" if before is None else "was changed")


def _longer(folder: Path, sealed: Sealed) -> list[str]:
    """Growing records with something in them that no seal has seen."""
    now = seal.prefixes(folder)
    return [
        name
        for name, one in now.items()
        if one.bytes > (sealed.grown[name].bytes if name in sealed.grown else 0)
    ]


def _notes(sealed: Sealed) -> Iterator[str]:
    for one in sealed.seals:
        if one.unfinished:
            yield f"A command that was killed had left its files unsealed until {one.at}."
    if len(made := seal.makers(sealed)) > 1:
        yield f"{len(made)} revisions of Cutover worked on this run."
