"""Notes of a case: v1's text becomes one note, whole; a second keeps a progress text without a v2 word."""

from __future__ import annotations

from migration.mapping.fields import Document, Row
from migration.mapping.names import derived_text
from migration.mapping.text import lower, text_of


def notes(case: Row, made: float, unknown_progress: str | None) -> list[Document]:
    """The case's notes, v1's own first; none is an absent field in v2."""
    key = lower(case.get("id"))
    found = []
    if case.get("notes"):
        found.append(_note(f"{key}/notes", text_of(case["notes"]), made))
    if unknown_progress is not None:
        found.append(_note(f"{key}/progress", f"Progress in v1: {unknown_progress}", made))
    return found


def _note(name: str, content: str, made: float) -> Document:
    return {"id": derived_text(name), "content": content, "createdAt": made, "status": "pending"}
