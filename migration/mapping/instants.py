"""Instants: v1's timestamps and the loose times inside JSON, as Unix milliseconds floored (decision 0001)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from migration.mapping.fields import Row, Unmappable

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_SECONDS_END = 1e11  # a number above this can not be seconds (year 5138): it is milliseconds
_ISO = re.compile(
    r"(\d{4}-\d{2}-\d{2})"
    r"(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:\.(\d+))?)?(?:Z|([+-])(\d{2}):?(\d{2})?)?)?",
    re.ASCII,
)


def instant(value: str) -> float:
    """A timestamptz column. Text without an offset is UTC; infinity, BC and years above 9999 quarantine."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise Unmappable("impossible_date") from None
    return _milliseconds(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def created(row: Row) -> float:
    """The row's `created_at`. The target refuses a `_creationTime` that is not after 1970."""
    value = row.get("created_at")
    made = instant(value) if value is not None else 0.0
    if made <= 0:
        raise Unmappable("impossible_date", "created_at")
    return made


def is_after(value: str, clock_ms: float) -> bool:
    """Whether a timestamptz column lies after the clock; `infinity` does, `-infinity` and BC do not."""
    if value == "infinity":
        return True
    if value == "-infinity" or value.endswith("BC"):
        return False
    return instant(value) > clock_ms


def loose(value: Any) -> float | None:
    """A time inside JSON: a number (seconds, or milliseconds above 1e11) or ISO-8601 text, else None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return _number(value)
    return _iso(value) if isinstance(value, str) else None


def _number(value: float) -> float | None:
    """Exact: 1700000000.123 seconds must not lose its last millisecond to a binary fraction."""
    exact = Decimal(str(value)).scaleb(0 if value > _SECONDS_END else 3)
    whole = int(exact.to_integral_value(ROUND_FLOOR))
    try:
        _EPOCH + whole * _MILLISECOND
    except OverflowError:
        return None
    return float(whole)


def _iso(text: str) -> float | None:
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    day, minutes, seconds, fraction, sign, hours_off, minutes_off = match.groups()
    micros = (fraction or "")[:6].ljust(6, "0")
    offset = timedelta(hours=int(hours_off or 0), minutes=int(minutes_off or 0))
    try:
        moment = datetime.fromisoformat(f"{day}T{minutes or '00:00'}:{seconds or '00'}.{micros}+00:00")
        moment = moment + offset if sign == "-" else moment - offset
    except (ValueError, OverflowError):
        return None
    return _milliseconds(moment)


def _milliseconds(moment: datetime) -> float:
    return float((moment - _EPOCH) // _MILLISECOND)
