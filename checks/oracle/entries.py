"""RFI and RFE entries of a case: the union of table rows, list items and the single columns (decision 0001).

Each source is a layer. A newcomer of a layer joins the first entry of the layers above it that has the same
three dates, no other title, and no newcomer of this layer yet; what finds none stands by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from checks.oracle import dates
from checks.oracle.rules import (
    NOTHING,
    Document,
    Rejected,
    Row,
    calendar_date,
    is_empty,
    items_of,
    moment,
    set_text,
    text_of,
)
from checks.target.ids import named

_LIST_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ].*)?", re.DOTALL)
_DATES = ("received_date", "response_due_date", "response_submitted_date")
_TEXTS = ("title", "description", "notes")
_COLUMNS = {kind: tuple(f"{kind}_{name}" for name in (*_DATES, "notes")) for kind in ("rfi", "rfe")}
_SOURCES = {kind: (f"{kind}_list", *columns) for kind, columns in _COLUMNS.items()}
_USUAL: tuple[tuple[object, ...], ...] = (
    (None,) * 5,
    ([], None, None, None, None),
)  # what most cases have: nothing


@dataclass
class Entry:
    """One entry before its defaults are filled in. `dates` are v1's own three."""

    id: str
    dates: tuple[str | None, ...]
    texts: dict[str, str]
    created: float
    layer: int
    joined: set[int] = field(default_factory=set)

    def takes(self, other: Entry) -> bool:
        """Whether the newcomer is this same entry, told a second time."""
        titles = {entry.texts["title"] for entry in (self, other) if "title" in entry.texts}
        free = self.layer < other.layer and other.layer not in self.joined
        return free and self.dates == other.dates and len(titles) < 2

    def take(self, other: Entry) -> None:
        """Fill what is missing here, and keep both of two different texts."""
        self.joined.add(other.layer)
        for name, text in other.texts.items():
            own = self.texts.get(name)
            if own is None:
                self.texts[name] = text
            elif own != text and name != "title":
                self.texts[name] = f"{own}\n\n{text}"


def expected(kind: str, case: Row, rows: Sequence[Row], created: float) -> list[Document]:
    """The `rfiEntries` (kind "rfi") or `rfeEntries` ("rfe") that this case must have, in order."""
    told = tuple(map(case.get, _SOURCES[kind]))
    if not rows and (told in _USUAL or all(value in NOTHING for value in told)):
        return []
    kept: list[Entry] = []
    for newcomers in (
        _table_rows(rows, created),
        _list_items(kind, case, created),
        _columns(kind, case, created),
    ):
        for newcomer in newcomers:
            home = next((entry for entry in kept if entry.takes(newcomer)), None)
            if home is None:
                kept.append(newcomer)
            else:
                home.take(newcomer)
    documents = [_document(kind, entry) for entry in kept]
    return sorted(documents, key=lambda entry: (entry["receivedDate"], entry["createdAt"], entry["id"]))


def refused(row: Row) -> str:
    """Why a case_rfi or case_rfe row can not be carried, or an empty text."""
    try:
        moment(row.get("created_at"))
        for name in _DATES:
            calendar_date(row.get(name))
    except Rejected as rejected:
        return rejected.reason
    return ""


def _table_rows(rows: Iterable[Row], created: float) -> Iterator[Entry]:
    for row in rows:
        own = moment(row.get("created_at"))
        yield Entry(
            id=row["id"],
            dates=tuple(calendar_date(row.get(name)) for name in _DATES),
            texts=_texts({name: row.get(name) for name in _TEXTS}),
            created=created if own is None else own,
            layer=0,
        )


def _list_items(kind: str, case: Row, created: float) -> Iterator[Entry]:
    for index, item in items_of(case.get(f"{kind}_list")):
        found = item if isinstance(item, dict) else {"description": text_of(item)}
        yield Entry(
            id=str(named(f"{case['id']}/{kind}_list/{index}")),
            dates=tuple(_list_date(_either_case(found, name)) for name in _DATES),
            texts=_texts({name: found.get(name) for name in _TEXTS}),
            created=created,
            layer=1,
        )


def _columns(kind: str, case: Row, created: float) -> Iterator[Entry]:
    *days, notes = map(case.get, _COLUMNS[kind])
    stored = tuple(map(calendar_date, days))
    texts = _texts({"notes": notes})
    if any(stored) or texts:
        yield Entry(str(named(f"{case['id']}/{kind}")), stored, texts, created, layer=2)


def _texts(found: dict[str, Any]) -> dict[str, str]:
    return {name: text_of(value) for name, value in found.items() if not is_empty(value)}


def _either_case(item: dict[str, Any], snake: str) -> Any:
    head, *tail = snake.split("_")
    camel = head + "".join(word.title() for word in tail)
    return item.get(camel) if item.get(snake) is None else item[snake]


def _list_date(value: Any) -> str | None:
    if is_empty(value):
        return None
    match = _LIST_DATE.fullmatch(value) if isinstance(value, str) else None
    if not match or not dates.is_real(match[1]):
        raise Rejected("entry_date")
    return match[1]


def _document(kind: str, entry: Entry) -> Document:
    received, due, submitted = entry.dates
    if due is None and received is not None and kind == "rfi":
        try:
            due = dates.rfi_due(received)
        except OverflowError:
            raise Rejected("impossible_date") from None
    document: Document = {
        "id": entry.id,
        "receivedDate": received or "",
        "responseDueDate": due or "",
        "createdAt": entry.created,
        **entry.texts,
    }
    set_text(document, "responseSubmittedDate", submitted)
    return document
