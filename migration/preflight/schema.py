"""A deployed schema, read over the wire, and whether a document would be taken by it.

The schema is what `defineSchema(...).export()` gives: per table a validator. The deployment judges every
document at import too; here it is known before the window instead of in it. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson

SYSTEM_FIELDS = ("_id", "_creationTime")
MAX_NESTING, MAX_ITEMS, MAX_FIELDS, MAX_BYTES = 16, 8192, 1024, 1 << 20
"""What a document may hold (wire contract 7.4)."""

Validator = Mapping[str, Any]


def tables_of(exported: str) -> dict[str, Any]:
    """The validators by table; None: anything is taken. `ValueError`, `KeyError`,
    `TypeError` or `AttributeError` for what is no exported schema."""
    content = orjson.loads(exported)
    enforced = content.get("schemaValidation", True)
    return {str(one["tableName"]): one.get("documentType") if enforced else None for one in content["tables"]}


def mismatch(validator: Validator | None, document: Mapping[str, Any]) -> str | None:
    """The place in the document (never its value) that the table's validator refuses, or None."""
    if validator is None:
        return None
    fields = {name: value for name, value in document.items() if name not in SYSTEM_FIELDS}
    return _refused(validator, fields, "")


def beyond_limits(line: bytes, document: Mapping[str, Any]) -> str | None:
    """Which of Convex's limits the document goes beyond, or None. `line`: the document as it is imported."""
    if len(line) > MAX_BYTES:
        return "is larger than 1 MiB"
    return _too_much(document, 1)


def _too_much(value: Any, depth: int) -> str | None:
    if isinstance(value, dict):
        inner, too_many = list(value.values()), len(value) > MAX_FIELDS
        what = f"has an object of more than {MAX_FIELDS} fields"
    elif isinstance(value, list):
        inner, too_many = value, len(value) > MAX_ITEMS
        what = f"has a list of more than {MAX_ITEMS} items"
    else:
        return None
    if too_many:
        return what
    if depth > MAX_NESTING:
        return f"is nested more than {MAX_NESTING} levels deep"
    return next((found for one in inner if (found := _too_much(one, depth + 1))), None)


def _refused(validator: Validator, value: Any, place: str) -> str | None:
    kind = validator.get("type")
    if kind == "union":
        return place if all(_refused(one, value, place) is not None for one in validator["value"]) else None
    if kind == "object":
        return _refused_object(validator["value"], value, place)
    if kind == "array" and isinstance(value, list):
        return _first((validator["value"], one, f"{place}[]") for one in value)
    if kind == "record" and isinstance(value, dict):
        return _first((validator["values"]["fieldType"], one, f"{place}.*") for one in value.values())
    fits = _LEAVES.get(str(kind))
    return None if fits is not None and fits(value, validator) else place


def _first(parts: Iterable[tuple[Validator, Any, str]]) -> str | None:
    return next((found for part in parts if (found := _refused(*part)) is not None), None)


def _refused_object(fields: Mapping[str, Any], value: Any, place: str) -> str | None:
    if not isinstance(value, dict):
        return place
    for name in value:
        if name not in fields:
            return _under(place, name)
    for name, field in fields.items():
        if name not in value:
            if not field.get("optional"):
                return _under(place, name)
        elif (found := _refused(field["fieldType"], value[name], _under(place, name))) is not None:
            return found
    return None


def _tagged(value: Any, tag: str) -> bool:
    return isinstance(value, dict) and list(value) == [tag]


def _under(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


_LEAVES: dict[str, Callable[[Any, Validator], bool]] = {
    "any": lambda _value, _validator: True,
    "null": lambda value, _: value is None,
    "boolean": lambda value, _: isinstance(value, bool),
    "string": lambda value, _: isinstance(value, str),
    "id": lambda value, _: isinstance(value, str),
    "number": lambda value, _: isinstance(value, float) or _tagged(value, "$float"),
    "bigint": lambda value, _: type(value) is int or _tagged(value, "$integer"),
    "bytes": lambda value, _: _tagged(value, "$bytes"),
    "literal": lambda value, one: (
        bool(value == one["value"]) and isinstance(value, bool) == isinstance(one["value"], bool)
    ),
}
"""Values without parts. The import's lines spell a Float64 with a point and an Int64 without."""
