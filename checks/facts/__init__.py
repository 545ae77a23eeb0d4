"""Facts the checks stand on: the field map (for coverage only), v2's validators, the public date vectors."""

from __future__ import annotations

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
def mapped_fields(table: str) -> tuple[str, ...]:
    """The paths of a target table's fields, as the field map names them (`rfiEntries[].title`)."""
    return tuple(entry["target_field"] for entry in field_map() if entry["target_table"] == table)


@cache
def v2_schema() -> dict[str, Any]:
    """v2's validators, table by table."""
    schema: dict[str, Any] = orjson.loads((FOLDER / "v2_schema.json").read_bytes())
    return schema
