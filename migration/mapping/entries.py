"""RFI and RFE entries: the union of table rows, the JSON list and the single columns of a case.

v1 kept the same request in up to three places. An entry merges into an earlier source's entry when the
three dates are equal and the titles do not contradict; nothing is dropped. Not here: which rows belong to
the case.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from migration.mapping.dates import day, is_day, rfi_due
from migration.mapping.fields import Document, Row, Tally, Unmappable, as_list, first_present, left_inside
from migration.mapping.instants import instant
from migration.mapping.names import derived_text
from migration.mapping.text import copy, lower, text_of

Kind = Literal["rfi", "rfe"]

ROW_COLUMNS = frozenset(
    {"id", "case_id", "title", "description", "notes", "created_at"}
    | {"received_date", "response_due_date", "response_submitted_date"}
)
_PARTS = ("received_date", "response_due_date", "response_submitted_date", "notes", "list")
CASE_COLUMNS = frozenset(f"{kind}_{part}" for kind in ("rfi", "rfe") for part in _PARTS)

_DATES = (
    ("received_date", "receivedDate"),
    ("response_due_date", "responseDueDate"),
    ("response_submitted_date", "responseSubmittedDate"),
)
_LIST_KEYS = {"title", "description", "notes", *(name for names in _DATES for name in names)}


@dataclass(slots=True)
class Entry:
    """One request before it is written. `dates` are v1's own: received, due, submitted."""

    id: str
    dates: tuple[str | None, str | None, str | None]
    title: str | None = None
    description: str | None = None
    notes: str | None = None
    created: float | None = None
    joined: set[int] = field(default_factory=set)  # the sources that already gave this entry one of theirs


def from_row(row: Row) -> Entry:
    """The entry of a `case_rfi` or `case_rfe` row."""
    received, due, submitted = (_column_date(row, snake) for snake, _ in _DATES)
    made = row.get("created_at")
    return Entry(
        id=lower(row.get("id")),
        dates=(received, due, submitted),
        title=copy(row.get("title") or ""),
        description=copy(row.get("description") or ""),
        notes=copy(row.get("notes") or ""),
        created=None if made is None else instant(made),
    )


def entries(case: Row, kind: Kind, rows: Sequence[Entry], made: float, tally: Tally) -> list[Document]:
    """All entries of a case, sorted as v2 shows them. `made`: the case's creation, for those without one."""
    if not rows and not any(case.get(f"{kind}_{part}") for part in _PARTS):
        return []  # most cases: nothing in any of the three places
    key = lower(case.get("id"))
    found = list(rows)
    sources: tuple[Iterable[Entry], ...] = (_listed(case, key, kind, tally), _single(case, key, kind))
    for source, its_entries in enumerate(sources):
        earlier = len(found)
        for entry in its_entries:
            _merge(found, earlier, entry, source)
    documents = [_document(entry, kind, made) for entry in found]
    documents.sort(key=lambda one: (one["receivedDate"], one["createdAt"], one["id"]))
    return documents


def _listed(case: Row, key: str, kind: Kind, tally: Tally) -> Iterable[Entry]:
    column = f"{kind}_list"
    for index, item in enumerate(as_list(case.get(column))):
        if item is None or item == "":
            continue
        name = derived_text(f"{key}/{column}/{index}")
        if not isinstance(item, dict):
            yield Entry(name, (None, None, None), description=text_of(item))
            continue
        tally.update(left_inside(column, item.keys() - _LIST_KEYS))
        received, due, submitted = (_list_date(first_present(item, *names), column) for names in _DATES)
        title, description, notes = (_text(item.get(one)) for one in ("title", "description", "notes"))
        yield Entry(name, (received, due, submitted), title, description, notes)


def _single(case: Row, key: str, kind: Kind) -> Iterable[Entry]:
    received, due, submitted = (_column_date(case, f"{kind}_{snake}") for snake, _ in _DATES)
    notes = _text(case.get(f"{kind}_notes"))
    if received or due or submitted or notes:
        yield Entry(derived_text(f"{key}/{kind}"), (received, due, submitted), notes=notes)


def _merge(found: list[Entry], earlier: int, entry: Entry, source: int) -> None:
    """Joins the entry to the first of the `earlier` ones that it matches, else adds it."""
    for one in found[:earlier]:
        if source in one.joined or one.dates != entry.dates:
            continue
        if one.title and entry.title and one.title != entry.title:
            continue
        one.joined.add(source)
        one.title = one.title or entry.title
        one.description = _both(one.description, entry.description)
        one.notes = _both(one.notes, entry.notes)
        return
    found.append(entry)


def _both(first: str | None, second: str | None) -> str | None:
    if first and second and first != second:
        return f"{first}\n\n{second}"
    return first or second


def _document(entry: Entry, kind: Kind, made: float) -> Document:
    received, due, submitted = entry.dates
    if due is None and received is not None and kind == "rfi":
        due = rfi_due(received)
    document: Document = {
        "id": entry.id,
        "receivedDate": received or "",
        "responseDueDate": due or "",
        "createdAt": made if entry.created is None else entry.created,
    }
    optional = {
        "title": entry.title,
        "description": entry.description,
        "notes": entry.notes,
        "responseSubmittedDate": submitted,
    }
    document.update((name, value) for name, value in optional.items() if value is not None)
    return document


def _text(value: Any) -> str | None:
    return None if value is None else copy(value)


def _column_date(row: Row, column: str) -> str | None:
    value = row.get(column)
    if value is None:
        return None
    try:
        return day(value)
    except Unmappable as problem:
        raise Unmappable(problem.reason, column) from None


def _list_date(value: Any, column: str) -> str | None:
    """The first ten characters, when they are a date and nothing or a time follows."""
    if value is None or value == "":
        return None
    if isinstance(value, str) and is_day(value[:10]) and value[10:11] in ("", "T", " "):
        return value[:10]
    raise Unmappable("entry_date", column)
