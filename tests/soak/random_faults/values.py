"""Every way in which one value of a document can come out wrong, by its validator in v2's schema.

A kind has a name and a strategy of values. Nothing is offered that means what was there: `meaning` is the
rule.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from hypothesis import strategies as st

from fixtures.wire import encode_id
from tests.soak.random_faults.texts import wrong_texts

Values = st.SearchStrategy[Any]
Kinds = dict[str, Values]
"""By the name of the kind: the values that it can give."""

ABSENT: Final = object()
"""Instead of a value: the document does not have the field."""

INFINITE, NOT_A_NUMBER = ({"$float": f"AAAAAAAA{end}="} for end in ("8H8", "+H8"))
_SYMBOLS = st.characters(exclude_categories=["Cs"])
_TEXTS = st.text(_SYMBOLS, min_size=1, max_size=40)
_DATES = st.dates(date(1990, 1, 1), date(2099, 12, 31)).map(date.isoformat)
_NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
_TYPES: list[Any] = [True, 1.0, 7, "text", ["text"], {"text": "text"}]
_MOMENTS = st.integers(1_000_000_000_000, 4_000_000_000_000).map(float)


def meaning(value: object) -> str:
    """Text that is equal exactly when two values mean the same to v2.

    Int64 is not Float64, -0.0 not 0.0 (Convex orders them apart), null not absent, and a list has an order.
    Only the order of an object's fields means nothing.
    """
    return "absent" if value is ABSENT else json.dumps(value, sort_keys=True)


@dataclass(frozen=True)
class Ids:
    """Ids by table: those of documents that exist, and the tables' numbers, out of which others are made."""

    existing: Mapping[str, Sequence[str]] = field(default_factory=dict)
    numbers: Mapping[str, int] = field(default_factory=dict)

    def dangling(self, table: str) -> st.SearchStrategy[str]:
        """Ids of the table that no document has."""
        number = self.numbers.get(table, 1)
        return st.binary(min_size=16, max_size=16).map(lambda body: encode_id(number, body))

    def of(self, table: str) -> st.SearchStrategy[str]:
        """Ids that a reference to the table may hold."""
        existing = self.existing.get(table)
        return st.sampled_from(existing) if existing else self.dangling(table)


def changes(spec: Any, old: object, ids: Ids, others: Sequence[object] = ()) -> Kinds:
    """What `old`, of this validator, can become. `others`: what other documents have in its place."""
    certain: dict[str, object] = {"made null": None, "taken away": ABSENT}
    drawn: Kinds = {}
    if old is ABSENT:
        certain["made empty"] = _empty(spec)
        drawn["invented"] = valid(spec, ids)
    else:
        more, drawn = _of_type(spec, ids)(old)
        certain |= more
        drawn["of another type"] = st.sampled_from(_TYPES)
    unchanged = meaning(old)
    kinds = {kind: st.just(value) for kind, value in certain.items() if meaning(value) != unchanged}
    if foreign := [value for value in others if meaning(value) != unchanged]:
        kinds["another document's"] = st.sampled_from(foreign)
    other_than_old = {
        kind: each.filter(lambda new: meaning(new) != unchanged) for kind, each in drawn.items()
    }
    return {**kinds, **other_than_old}


def valid(spec: Any, ids: Ids) -> Values:
    """Values that v2's validator takes, with every optional field."""
    if isinstance(spec, list):
        return st.lists(valid(spec[0], ids), min_size=1, max_size=3)
    if isinstance(spec, dict) and "union" in spec:
        return st.sampled_from(_words(spec))
    if isinstance(spec, dict):
        inner = {name.removesuffix("?"): valid(each, ids) for name, each in spec.items()}
        return st.fixed_dictionaries(inner)
    if spec.startswith("id:"):
        return ids.of(spec[3:])
    simple: Kinds = {"string": _TEXTS | _DATES, "number": _MOMENTS, "boolean": st.booleans()}
    return simple[spec]


Ways = tuple[dict[str, object], Kinds]
"""Kinds of one certain value, and kinds of which a value is drawn."""


def _of_type(spec: Any, ids: Ids) -> Callable[[Any], Ways]:
    if isinstance(spec, list):
        return lambda old: _list(spec[0], old, ids)
    if isinstance(spec, dict):
        return lambda old: _word(_words(spec), old) if "union" in spec else _object(old)
    if spec.startswith("id:"):
        return lambda old: _reference(spec[3:], old, ids)
    simple: dict[str, Callable[[Any], Ways]] = {"string": _text, "number": _number, "boolean": _flag}
    return simple[spec]


def _text(old: str) -> Ways:
    place = st.integers(0, max(len(old) - 1, 0))
    one = st.builds(lambda at, new: f"{old[:at]}{new}{old[at + 1 :]}", place, _SYMBOLS)
    return wrong_texts(old), {"one character": one, "another text": _TEXTS, "another date": _DATES}


def _number(old: float) -> Ways:
    certain = {
        "one more": old + 1,
        "one less": old - 1,
        "a cent more": old + 0.01,
        "a day of milliseconds": old + 86_400_000,
        "an hour of milliseconds": old + 3_600_000,
        "the whole second": float(old // 1000 * 1000),
        "in thousands": old / 1000,
        "in hundreds": old / 100,
        "a hundred times": old * 100,
        "the other sign": -old,
        "zero": 0.0,
        "zero below": -0.0,
        "the next number": math.nextafter(old, math.inf),
        "huge": 2.0**53,
        "Int64": int(old),
        "as text": str(old),
        "infinite": INFINITE,
        "not a number": NOT_A_NUMBER,
    }
    return certain, {"another number": _NUMBERS}


def _flag(old: bool) -> Ways:
    return {"flipped": not old, "as text": str(old).lower(), "as a number": float(old)}, {}


def _word(words: list[Any], old: Any) -> Ways:
    other = [word for word in words if word != old]
    certain: dict[str, object] = {
        "unknown word": "elsewhere",
        "upper case": str(old).upper(),
        "made empty": "",
    }
    return certain, {"another word": st.sampled_from(other)}


def _reference(table: str, old: str, ids: Ids) -> Ways:
    other = [each for each in ids.existing.get(table, ()) if each != old]
    drawn: Kinds = {
        "dangling": ids.dangling(table),
        "an id of another table": st.sampled_from(sorted({*ids.numbers} - {table})).flatmap(ids.of),
        "a v1 id": st.uuids().map(str),
    }
    if other:
        drawn["another document"] = st.sampled_from(other)
    certain: dict[str, object] = {
        "made empty": "",
        "last character lost": old[:-1],
        "upper case": old.upper(),
    }
    return certain, drawn


def _list(spec: Any, old: list[Any], ids: Ids) -> Ways:
    certain: dict[str, object] = {
        "made empty": [],
        "cut to the first": old[:1],
        "turned round": old[::-1],
        "as text": json.dumps(old),
    }
    drawn: Kinds = {"element invented": valid(spec, ids).map(lambda new: [*old, new])}
    if old:
        at = st.integers(0, len(old) - 1)
        drawn["element lost"] = at.map(lambda place: old[:place] + old[place + 1 :])
        drawn["element changed"] = at.flatmap(lambda place: _element(spec, old, place, ids))
        drawn["element doubled"] = at.map(lambda place: [*old[: place + 1], *old[place:]])
    if len({meaning(each) for each in old}) > 1:
        drawn["reordered"] = st.permutations(old).map(list)
    return certain, drawn


def _element(spec: Any, old: list[Any], place: int, ids: Ids) -> Values:
    kinds = changes(spec, old[place], ids)
    del kinds["taken away"]
    return st.one_of(*kinds.values()).map(lambda new: [*old[:place], new, *old[place + 1 :]])


def _object(old: dict[str, Any]) -> Ways:
    return {"made empty": {}, "as a list": [old], "as text": json.dumps(old)}, {}


def _words(spec: Mapping[str, Any]) -> list[Any]:
    words = [member["literal"] for member in spec["union"]]
    return [word if isinstance(word, str) else float(word) for word in words]


def _empty(spec: Any) -> object:
    if isinstance(spec, list):
        return []
    if isinstance(spec, dict):
        return "" if "union" in spec else {}
    return {"number": 0.0, "boolean": False}.get(spec, "")
