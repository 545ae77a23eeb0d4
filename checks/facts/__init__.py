"""Facts the checks stand on: the field map (for coverage only), v2's validators, the public date vectors."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import orjson

FOLDER = Path(__file__).parent


@cache
def field_map() -> tuple[dict[str, Any], ...]:
    """The entries of the field map, nested object fields included."""
    return tuple(orjson.loads((FOLDER / "field_map.json").read_bytes()))


@cache
def v2_schema() -> dict[str, Any]:
    """v2's validators, table by table."""
    schema: dict[str, Any] = orjson.loads((FOLDER / "v2_schema.json").read_bytes())
    return schema


@cache
def paths(table: str) -> tuple[str, ...]:
    """The paths of a table's fields in v2's validators: `tags`, `notes[].id`, `calendarEventIds.rfi_due`."""
    return tuple(_paths(v2_schema()[table]["fields"]))


def _paths(fields: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for name, spec in fields.items():
        path = prefix + name.removesuffix("?")
        yield path
        inner = spec[0] if isinstance(spec, list) else spec
        if isinstance(inner, dict) and "union" not in inner:
            yield from _paths(inner, f"{path}[]." if isinstance(spec, list) else f"{path}.")
