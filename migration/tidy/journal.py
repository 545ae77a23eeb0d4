"""What a clean-up has done to a repository, in git's own folder, so that it can be taken back after a kill.

Written whole before the first file moves, and again whenever another part is begun. `aside/` beside it holds
every file that had to leave its place, under its old name: nothing is ever deleted.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path

from migration import files
from migration.errors import RunIncomplete
from migration.tidy.git import Repository

FOLDER = "cutover-tidy"
TAG = "before-code-clean-up"
ASIDE, CARRIED = "aside:", "carried:"
NEW = 3
"""`reached`: the new tree's files had been begun."""


class Phase(StrEnum):
    """How far it came, for people; what has been begun is what `Journal.reached` says."""

    BEGUN = "begun"
    DONE = "done"
    UNDOING = "undoing"


@dataclass
class Journal:
    """What it does. `moves`: renames in three groups, (from, to), relative to the root or, with a word and
    `:` before it, to a folder of ours: what is set aside; what is carried, out of its place; to its new one.

    reached: the last group that was begun, -1 before the first, 3 for `new`, the files that the new tree
    brings. folders: those there were, with their modes. bytes_of: files of submodules that were edited, with
    their content (hex) before.
    """

    head: str
    tree: str
    digest: str
    phase: Phase = Phase.BEGUN
    reached: int = -1
    commit: str = ""
    moves: list[list[tuple[str, str]]] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    folders: dict[str, int] = field(default_factory=dict)
    bytes_of: dict[str, str] = field(default_factory=dict)


class State:
    """The folder of a repository's clean-up."""

    def __init__(self, repository: Repository) -> None:
        self.root = repository.root
        self.folder = repository.git_dir() / FOLDER
        self.index = self.folder / "index"
        self.log = self.folder / "test.log"

    def path(self, name: str) -> Path:
        """Where a name of the journal is."""
        for ours in (ASIDE, CARRIED):
            if name.startswith(ours):
                return self.folder / ours.rstrip(":") / name.removeprefix(ours)
        return self.root / name

    def read(self) -> Journal | None:
        """The journal, None when no clean-up was begun."""
        path = self.folder / "journal.json"
        if not path.exists():
            return None
        try:
            content = json.loads(path.read_bytes())
            content["moves"] = [[(one, two) for one, two in group] for group in content["moves"]]
            return Journal(**{**content, "phase": Phase(content["phase"])})
        except (ValueError, TypeError, KeyError):
            raise RunIncomplete(
                f"{path} can not be read.",
                next_step=f"The files that left their places are in {self.folder}.",
            ) from None

    def write(self, journal: Journal) -> None:
        """Replaces the journal in one step. Names that are no text are kept as surrogates, escaped."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        files.write_bytes(self.folder / "journal.json", json.dumps(asdict(journal), indent=1).encode("ascii"))


def rename(source: Path, target: Path) -> None:
    """Moves a file, folder or link. One that is not there is none to move; never onto something."""
    if not os.path.lexists(source):
        return
    if os.path.lexists(target):
        raise RunIncomplete(f"{target} is in the way of {source}.", touched="Nothing was overwritten.")
    target.parent.mkdir(parents=True, exist_ok=True)
    source.rename(target)


def prune(root: Path, folders: Iterable[str]) -> None:
    """Removes those of the folders that hold nothing, the innermost first."""
    for path in sorted(folders, key=lambda one: -one.count("/")):
        folder = root / path
        if folder.is_dir() and not folder.is_symlink() and not any(folder.iterdir()):
            folder.rmdir()
