"""Additional recruitment methods: six documented shapes of v1 become v2's `{method, date, description?}`.

What does not fit a method's name or date is kept in its description, so that no shape loses a word.
"""

from __future__ import annotations

import json
from typing import Any

import orjson

from migration.mapping.dates import is_day
from migration.mapping.fields import Document, Row, as_list
from migration.mapping.text import text_of

_NAMES = ("type", "method", "method_name")
_DATES = ("date", "dates", "end_date", "start_date")


def methods(value: Any) -> list[Document]:
    """The list that v2 requires; a NULL, blank or empty one is `[]`."""
    return [_method(item) for item in as_list(_parsed(value)) if item is not None and item != ""]


def _parsed(value: Any) -> Any:
    """Text is parsed as JSON; what is not JSON is one method of that name. jsonb is taken as it is."""
    if not isinstance(value, str):
        return value
    if not value.strip():
        return None
    try:
        orjson.loads(value)  # strict: no NaN, no lone surrogate, nothing beyond Float64
        return json.loads(value)  # and this one keeps integers of any length
    except (ValueError, RecursionError):
        return value


def _method(item: Any) -> Document:
    if not isinstance(item, dict):
        return {"method": text_of(item), "date": ""}
    used = {name for name in _NAMES if isinstance(item.get(name), str) and item[name]}
    name = next((one for one in _NAMES if one in used), None)
    day, dated_by = _date(item)
    document: Document = {"method": item[name] if name else "", "date": day}
    description = "; ".join(_description(item, name, dated_by))
    if description:
        document["description"] = description
    return document


def _date(item: Row) -> tuple[str, str | None]:
    """The date and the key it came from; a first candidate that is no date gives `''` and stays unused."""
    for key in _DATES:
        candidates = as_list(item.get(key)) if key == "dates" else [item.get(key)]
        if candidates and candidates[0] is not None and candidates[0] != "":
            day = text_of(candidates[0])[:10]
            return (day, key) if is_day(day) else ("", None)
    return "", None


def _description(item: Row, name: str | None, dated_by: str | None) -> list[str]:
    parts = [text_of(item["description"])] if _filled(item.get("description")) else []
    if _filled(item.get("outlet")) and text_of(item["outlet"]) not in parts:
        parts.append(text_of(item["outlet"]))
    further = as_list(item.get("dates"))[1 if dated_by == "dates" else 0 :]
    also = [text_of(one) for one in further if _filled(one)]
    if also:
        parts.append("also " + ", ".join(also))
    spent = {name, dated_by, "description", "outlet", "dates"}
    return parts + [f"{key}: {text_of(it)}" for key, it in item.items() if key not in spent and _filled(it)]


def _filled(value: Any) -> bool:
    return value is not None and value != ""
