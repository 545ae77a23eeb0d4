"""The small rules that every table shares: folding, empty text, JSON values as text, instants, refusals.

`Rejected` says that a row can not be carried and must have been quarantined instead, and for which reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from decimal import ROUND_FLOOR, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from checks.oracle import dates

Row = Mapping[str, Any]
Document = dict[str, Any]

UNREADABLE = "(unreadable)"
"""Marks a row with a JSON number beyond Float64; no column has such a name."""

NOTHING: tuple[object, ...] = (None, "", [])
"""What a JSON column holds when it holds nothing."""

_ISO = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?"
    r"(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBERS = (int, float)
_FIRST_MS, _AFTER_MS = -62_135_596_800_000, 253_402_300_800_000  # years 1 and 10000


class Rejected(Exception):
    """This row must be in quarantine, for this reason; `column` decides it, where one alone does."""

    def __init__(self, reason: str, column: str = "") -> None:
        self.reason, self.column = reason, column
        super().__init__(reason)


def fold(email: str | None) -> str:
    """An e-mail as both sides compare it: Unicode strip, then lower."""
    return (email or "").strip().lower()


def is_empty(value: object) -> bool:
    """Null and the empty text are empty; nothing else is."""
    return value is None or value == ""


def text_of(value: object) -> str:
    """A JSON value as text: a string as it is, else compact JSON."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def set_text(document: Document, field: str, value: str | None) -> None:
    """Optional text: null and exactly `''` leave the field absent, anything else is kept byte for byte."""
    if not is_empty(value):
        document[field] = value


@lru_cache(1 << 15)
def calendar_date(value: Hashable) -> str | None:
    """A date column: None for NULL; infinity, BC and five-digit years can not be carried."""
    if value is None:
        return None
    if not dates.is_real(value):
        raise Rejected("impossible_date")
    return str(value)


def moment(value: object) -> float | None:
    """An instant column, already floored to milliseconds by the source's SQL; None for NULL.

    Infinity, BC and five-digit years can not be carried.
    """
    if value is None:
        return None
    if not isinstance(value, _NUMBERS) or not _FIRST_MS <= value < _AFTER_MS:
        raise Rejected("impossible_date")
    return float(value)


def cents(dollars: object) -> float | None:
    """Money: decimal dollars to cents, never through a binary fraction."""
    if dollars is None:
        return None
    try:
        amount = Decimal(str(dollars)) * 100
    except InvalidOperation:
        raise Rejected("unreadable_row") from None
    if not amount.is_finite():
        raise Rejected("unreadable_row")
    return float(amount)


def items_of(value: object) -> Sequence[tuple[int, Any]]:
    """The items of a JSON list with their index; a single item is a list of one, empty ones are left out."""
    if value is None:
        return ()
    items = value if isinstance(value, list) else [value]
    return [(index, item) for index, item in enumerate(items) if not is_empty(item)]


def instant_of(value: object, otherwise: float) -> float:
    """A moment inside JSON: a number (above 1e11 milliseconds, else seconds), or ISO-8601 text."""
    if isinstance(value, bool) or value is None:
        return otherwise
    if isinstance(value, int | float):
        return _of_number(value, otherwise)
    match = _ISO.fullmatch(value) if isinstance(value, str) else None
    found = _of_iso(match) if match else None
    return otherwise if found is None else found


def _of_number(value: float, otherwise: float) -> float:
    exact = Decimal(str(value)) * (1 if value > 1e11 else 1000)
    whole = int(exact.to_integral_value(ROUND_FLOOR))
    try:
        _EPOCH + timedelta(milliseconds=whole)
    except OverflowError:
        return otherwise
    return float(whole)


def _of_iso(match: re.Match[str]) -> float | None:
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        day_start = datetime(int(year), int(month), int(day), tzinfo=_zone(zone))
        time = datetime(1970, 1, 1, int(hour or 0), int(minute or 0), int(second or 0), tzinfo=UTC)
        seconds = (day_start - _EPOCH) // timedelta(seconds=1) + round(time.timestamp())
    except (ValueError, OverflowError):
        return None
    return float(seconds * 1000 + int((fraction or "").ljust(3, "0")[:3]))


def _zone(text: str | None) -> timezone:
    if not text or text == "Z":
        return UTC
    digits = text[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    return timezone(-offset if text[0] == "-" else offset)
