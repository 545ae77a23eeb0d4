"""Instants, days and their text, as JavaScript counts them: milliseconds since 1970 in UTC, None if invalid.

Nothing here reads text (`reading` does). Python's own dates end at year 9999; v2's go on, so the calendar is
worked out here: a month or a day outside its range rolls over into the next or the one before.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

DAY = 86_400_000
LAST = 8_640_000_000_000_000
"""The farthest instant from 1970 that a JavaScript Date can be, in milliseconds."""

SUNDAY, SATURDAY = 0, 6

Instant = int | None


class Thrown(ValueError):
    """Where v2's function throws; `name` is the name of JavaScript's error."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"v2 throws {name}: not a date that it can read")


def day_number(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01. Month and day may lie outside the calendar and roll over."""
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    shifted = year - (month <= 2)  # years that begin in March end with the leap day
    era, of_era = divmod(shifted, 400)
    of_year = (153 * ((month - 3) % 12) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


def civil(day: int) -> tuple[int, int, int]:
    """Year, month and day of a day number."""
    era, of_era = divmod(day + 719_468, 146_097)
    years = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * years + years // 4 - years // 100)
    shifted_month = (5 * of_year + 2) // 153
    month = (shifted_month + 2) % 12 + 1
    return era * 400 + years + (month <= 2), month, of_year - (153 * shifted_month + 2) // 5 + 1


def weekday(day: int) -> int:
    """0 for Sunday to 6 for Saturday."""
    return (day + 4) % 7


def clipped(milliseconds: float) -> Instant:
    """The instant, whole milliseconds; None beyond what a Date can hold."""
    return int(milliseconds) if abs(milliseconds) <= LAST else None


def later(instant: Instant, days: int) -> Instant:
    """So many days later."""
    return None if instant is None else clipped(instant + days * DAY)


def full_days(since: Instant, until: Instant) -> int | None:
    """Whole days from one instant to another, cut towards zero; None when either is invalid."""
    if since is None or until is None:
        return None
    days = abs(until - since) // DAY
    return days if until >= since else -days


@lru_cache(1 << 15)
def iso(instant: Instant) -> str:
    """The day as `toISOString` begins: four digits for the years 0 to 9999, else a sign and six."""
    year, month, day = _fields(instant)
    shown = f"{year:04}" if 0 <= year <= 9999 else f"{'+' if year > 0 else '-'}{abs(year):06}"
    return f"{shown}-{month:02}-{day:02}"


def formatted(instant: Instant) -> str:
    """The day as date-fns' pattern yyyy-MM-dd has it: years before 1 count back from 1."""
    year, month, day = _fields(instant)
    return f"{year if year > 0 else 1 - year:04}-{month:02}-{day:02}"


def to_number(value: Any) -> float:
    """A JSON value where a number is expected; NaN when it is none. An absent one is given as text."""
    if value is None:
        return 0.0
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return float("nan")


def filled(value: Any) -> bool:
    """Whether v2 takes the value for given: not null, not absent, not the empty text."""
    return value is not None and value != "" and value is not False and value != 0


def _fields(instant: Instant) -> tuple[int, int, int]:
    if instant is None:
        raise Thrown("RangeError")
    return civil(instant // DAY)
