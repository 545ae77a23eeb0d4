"""Documents of a case: three JSON columns become one list. The files themselves stay where they are."""

from __future__ import annotations

from typing import Any

from migration.mapping.fields import Document, Row, Tally, as_list, first_filled, left_inside
from migration.mapping.instants import loose
from migration.mapping.names import derived_text
from migration.mapping.text import lower, text_of

COLUMNS = ("documents", "rfi_documents", "rfe_documents")
_KEYS = {"id", "name", "url", "mimeType", "mime_type", "size", "uploadedAt", "uploaded_at"}
_ANY_TYPE = "application/octet-stream"


def documents(case: Row, made: float, tally: Tally) -> list[Document]:
    """The items of the three columns in order. `made`: the case's creation, for those without a time."""
    key = lower(case.get("id"))
    found: list[Document] = []
    for column in COLUMNS:
        for index, item in enumerate(as_list(case.get(column))):
            if item is not None and item != "":
                found.append(_document(item, f"{key}/{column}/{index}", made))
                if isinstance(item, dict):
                    tally.update(left_inside(column, item.keys() - _KEYS))
    return found


def _document(item: Any, name: str, made: float) -> Document:
    if not isinstance(item, dict):
        item = {"url": text_of(item)}
    own_id = first_filled(item, "id")
    uploaded = loose(first_filled(item, "uploadedAt", "uploaded_at"))
    return {
        "id": derived_text(name) if own_id is None else text_of(own_id),
        "name": _text(item.get("name")),
        "url": _text(item.get("url")),
        "mimeType": _text(first_filled(item, "mimeType", "mime_type")) or _ANY_TYPE,
        "size": _size(item.get("size")),
        "uploadedAt": made if uploaded is None else uploaded,
    }


def _text(value: Any) -> str:
    return "" if value is None else text_of(value)


def _size(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else 0.0
