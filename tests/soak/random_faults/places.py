"""Where a document can come out wrong: every table and path of v2's schema.

`notes[].content` is a path; `""` is the row itself, `*` a field that the schema does not know (`notes[].*`:
in an element).
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from checks.facts import v2_schema
from tests.soak.random_faults.values import ABSENT

ROW, UNKNOWN, ELEMENT = "", "*", "[]"
Document = dict[str, Any]
Spot = tuple[str | int, ...]
"""Keys and indices that lead to the object which holds a place's last step."""


@dataclass(frozen=True)
class Place:
    """Where a mutation may sit; `spec` is the validator there."""

    table: str
    path: str
    spec: Any = field(hash=False, compare=False, default=None)

    def __str__(self) -> str:
        return f"{self.table}.{self.path or '(row)'}"

    @property
    def steps(self) -> list[str]:
        """The path cut into names and `[]`."""
        return self.path.replace(ELEMENT, f".{ELEMENT}").split(".")

    def spots(self, document: Document) -> list[Spot]:
        """Every spot that a document offers; none when a list on the way is empty."""
        spots: list[Spot] = [()]
        for step in self.steps[:-1]:
            if step == ELEMENT:
                spots = [(*spot, at) for spot in spots for at in range(len(at_spot(document, spot) or ()))]
            else:
                spots = [(*spot, step) for spot in spots]
        return spots


def places() -> list[Place]:
    """Every place of v2's schema."""
    found = []
    for table, schema in v2_schema().items():
        fields = schema["fields"]
        found += [Place(table, ROW, fields), Place(table, "_creationTime", "number")]
        found += [Place(table, path, spec) for path, spec in _paths(fields)]
    return found


def _paths(fields: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, spec in fields.items():
        path = prefix + name.removesuffix("?")
        yield path, spec
        inner = spec[0] if isinstance(spec, list) else spec
        if isinstance(inner, dict) and "union" not in inner:
            yield from _paths(inner, f"{path}{ELEMENT}." if isinstance(spec, list) else f"{path}.")
    yield f"{prefix}{UNKNOWN}", None


def at_spot(document: Document, spot: Iterable[str | int]) -> Any:
    """The value there; None where the way ends before."""
    value: Any = document
    for step in spot:
        if value is None:
            return None
        value = value.get(step) if isinstance(step, str) else value[step]
    return value


def with_value(document: Document, spot: Sequence[str | int], value: object) -> Document:
    """A copy with this value there; objects on the way that are missing are made."""
    changed = copy.deepcopy(document)
    holder: Any = changed
    for step in spot[:-1]:
        holder = holder.setdefault(step, {}) if isinstance(step, str) else holder[step]
    if value is ABSENT:
        holder.pop(spot[-1], None)
    else:
        holder[spot[-1]] = value
    return changed
