"""Mutants of a module by mutmut's operators: every one, module level included, each as a source of its own.

Of mutmut only the operators are used (`mutation_operators`: numbers, strings, names, assignments, arguments,
comparisons, keywords, ...), and its rule that `len` and `isinstance` are left alone. Its runner can not be:
it asks pytest, and works on functions only, where half of this mapping is tables at module level.
Annotations and decorators are no code of the mapping; sentences, and the words of errors, are no data. A
mutant that parses to what the module is already, or to what an earlier one is, is none. Not here: what
becomes of a mutant (`tests.soak.mutant_judge`).
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import libcst as cst
from mutmut.mutation.file_mutation import NEVER_MUTATE_FUNCTION_CALLS
from mutmut.mutation.mutators import mutation_operators

from migration.config import ROOT

_SHOWN = 160
_SENTENCE = 4  # words
_NOT_CODE = (cst.Annotation, cst.Decorator, cst.Import, cst.ImportFrom)


@dataclass(frozen=True)
class Mutant:
    """One change of one module. `name` stays the same while the changed lines do; `source` is the whole."""

    module: str
    operator: str
    name: str
    source: str


@dataclass(frozen=True)
class Site:
    """A place and what an operator makes of it; cheap, the source comes only when it is asked for."""

    operator: str
    where: str
    original: cst.CSTNode
    changed: cst.CSTNode


class Mutable:
    """A module and the places where it can be mutated."""

    def __init__(self, module: str) -> None:
        self.module = module
        self.source = source_of(module).read_text("utf-8")
        self._tree = cst.parse_module(self.source)
        found = _Sites()
        self._tree.visit(found)
        self.sites = found.sites

    def mutants(self, every: int = 1) -> Iterator[Mutant]:
        """The mutants that differ from the module and from each other, in the order of the text.

        `every`: one of so many, the same ones as long as their own text stays. Those of a multiple are among
        those of its parts.
        """
        known, names = {_meaning(self.source)}, dict[str, int]()
        for site in self.sites:
            if self._lot(site) % every:
                continue
            source = self._with(site)
            meaning = _meaning(source)
            if meaning is None or meaning in known:
                continue
            known.add(meaning)
            name = f"{site.where}: {_difference(self.source, source)}"
            names[name] = names.get(name, 0) + 1
            nth = f" #{names[name]}" if names[name] > 1 else ""
            yield Mutant(self.module, site.operator, name + nth, source)

    def _lot(self, site: Site) -> int:
        texts = (self._tree.code_for_node(node) for node in (site.original, site.changed))
        named = "\0".join((self.module, site.where, site.operator, *texts))
        return int.from_bytes(hashlib.sha256(named.encode()).digest()[:8])

    def _with(self, site: Site) -> str:
        changed = self._tree.deep_replace(site.original, site.changed)
        return cst.ensure_type(changed, cst.Module).code


def source_of(module: str) -> Path:
    """The file of a module of this project."""
    return ROOT / Path(*module.split(".")).with_suffix(".py")


class _Sites(cst.CSTVisitor):
    """Collects what every operator makes of every node, with the name of what it stands in."""

    def __init__(self) -> None:
        super().__init__()
        self.sites: list[Site] = []
        self._inside: list[str] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, _NOT_CODE) or _is_left_alone(node) or _is_for_people(node):
            return False
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            self._inside.append(node.name.value)
        where = ".".join(self._inside) or "module"
        for kind, operator in mutation_operators:
            if isinstance(node, kind):
                name = operator.__name__.removeprefix("operator_")
                self.sites += [Site(name, where, node, changed) for changed in operator(node)]
        return True

    def on_leave(self, node: cst.CSTNode) -> None:
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            self._inside.pop()


def _is_left_alone(node: cst.CSTNode) -> bool:
    called = node.func if isinstance(node, cst.Call) else None
    return isinstance(called, cst.Name) and called.value in NEVER_MUTATE_FUNCTION_CALLS


def _is_for_people(node: cst.CSTNode) -> bool:
    """What is only read: the words of an error (a row's reason is none: it is recorded), and sentences."""
    if isinstance(node, cst.Raise):
        raised = node.exc.func if isinstance(node.exc, cst.Call) else None
        return not (isinstance(raised, cst.Name) and raised.value == "Unmappable")
    return isinstance(node, cst.SimpleString) and len(node.value.split()) >= _SENTENCE


def _meaning(source: str) -> str | None:
    """The module without its layout; None for text that is no Python."""
    try:
        return ast.dump(ast.parse(source))
    except SyntaxError:
        return None


def _difference(before: str, after: str) -> str:
    """`first changed line -> what it became`, each without its indentation and cut to what names it."""
    old, new = before.splitlines(), after.splitlines()
    at = next((n for n, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), len(new) - 1)
    return f"{old[at].strip()[:_SHOWN]} -> {new[at].strip()[:_SHOWN]}"
