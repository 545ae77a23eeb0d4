"""Where each path of a repository belongs after the clean-up. Pure, and lexical: no disk is looked at.

v2's folder becomes the root, v1's trees have no place any more, the planning folder goes to the archive.
Paths are relative to the root, with `/`, as git spells them; bytes that are no UTF-8 are surrogates.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from migration.errors import Refusal

GITLINK, SYMLINK = "160000", "120000"
COMBINED = (".gitignore", ".gitattributes")
"""Root files that git itself reads: v2's lines are added to them, for the root's lines still hold."""


class Entry(NamedTuple):
    """One line of a tree: git's mode (`100644`, `100755`, `120000`, `160000`) and the object's id."""

    mode: str
    oid: str


Tree = dict[str, Entry]


@dataclass(frozen=True)
class Layout:
    """What goes where. `folder` becomes the root; `removed` go; `planning` is kept below `archive`."""

    folder: str = "v2"
    removed: tuple[str, ...] = ("backend", "frontend")
    planning: str = ".planning"
    archive: str = "docs/archive/planning"

    def __post_init__(self) -> None:
        for name in (self.folder, *self.removed, self.planning, self.archive):
            if not name or posixpath.isabs(name) or posixpath.normpath(name) != name or name.startswith(".."):
                raise Refusal(f"{name!r} is no folder inside a repository.", next_step="Write it like v2.")
        named = (self.folder, self.planning, *self.removed)
        if any(within(one, other) for one in named for other in named if one is not other):
            raise Refusal("Of the folders that are moved and removed, one lies inside another.")

    def home(self, path: str) -> str | None:
        """The path's place afterwards (`""`: the root itself); None when it has none."""
        if any(within(path, tree) for tree in self.removed):
            return None
        if within(path, self.folder):
            return path[len(self.folder) + 1 :]
        if within(path, self.planning):
            return self.archive + path[len(self.planning) :]
        return path


def within(path: str, tree: str) -> bool:
    """Whether a path is a folder or lies in it."""
    return path == tree or path.startswith(f"{tree}/")


def above(path: str) -> Iterable[str]:
    """The folders that a path lies in, the nearest first, without the root."""
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def folders(paths: Iterable[str]) -> set[str]:
    """Every folder that holds any of these paths."""
    return {folder for path in paths for folder in above(path)}


@dataclass(frozen=True)
class Wish:
    """What is asked of a clean-up. `onto`: the branch that gets the commit and must be checked out; `branch`:
    merged first (empty: nothing); `test`: the repository's own test command."""

    layout: Layout = Layout()
    onto: str = "main"
    branch: str = ""
    test: tuple[str, ...] = ()
