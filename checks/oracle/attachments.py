"""What a case carries along in lists: recruitment methods, documents, tags and notes (decision 0001)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import orjson

from checks.oracle import dates
from checks.oracle.rules import NOTHING, Document, Row, instant_of, is_empty, items_of, text_of
from checks.target.ids import named

_LONG_NUMBER = re.compile("[0-9]{19}")
_NAMES = ("type", "method", "method_name")
_COLUMNS = ("documents", "rfi_documents", "rfe_documents")


def methods(value: object) -> list[Document]:
    """`additionalRecruitmentMethods` of JSON text (or jsonb) in any of its documented shapes."""
    return [_method(item) for _, item in items_of(_parsed(value))]


def documents(case: Row, created: float) -> list[Document]:
    """`documents`: the three lists of a case, one after the other."""
    return [
        _document(f"{case['id']}/{column}/{index}", item, created)
        for column in _COLUMNS
        if (listed := case.get(column)) not in NOTHING
        for index, item in items_of(listed)
    ]


def tags(value: object) -> list[str]:
    """`tags`: every element as text, nulls dropped."""
    elements = value if isinstance(value, list) else [] if value is None else [value]
    return [text_of(element) for element in elements if element is not None]


def notes(case: Row, created: float, unknown_progress: str | None) -> list[Document]:
    """`notes`: v1's text whole, then the progress text that v2 has no word for."""
    kept = (("notes", case.get("notes")), ("progress", unknown_progress))
    return [
        {
            "id": str(named(f"{case['id']}/{name}")),
            "content": text if name == "notes" else f"Progress in v1: {text}",
            "createdAt": created,
            "status": "pending",
        }
        for name, text in kept
        if not is_empty(text)
    ]


def _parsed(value: object) -> object:
    if not isinstance(value, str):
        return value
    if not value.strip():
        return None
    try:
        found = orjson.loads(value)  # strict: no NaN, no lone surrogates
        # this one keeps integers of any size as they are written
        return json.loads(value) if _LONG_NUMBER.search(value) else found
    except (orjson.JSONDecodeError, ValueError, RecursionError):
        return value


def _method(item: Any) -> Document:
    if not isinstance(item, dict):
        return {"method": text_of(item), "date": ""}
    name = next((key for key in _NAMES if isinstance(item.get(key), str) and item[key]), None)
    listed = [text_of(each) for _, each in items_of(item.get("dates"))]
    place, day = _first_date(item, listed)
    used = {name, None if place == "dates" else place, "dates", "description", "outlet"}
    told = _told(item)
    if left := listed[1:] if place == "dates" else listed:
        told.append("also " + ", ".join(left))
    told += [
        f"{key}: {text_of(value)}" for key, value in item.items() if key not in used and not is_empty(value)
    ]
    method: Document = {"method": item[name] if name else "", "date": day}
    if told:
        method["description"] = "; ".join(told)
    return method


def _first_date(item: dict[str, Any], listed: list[str]) -> tuple[str, str]:
    """Where the date stands that is used, and the date; nothing is used up when it is none."""
    place, text = next(_dates_given(item, listed), ("", ""))
    return (place, text[:10]) if dates.is_real(text[:10]) else ("", "")


def _dates_given(item: dict[str, Any], listed: list[str]) -> Iterator[tuple[str, str]]:
    """The dates in the order in which they count; of a list the first, unless that is empty."""
    if not is_empty(item.get("date")):
        yield "date", text_of(item["date"])
    first = item.get("dates")
    head = (first[0] if first else None) if isinstance(first, list) else first
    if not is_empty(head):
        yield "dates", listed[0]
    for key in ("end_date", "start_date"):
        if not is_empty(item.get(key)):
            yield key, text_of(item[key])


def _told(item: dict[str, Any]) -> list[str]:
    """The description, and the outlet unless it says the same."""
    given = [text_of(item[key]) for key in ("description", "outlet") if not is_empty(item.get(key))]
    return list(dict.fromkeys(given))


def _document(name: str, item: Any, created: float) -> Document:
    found = item if isinstance(item, dict) else {"url": item}
    size = found.get("size")
    return {
        "id": _first(found, "id") or str(named(name)),
        "name": _first(found, "name") or "",
        "url": _first(found, "url") or "",
        "mimeType": _first(found, "mimeType", "mime_type") or "application/octet-stream",
        "size": float(size) if isinstance(size, int | float) and not isinstance(size, bool) else 0.0,
        "uploadedAt": instant_of(_value(found, "uploadedAt", "uploaded_at"), created),
    }


def _value(item: dict[str, Any], *keys: str) -> Any:
    return next((item[key] for key in keys if not is_empty(item.get(key))), None)


def _first(item: dict[str, Any], *keys: str) -> str | None:
    value = _value(item, *keys)
    return None if value is None else text_of(value)
