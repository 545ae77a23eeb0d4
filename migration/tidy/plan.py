"""What a clean-up comes to: the tree that will be committed, and the place of every file that is not tracked.

Pure but for the blobs that it is handed. The same plan is shown by the preview and carried out by `effect`;
its digest, typed by a person, is what binds the two.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from migration import files
from migration.errors import Refusal
from migration.tidy import references
from migration.tidy.layout import COMBINED, GITLINK, SYMLINK, Entry, Layout, Tree, above, folders, within
from migration.tidy.references import Known

MODULES = ".gitmodules"


class Store:
    """Blobs by id, and a way to make one. A blob that is missing is too large to be a text."""

    def __init__(self, blobs: Mapping[str, bytes], write: Callable[[bytes], str]) -> None:
        self._blobs, self._write = dict(blobs), write

    def get(self, oid: str) -> bytes | None:
        """What a blob holds."""
        return self._blobs.get(oid)

    def add(self, content: bytes) -> str:
        """Writes a blob; its id."""
        oid = self._write(content)
        self._blobs[oid] = content
        return oid


@dataclass(frozen=True)
class Loose:
    """Something untracked that does not stay where it is. `to` None: it is set aside, and `why` says so."""

    path: str
    to: str | None
    ignored: bool
    why: str = ""


@dataclass(frozen=True)
class Change:
    """A text that is rewritten: its place before and afterwards, and the lines that differ (`-`, `+`)."""

    source: str
    path: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Left:
    """A line that still names what moves or goes, for a person: its file before and afterwards."""

    source: str
    path: str
    number: int
    line: str


@dataclass
class Plan:
    """Everything that the clean-up will do. `before`: what is checked out; `result`: what will be."""

    layout: Layout
    head: str
    branch: str
    before: Tree
    result: Tree = field(default_factory=dict)
    tree: str = ""
    moved: list[tuple[str, str]] = field(default_factory=list)
    archived: list[tuple[str, str]] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    rewritten: list[Change] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    loose: list[Loose] = field(default_factory=list)
    submodules: list[tuple[str, str | None]] = field(default_factory=list)

    @property
    def digest(self) -> str:
        """What a person types to have this very plan carried out."""
        places = [f"{one.path}\0{one.to}" for one in self.loose]
        return files.digest_of(self.head, self.branch, self.tree, *map(_bytes, places))[:12]


def arranged(plan: Plan, merged: Tree, store: Store) -> None:
    """Fills the plan's tree: every merged file in its place, texts rewritten; `Refusal` if it can not be."""
    layout = plan.layout
    _possible(merged, layout)
    known = Known(layout, {*merged, *folders(merged)})
    own: Tree = {}
    for path, entry in sorted(merged.items()):
        home = layout.home(path)
        if home is None:
            plan.removed.append(path)
            continue
        made = _rewritten(plan, path, entry, known, store)
        if within(path, layout.folder):
            own[home] = made
            plan.moved.append((path, home))
        else:
            plan.result[home] = made
            if home != path:
                plan.archived.append((path, home))
    _united(plan, own, store)
    plan.submodules = [
        (path, home)
        for path, entry in plan.before.items()
        if entry.mode == GITLINK and (home := layout.home(path)) != path
    ]


def placed(plan: Plan, loose: Mapping[str, bool], inside: Callable[[str], Iterable[str]]) -> None:
    """Fills in what becomes of untracked files. `inside`: what a folder holds (folders with `/`); of a
    repository of its own, nothing."""
    wanted = dict(loose)
    targets = {path for path, entry in plan.result.items() if plan.before.get(path) != entry}
    carried: dict[str, str] = {}
    places: set[str] = set()
    waiting = sorted(wanted, key=lambda path: (not within(path, plan.layout.planning), path))
    while waiting:
        path = waiting.pop(0)
        home = _home(plan.layout, path)
        if home is None or home == path:
            if home is None:
                plan.loose.append(Loose(path, None, wanted[path], _why_not(plan.layout, path)))
            continue
        if _meets(home, plan.result) or _meets(home, places):
            parts = list(inside(path)) if path.endswith("/") else []
            wanted.update({f"{path}{name}": wanted[path] for name in parts})
            waiting += [f"{path}{name}" for name in parts]
            if not parts:
                plan.loose.append(Loose(path, None, wanted[path], f"something else takes the place {home}"))
            continue
        carried[path] = home
        places.add(home.rstrip("/"))
    targets |= places
    for path in sorted(loose):
        if _home(plan.layout, path) == path and _meets(path, targets):
            plan.loose.append(Loose(path, None, loose[path], "v2 has something of that name"))
    plan.loose += [Loose(path, home, wanted[path]) for path, home in sorted(carried.items())]


def _possible(merged: Tree, layout: Layout) -> None:
    inside = [path for path in merged if within(path, layout.folder)]
    if not inside:
        raise Refusal(
            f"There is no folder {layout.folder} in the repository.", next_step="Nothing is left to do?"
        )
    if merged.get(layout.folder, Entry("", "")).mode in {GITLINK, SYMLINK} or inside == [layout.folder]:
        raise Refusal(
            f"{layout.folder} is a submodule, a link or a file, not a folder of this repository.",
            next_step="Its files belong to somebody else: add them to this repository first.",
        )
    if f"{layout.folder}/{MODULES}" in merged:
        raise Refusal(
            f"{layout.folder}/{MODULES} would become the root's.", next_step="Remove or merge it first."
        )
    taken = [path for path in merged if within(path, layout.archive) or within(layout.archive, path)]
    taken += [path for path in inside if within(layout.home(path) or "", layout.archive)]
    if taken and any(within(path, layout.planning) for path in merged):
        raise Refusal(f"The archive's place is taken: {taken[0]}.", next_step="Choose another archive.")


def _rewritten(plan: Plan, path: str, entry: Entry, known: Known, store: Store) -> Entry:
    """A file as it will be: the same but for the paths that it names."""
    content = store.get(entry.oid) if entry.mode != GITLINK else None
    home = plan.layout.home(path) or ""
    archived = within(path, plan.layout.planning)
    if content is None or b"\0" in content or archived or references.LOCKS.search(path):
        return entry
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return entry
    if entry.mode == SYMLINK:
        made = _link(plan, text, path, home)
    elif path == MODULES:
        made = references.modules(text, plan.layout)
    else:
        found = references.rewrite(text, path, home, known)
        plan.left += [Left(path, home, number, line) for number, line in found.left]
        made = found.text
    if made == text:
        return entry
    plan.rewritten.append(Change(path, home, _differing(text, made)))
    return Entry(entry.mode, store.add(made.encode("utf-8")))


def _link(plan: Plan, target: str, path: str, home: str) -> str:
    made = references.link(target, path, home, plan.layout)
    if made is None:
        plan.left.append(Left(path, home, 1, f"link to {target}, which goes"))
    return target if made is None else made


def _united(plan: Plan, own: Tree, store: Store) -> None:
    """v2's files over the root's: where both have one, v2's stays; ignore rules are added up."""
    covered = folders(own)
    for path in list(plan.result):
        blocked = path in covered or any(folder in own for folder in above(path))
        if path in own and path in COMBINED:
            root, v2 = (_text(store.get(one[path].oid)) for one in (plan.result, own))
            both = references.combined(root, v2).encode("utf-8", "surrogateescape")
            own[path] = Entry(own[path].mode, store.add(both))
        elif blocked or (path in own and own[path] != plan.result[path]):
            plan.replaced.append(path)
        if blocked:
            del plan.result[path]
    plan.result.update(own)
    if MODULES in plan.result and not any(one.mode == GITLINK for one in plan.result.values()):
        del plan.result[MODULES]
        plan.removed.append(MODULES)
    gone = {*plan.replaced, *plan.removed} - set(COMBINED)
    plan.rewritten = [one for one in plan.rewritten if one.source not in gone]
    plan.left = [one for one in plan.left if one.source not in gone]


def _text(content: bytes | None) -> str:
    return "" if content is None else content.decode("utf-8", "surrogateescape")


def _home(layout: Layout, path: str) -> str | None:
    """The place of something untracked; None also for a `.git` that would lie at the root."""
    plain = path.rstrip("/")
    home = layout.home(plain)
    if home is None or home in {"", ".git"}:
        return None
    return home + path[len(plain) :]


def _why_not(layout: Layout, path: str) -> str:
    if layout.home(path.rstrip("/")) is None:
        return "its tree goes"
    return f"it makes {layout.folder} a repository of its own"


def _meets(path: str, taken: Collection[str]) -> bool:
    """Whether a place is one of these, lies in one, or holds one."""
    plain = path.rstrip("/")
    if plain in taken or any(folder in taken for folder in above(plain)):
        return True
    return any(within(one, plain) for one in taken)


def _differing(old: str, new: str) -> tuple[str, ...]:
    found = difflib.unified_diff(old.splitlines(), new.splitlines(), n=0, lineterm="")
    return tuple(line for line in list(found)[2:] if not line.startswith("@@"))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
