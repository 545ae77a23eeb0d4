"""v2's schema as a judge of documents: checks/facts/v2_schema.json, read as plainly as it is written.

A document of ours must have every required field, no field the schema lacks, Float64 for numbers (a whole
number printed without a point would be Int64, which `v.number()` refuses), and ids of the right table.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import orjson

from migration.ids import InvalidId, decode

FACTS = Path(__file__).parents[3] / "checks" / "facts"


@cache
def schema() -> dict[str, Any]:
    """All tables."""
    loaded: dict[str, Any] = orjson.loads((FACTS / "v2_schema.json").read_bytes())
    return loaded


def faults(table: str, document: dict[str, Any], numbers: dict[str, int]) -> list[str]:
    """What the schema has against this document; empty when it fits."""
    body = {name: value for name, value in document.items() if name not in ("_id", "_creationTime")}
    found = _faults(schema()[table]["fields"], body, table, numbers)
    found += _faults(f"id:{table}", document.get("_id"), f"{table}._id", numbers)
    made = document.get("_creationTime")
    if not isinstance(made, float) or not 0 < made < 2**53:
        found.append(f"{table}._creationTime")
    return found


def _faults(shape: Any, value: Any, where: str, numbers: dict[str, int]) -> list[str]:
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [where]
        return [one for item in value for one in _faults(shape[0], item, f"{where}[]", numbers)]
    if isinstance(shape, dict) and "union" in shape:
        return [] if value in [one["literal"] for one in shape["union"]] else [where]
    if isinstance(shape, dict):
        return _object_faults(shape, value, where, numbers)
    if shape.startswith("id:"):
        return [] if _is_id(value, shape[3:], numbers) else [where]
    kind = {"string": str, "number": float, "boolean": bool}[shape]
    return [] if type(value) is kind else [where]


def _object_faults(shape: dict[str, Any], value: Any, where: str, numbers: dict[str, int]) -> list[str]:
    if not isinstance(value, dict):
        return [where]
    known = {name.rstrip("?"): (name.endswith("?"), inner) for name, inner in shape.items()}
    found = [f"{where}.{name} unknown" for name in value.keys() - known.keys()]
    for name, (optional, inner) in known.items():
        if name in value:
            found += _faults(inner, value[name], f"{where}.{name}", numbers)
        elif not optional:
            found.append(f"{where}.{name} missing")
    return found


def _is_id(value: Any, table: str, numbers: dict[str, int]) -> bool:
    try:
        return isinstance(value, str) and decode(value)[0] == numbers[table]
    except InvalidId:
        return False
