"""The three ways in which v2 reads a date from text (date_rules section 9 names the first two).

- `shaped`: anything of the shape dddd-dd-dd, and 2024-02-30 rolls over (derived dates, deadlines,
  enforcement);
- `parse_iso`: date-fns' parseISO, which takes 20240630, week dates and timestamps, and refuses 2024-02-30
  (calculators, validators, status);
- `constructed`: `new Date(text)`, which rolls over to the 31st at most (reopening, cascade, holidays).

All give an instant, or None for an invalid date.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from checks.calendar.days import DAY, Instant, Thrown, clipped, day_number, weekday

_KEPT = 1 << 15
HOUR, MINUTE = 3_600_000, 60_000
_SHAPE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_YEAR = re.compile(r"(?:([0-9]{4}|[+-][0-9]{6})|([0-9]{2}|[+-][0-9]{4})\Z)")
_REST = re.compile(r"-?(?:([0-9]{3})|([0-9]{2})(?:-?([0-9]{2}))?|W([0-9]{2})(?:-?([0-9]))?|)")
_PART = r"([0-9]{2}(?:[.,][0-9]*)?)"
_TIME = re.compile(rf"{_PART}(?::?{_PART})?(?::?{_PART})?")
_OFFSET = re.compile(r"([+-])([0-9]{2})(?::?([0-9]{2}))?")
_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_ENGINE = re.compile(
    r"([0-9]{4}|[+-][0-9]{6})(?:-([0-9]{2})(?:-([0-9]{2}))?)?"
    r"(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?(?:[Zz]|([+-])([0-9]{2}):?([0-9]{2}))?)?"
)
_LOOSE = (
    re.compile(r"(?P<year>[0-9]{4})[-/](?P<month>[0-9]{1,2})[-/](?P<day>[0-9]{1,2})"),
    re.compile(r"(?P<month>[0-9]{1,2})/(?P<day>[0-9]{1,2})/(?P<year>[0-9]{4})"),
)


def is_shaped(value: Any) -> bool:
    """Whether this is text of the shape dddd-dd-dd, possible or not."""
    return isinstance(value, str) and midnight(value) is not None


def shaped(value: Any) -> Instant:
    """Midnight of a text of that shape; a month or day too many rolls over. None for anything else."""
    return midnight(value) if isinstance(value, str) else None


@lru_cache(_KEPT)
def midnight(text: str) -> Instant:
    """The same of what is text."""
    match = _SHAPE.fullmatch(text)
    if not match:
        return None
    year, month, day = map(int, match.groups())
    return DAY * day_number(year + 1900 if year < 100 else year, month, day)  # Date.UTC's two-digit years


def parse_iso(value: Any) -> Instant:
    """date-fns 4's parseISO. Thrown TypeError for what is no text."""
    if not isinstance(value, str):
        raise Thrown("TypeError")
    return parsed(value)


@lru_cache(_KEPT)
def parsed(text: str) -> Instant:
    """The same of what is text."""
    day, time, zone = _split(text)
    start = _day_of(day)
    since, offset = _time_of(time), _offset_of(zone)
    if start is None or since is None or offset is None:
        return None
    return clipped(start * DAY + since + offset)


def _split(text: str) -> tuple[str, str, str]:
    """Day, time and zone of a text; a day of `?` is none."""
    parts = re.split("[T ]", text)
    if len(parts) > 2 or ":" in parts[0]:
        return "?", "", ""
    day, time = parts[0], parts[1] if len(parts) > 1 else ""
    if re.search("[Zz]", day):
        day = re.split("[Zz ]", text)[0]
        time = text[len(day) :]
    zone = re.search(r"[Z+-].*\Z", time)
    return (day, time.replace(zone[0], "", 1), zone[0]) if zone else (day, time, "")


def _day_of(text: str) -> int | None:
    year_match = _YEAR.match(text)
    if not year_match:
        return None
    year = int(year_match[1]) if year_match[1] else int(year_match[2]) * 100
    rest = _REST.fullmatch(text, year_match.end())
    if not rest:
        return None
    if rest[4]:
        return _week_day(year, int(rest[4]), int(rest[5] or 1))
    leap = year % 400 == 0 or (year % 4 == 0 and year % 100 != 0)
    if rest[1]:
        of_year = int(rest[1])
        return day_number(year, 1, of_year) if 1 <= of_year <= 365 + leap else None
    month, day = int(rest[2] or 1), int(rest[3] or 1)
    if not 1 <= month <= 12 or not 1 <= day <= _LENGTHS[month - 1] + (leap and month == 2):
        return None
    return day_number(year, month, day)


def _week_day(year: int, week: int, day: int) -> int | None:
    if not 1 <= week <= 53 or not 1 <= day <= 7:
        return None
    fourth = day_number(year, 1, 4)
    return fourth + (week - 1) * 7 + day - (weekday(fourth) or 7)


def _time_of(text: str) -> float | None:
    if not text:
        return 0
    match = _TIME.fullmatch(text)
    if not match:
        return None
    hours, minutes, seconds = (float((part or "0").replace(",", ".")) for part in match.groups())
    if hours == 24 and (minutes or seconds):
        return None
    if hours >= 25 or minutes >= 60 or seconds >= 60:
        return None
    return hours * HOUR + minutes * MINUTE + seconds * 1000


def _offset_of(text: str) -> int | None:
    match = _OFFSET.fullmatch(text)
    if not match:
        return 0  # what is no offset is passed over
    minutes = int(match[3] or 0)
    if minutes > 59:
        return None
    return (-1 if match[1] == "+" else 1) * (int(match[2]) * HOUR + minutes * MINUTE)


@lru_cache(_KEPT)
def constructed(text: str) -> Instant:
    """`new Date(text)` as the engine of v2's runtime has it, for ISO text and all-digit days.

    Month names and bare numbers, which the engine also takes, are invalid here.
    """
    match = _ENGINE.fullmatch(text if "T" in text else text.rstrip(" "))
    if match:
        return _constructed(match)
    for pattern in _LOOSE:
        if loose := pattern.fullmatch(text.strip(" ")):
            return _calendar_day(int(loose["year"]), int(loose["month"]), int(loose["day"]))
    return None


def _constructed(match: re.Match[str]) -> Instant:
    start = _calendar_day(int(match[1]), int(match[2] or 1), int(match[3] or 1))
    hours, minutes, seconds = (int(match[part] or 0) for part in (4, 5, 6))
    if start is None or minutes > 59 or seconds > 59 or hours > 24 or (hours == 24 and (minutes or seconds)):
        return None
    since = hours * HOUR + minutes * MINUTE + seconds * 1000 + int((match[7] or "").ljust(3, "0")[:3])
    zone_hours, zone_minutes = int(match[9] or 0), int(match[10] or 0)
    if zone_hours > 23 or zone_minutes > 59:
        return None
    offset = zone_hours * HOUR + zone_minutes * MINUTE
    return clipped(start + since + (offset if match[8] == "-" else -offset))


def _calendar_day(year: int, month: int, day: int) -> Instant:
    return DAY * day_number(year, month, day) if 1 <= month <= 12 and 1 <= day <= 31 else None
