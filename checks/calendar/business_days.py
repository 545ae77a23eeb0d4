"""Federal holidays and business days as v2 counts them (date_rules section 3; 5 U.S.C. 6103).

A business day is no Saturday, no Sunday and no federal holiday of its own year. That is v2's defect: New Year
on a Saturday is observed on December 31, a day that v2 looks up among the holidays of the year before, so it
counts as a business day. Inauguration Day is a holiday, Juneteenth is one in every year.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from checks.calendar.days import (
    DAY,
    SATURDAY,
    SUNDAY,
    Instant,
    civil,
    day_number,
    formatted,
    later,
    to_number,
    weekday,
)
from checks.calendar.reading import constructed, parse_iso

NOTICE_DAYS = 10
MONDAY, THURSDAY = 1, 4
_FIXED = (
    (1, 1, "New Year"),
    (6, 19, "Juneteenth"),
    (7, 4, "Independence Day"),
    (11, 11, "Veterans Day"),
    (12, 25, "Christmas"),
)
_FLOATING = (  # month, weekday, which one
    (1, MONDAY, 3, "MLK Day"),
    (2, MONDAY, 3, "Presidents Day"),
    (9, MONDAY, 1, "Labor Day"),
    (10, MONDAY, 2, "Columbus Day"),
    (11, THURSDAY, 4, "Thanksgiving"),
)
FIRST_INAUGURATION = 2021
_FOUR_DIGITS = 1000
_PLAIN = (day_number(1, 1, 1), day_number(9999, 12, 31))
"""The days whose year v2 writes and reads back as it is."""


@lru_cache(1 << 10)
def holidays(year: int) -> tuple[tuple[str, str], ...]:
    """The days and names of a year's federal holidays, sorted. New Year may lie in the year before."""
    return tuple(sorted((_unpadded(day), name) for day, name in _days_off(year)))


def _days_off(year: int) -> list[tuple[int, str]]:
    found = [(_observed(_year(year), month, day), name) for month, day, name in _FIXED]
    found += [(_nth(_year(year), month, on, nth), name) for month, on, nth, name in _FLOATING]
    last_of_may = day_number(_year(year), 5, 31)
    found.append((last_of_may - (weekday(last_of_may) - MONDAY) % 7, "Memorial Day"))
    if year >= FIRST_INAUGURATION and (year - FIRST_INAUGURATION) % 4 == 0:
        found.append((_observed(year, 1, 20), "Inauguration Day"))
    return found


def holidays_of(year: Any) -> list[list[str]]:
    """`getFederalHolidays` of a year as JSON gives it."""
    number = to_number(year)
    if number != number or abs(number) > 270_000:  # noqa: PLR0124 - NaN differs from itself
        names = sorted(name for _, name in holidays(2022))
        return [["NaN-NaN-NaN", name] for name in names]
    return [list(each) for each in holidays(int(number))]


@lru_cache(1 << 10)
def _dates(year: int) -> frozenset[str]:
    return frozenset(day for day, _ in holidays(year))


def is_holiday(text: Any) -> bool:
    """Whether this day is among the holidays of its own year."""
    midnight = _midnight(text)
    return midnight is not None and text in _dates(civil(midnight // DAY)[0])


def is_business_day(text: Any) -> bool:
    """Neither weekend nor holiday. What is no date counts as one, in v2."""
    midnight = _midnight(text)
    if midnight is not None and weekday(midnight // DAY) in (SUNDAY, SATURDAY):
        return False
    return not is_holiday(text)


def add(start: Any, wanted: Any) -> str:
    """The day so many business days after the start, which is not counted itself; the start for 0 or less."""
    day, number, added = parse_iso(start), to_number(wanted), 0
    while added < number:
        day = later(day, 1)
        added += is_business_day(formatted(day))
    return formatted(day)


def count(start: Any, end: Any) -> int:
    """Business days from start to end, both included; 0 when the end comes first or either is no date."""
    return counted(parse_iso(start), parse_iso(end))


@lru_cache(1 << 15)
def counted(start: Instant, end: Instant) -> int:
    """The same between two instants, in a time that does not grow with their distance: one mistyped year must
    not hold up a window of thirty minutes."""
    if start is None or end is None or end < start:
        return 0
    first = start // DAY
    last = first + (end - start) // DAY
    middle_first, middle_last = max(first, _PLAIN[0]), min(last, _PLAIN[1])
    if middle_first > middle_last:
        return _one_by_one(first, last)
    outside = _one_by_one(first, middle_first - 1) + _one_by_one(middle_last + 1, last)
    return outside + _weekdays(middle_first, middle_last) - _holidays_between(middle_first, middle_last)


def _one_by_one(first: int, last: int) -> int:
    return sum(is_business_day(formatted(day * DAY)) for day in range(first, last + 1))


def _weekdays(first: int, last: int) -> int:
    """Days from Monday to Friday among these day numbers, both included."""
    weeks, rest = divmod(last + 1 - first, 7)
    return 5 * weeks + sum(weekday(first + day) not in (SUNDAY, SATURDAY) for day in range(rest))


def _holidays_between(first: int, last: int) -> int:
    """Holidays of their own year among the weekdays of these day numbers. None before the year 1000: v2 looks
    for a name that begins with four digits among names that do not."""
    years = range(max(_FOUR_DIGITS, civil(first)[0]), civil(last)[0] + 1)
    return sum(first <= day <= last for year in years for day in _free_weekdays(year))


@lru_cache(1 << 14)
def _free_weekdays(year: int) -> tuple[int, ...]:
    """The day numbers of a year's holidays that lie in it and on a weekday."""
    found = {day for day, _ in _days_off(year) if civil(day)[0] == year}
    return tuple(sorted(day for day in found if weekday(day) not in (SUNDAY, SATURDAY)))


def notice_end(start: Any) -> str:
    """The tenth business day after a notice of filing was posted (20 CFR 656.10(d)(1)(ii))."""
    return add(start, NOTICE_DAYS)


def _midnight(text: Any) -> Instant:
    return constructed(f"{text}T00:00:00") if isinstance(text, str) else None


def _year(year: int) -> int:
    return year + 1900 if 0 <= year < 100 else year


def _observed(year: int, month: int, day: int) -> int:
    """The holiday itself, or the Friday before, or the Monday after."""
    found = day_number(year, month, day)
    return found + {SATURDAY: -1, SUNDAY: 1}.get(weekday(found), 0)


def _nth(year: int, month: int, on: int, nth: int) -> int:
    first = day_number(year, month, 1)
    return first + (on - weekday(first)) % 7 + 7 * (nth - 1)


def _unpadded(day: int) -> str:
    year, month, of_month = civil(day)
    return f"{year}-{month:02}-{of_month:02}"
