"""Texts that name a path which moves: imports, links, CI settings, ignore rules, symlinks. Pure.

A word of a text counts as a path only when it resolves to something in the tree, from the text's own folder
or from the root; so prose and version numbers stay. What still names a tree that goes, or might, is returned
as a line for a person: nothing is guessed.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Set
from dataclasses import dataclass

from migration.tidy.layout import COMBINED, Layout, within

_WORD = re.compile(r"[^\s\"'`<>(){}\[\],;:=|&$]+")
_QUOTED = re.compile(r"([\"'`])((?:\.{0,2}/)?[^\"'`\n]{1,300})\1")
_SUFFIX = re.compile(r"[#?].*$", re.DOTALL)
_MODULES = (
    "",
    ".ts",
    ".tsx",
    ".js",
    ".jsx",
    ".mjs",
    ".cjs",
    ".json",
    ".py",
    "/index.ts",
    "/index.tsx",
    "/index.js",
)
_IGNORING = (*COMBINED, ".dockerignore", ".vercelignore", ".npmignore", ".prettierignore", ".eslintignore")
_KEYS = r"working-directory|context|directory|rootDirectory|rootDir|root_dir|root|cwd"
_OPTIONS = r"\bcd|--prefix|--cwd|--dir|-C"
_SETTINGS = (".yml", ".yaml", ".json", ".toml")
_MODULE_PATH = re.compile(r"(?m)^(\s*path\s*=\s*)(.+?)\s*$")
LOCKS = re.compile(r"(?:^|/)(?:[\w.-]*\.lock|package-lock\.json|pnpm-lock\.yaml|npm-shrinkwrap\.json)$")


@dataclass(frozen=True)
class Known:
    """What a text may name: every path of the tree before the clean-up, and every folder of one."""

    layout: Layout
    paths: Set[str]

    def resolves(self, path: str) -> bool:
        """Whether something is there, as a file, a folder or a module without its ending; globs by their
        folder."""
        parts = path.split("/")
        wild = next((n for n, part in enumerate(parts) if "*" in part), len(parts))
        plain = "/".join(parts[:wild])
        if wild < len(parts):
            return plain in self.paths
        return any(plain + ending in self.paths for ending in _MODULES)


@dataclass(frozen=True)
class Rewritten:
    """A text after the clean-up, and its lines that a person must look at: (number, text)."""

    text: str
    left: tuple[tuple[int, str], ...] = ()


def rewrite(text: str, before: str, after: str, known: Known) -> Rewritten:
    """The text of the file `before`, as it must read when it is called `after`."""
    if posixpath.basename(before) in _IGNORING:
        made = [_ignoring(line, before, known.layout) for line in text.splitlines(keepends=True)]
    else:
        made = [_line(line, before, after, known) for line in text.splitlines(keepends=True)]
        if after.startswith(".github/") and after.endswith((".yml", ".yaml")):
            made = _without_removed(made, known.layout)
    left = tuple(
        (number, line.strip()[:160])
        for number, line in enumerate(made, start=1)
        if _suspicious(line, after, known)
    )
    return Rewritten("".join(made), left)


def link(target: str, before: str, after: str, layout: Layout) -> str | None:
    """A symlink's target afterwards; None when that goes. A target outside the repository stays."""
    place = posixpath.normpath(posixpath.join(posixpath.dirname(before), target))
    if posixpath.isabs(target) or place.startswith(".."):
        return target
    home = layout.home(place)
    if home is None:
        return None
    same = posixpath.relpath(place, posixpath.dirname(before) or ".")
    moved = posixpath.relpath(home or ".", posixpath.dirname(after) or ".")
    return target if moved == same else moved


def _line(line: str, before: str, after: str, known: Known) -> str:
    folder = re.escape(known.layout.folder)
    line = re.sub(
        rf"((?:\b(?:{_KEYS})[\"']?\s*[:=]\s*|(?:{_OPTIONS})\s+)[\"']?)((?:\./|/)?){folder}/?(?=[\"']?\s*(?:[,;#)&|`]|$))",
        lambda found: found[1] + ("/" if found[2] == "/" else "."),
        line,
    )
    if before.endswith(".py"):
        line = _python(line, known)
    line = _QUOTED.sub(lambda m: m[1] + (_named(m[2], before, after, known) or m[2]) + m[1], line)
    return _WORD.sub(lambda found: _named(found[0], before, after, known) or found[0], line)


def _named(word: str, before: str, after: str, known: Known) -> str | None:
    """What a word becomes when it is a path that moves; None when it is none or stays."""
    tail = _SUFFIX.search(word)
    path, rest = (word[: tail.start()], tail[0]) if tail else (word, "")
    stripped = path.rstrip("/.") if not path.endswith("..") else path
    if "/" not in path or "//" in path or not stripped:
        return None
    rest = path[len(stripped) :] + rest
    made = _relative(stripped, before, after, known) if stripped.startswith(".") else None
    if made is None and not stripped.startswith("../"):
        made = _from_root(stripped, before, known)
    return None if made is None or made == stripped else made + rest


def _relative(path: str, before: str, after: str, known: Known) -> str | None:
    """A path from the text's own folder, `./x` or `../x`."""
    place = posixpath.normpath(posixpath.join(posixpath.dirname(before), path))
    if place.startswith("..") or not (known.resolves(place) or place == "."):
        return None
    home = known.layout.home(place)
    if home is None:
        return None
    same = posixpath.relpath(place, posixpath.dirname(before) or ".")
    moved = posixpath.relpath(home or ".", posixpath.dirname(after) or ".")
    if moved == same:
        return path
    return f"./{moved}" if path.startswith("./") and not moved.startswith(".") else moved


def _from_root(path: str, before: str, known: Known) -> str | None:
    """A path from the root, with or without `./` or `/` before it."""
    lead = re.match(r"\.?/", path)
    plain = path[lead.end() :] if lead else path
    layout = known.layout
    negated = plain.removeprefix("!")
    if within(negated, layout.planning) and within(before, layout.folder):
        return None  # v2 may have a folder of that name, and mean its own
    if not (within(negated, layout.folder) or within(negated, layout.planning)):
        return None
    setting = before.endswith(_SETTINGS) and not within(before, layout.folder)  # may name what is made later
    if not setting and not known.resolves(negated):
        return None
    home = layout.home(negated)
    if not home:
        return None
    return (lead[0] if lead else "") + ("!" if plain != negated else "") + home


def _python(line: str, known: Known) -> str:
    folder = re.escape(known.layout.folder)
    return re.sub(
        rf"^(\s*(?:from|import)\s+){folder}\.(\w+)",
        lambda m: m[1] + m[2] if known.resolves(f"{known.layout.folder}/{m[2]}") else m[0],
        line,
    )


def _ignoring(line: str, before: str, layout: Layout) -> str:
    """A rule of an ignore file of the root: anchored as it was, for without its folder it would float."""
    if "/" in before:
        return line
    folder, planning = re.escape(layout.folder), re.escape(layout.planning)
    line = re.sub(rf"^(!?)/?{folder}/(?=\S)", r"\1/", line)
    return re.sub(rf"^(!?)/?{planning}/(?=\S)", rf"\1/{layout.archive}/", line)


def _without_removed(lines: list[str], layout: Layout) -> list[str]:
    """Without list items that name a tree which goes, where the list keeps another item."""
    trees = "|".join(re.escape(tree) for tree in layout.removed)
    item = re.compile(rf"^(\s*)-\s+[\"']?!?(?:\./)?(?:{trees})(?:/[^\"'\s]*)?[\"']?\s*$") if trees else None
    gone = {number for number, line in enumerate(lines) if item and item.match(line)}

    def indent(number: int) -> str | None:
        found = re.match(r"^(\s*)-\s", lines[number]) if 0 <= number < len(lines) else None
        return found[1] if found else None

    def keeps_another(number: int) -> bool:
        for step in (-1, 1):
            other = number + step
            while other in gone and indent(other) == indent(number):
                other += step
            if indent(other) == indent(number):
                return True
        return False

    return [line for number, line in enumerate(lines) if number not in gone or not keeps_another(number)]


def _suspicious(line: str, after: str, known: Known) -> bool:
    """Whether a line still names a folder that is gone."""
    if posixpath.basename(after) in _IGNORING:
        return False
    names = "|".join(re.escape(name) for name in (known.layout.folder, *known.layout.removed))
    return re.search(rf"(?<![\w.@/-])(?:\.{{0,2}}/)*(?:{names})/", line) is not None


def combined(root: str, own: str) -> str:
    """The root's rules and then v2's, each line once: the last rule that matches decides."""
    lines = root.splitlines()
    extra = own.splitlines()
    kept = [line for line in lines if not line.strip() or line not in extra]
    return "\n".join([*kept, *extra]) + "\n"


def modules(text: str, layout: Layout) -> str:
    """`.gitmodules` with the submodules' new places, without those of a tree that goes. Their names stay: git
    keeps their repositories by them."""
    made = []
    for section in re.split(r"(?m)^(?=\[)", text):
        found = _MODULE_PATH.search(section)
        home = layout.home(found[2]) if found else ""
        if found and home:
            made.append(section[: found.start(2)] + home + section[found.end(2) :])
        elif home is not None:
            made.append(section)
    return "".join(made)


def shown(path: str) -> str:
    """A path as a line of text: control characters and bytes that are no text are spelled out."""
    clean = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(one if one.isprintable() else f"\\x{ord(one):02x}" for one in clean)
