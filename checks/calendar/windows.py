"""Expirations, the recruitment window and the filing window (20 CFR 656.40(c), 656.17; date_rules section 2).

Days are counted from the start, which is day 0; nothing moves a deadline off a weekend or a holiday.
The server's derived dates take any text of the right shape and skip the rest; the calculators take what
date-fns can read. The window object, which takes both, is in `filing`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from checks.calendar.days import (
    DAY,
    Instant,
    Thrown,
    civil,
    clipped,
    filled,
    formatted,
    iso,
    later,
    to_number,
)
from checks.calendar.reading import is_shaped, midnight, parse_iso, shaped

WAIT_AFTER_RECRUITMENT = 30
WINDOW_AFTER_FIRST_STEP = 180
RECRUITMENT_WINDOW = WINDOW_AFTER_FIRST_STEP - WAIT_AFTER_RECRUITMENT
PWD_BUFFER = 30
PWD_SHORTEST = 90
CERTIFICATION_LIFE = 180
RFI_RESPONSE = 30
JOB_ORDER_LENGTH = 30

STARTS = ("sundayAdFirstDate", "jobOrderStartDate", "noticeOfFilingStartDate")
ENDS = ("sundayAdSecondDate", "jobOrderEndDate", "noticeOfFilingEndDate")

Case = Mapping[str, Any]


def pwd_expiration(determination: Any) -> str:
    """20 CFR 656.40(c): 90 days from April 2 to June 30, else the next June 30. Thrown Error for no date."""
    instant = parse_iso(determination) if is_shaped(determination) else None
    if instant is None:
        raise Thrown("Error")
    return _season(instant)


@lru_cache(1 << 15)
def _season(instant: int) -> str:
    year, month, day = civil(instant // DAY)
    if (4, 2) <= (month, day) <= (6, 30):
        return formatted(later(instant, PWD_SHORTEST))
    return f"{year + (month > 6)}-06-30"


def days_after(start: Any, days: int) -> str:
    """So many days after a date that date-fns can read: RFI due, I-140 deadline, end of a job order.

    Thrown RangeError for other text, TypeError for what is no text.
    """
    return shown_after(parse_iso(start), days)


@lru_cache(1 << 15)
def shown_after(start: Instant, days: int) -> str:
    """The same from an instant."""
    return formatted(later(start, days))


def add_days(text: Any, days: Any) -> str:
    """`addDaysToISO`. Thrown Error unless the text has the shape; an impossible day rolls over."""
    start, number = shaped(text), to_number(days)
    if start is None:
        raise Thrown("Error")
    return iso(clipped(start + number * DAY) if number == number else None)  # noqa: PLR0124 - not NaN


def between(earlier: Any, later_: Any) -> int:
    """`daysBetween`. Thrown Error unless both have the shape."""
    start, end = shaped(earlier), shaped(later_)
    if start is None or end is None:
        raise Thrown("Error")
    return (end - start) // DAY


def derived(case: Case) -> dict[str, str | None]:
    """The five dates that v2's server stores with a case; null where the inputs are missing.

    Additional recruitment counts towards the end only, and only of a professional occupation.
    """
    start, end = recruitment_start(case), recruitment_end(case)
    pwd = case.get("pwdExpirationDate")
    return {
        "recruitmentStartDate": start,
        "recruitmentEndDate": end,
        "filingWindowOpens": filing_opens(end),
        "filingWindowCloses": filing_closes(start, pwd),
        "recruitmentWindowCloses": recruitment_closes(start, pwd),
    }


def recruitment_start(case: Case) -> str | None:
    """The first mandatory step, as it was written."""
    return _first(map(case.get, STARTS), 1)


def recruitment_end(case: Case) -> str | None:
    """The last step that counts, as it was written."""
    return _first(ends(case), -1)


def filing_opens(end: Any) -> str | None:
    """30 days after the last recruitment step (20 CFR 656.17)."""
    return _after(end, WAIT_AFTER_RECRUITMENT) if is_shaped(end) else None


def filing_closes(start: Any, pwd: Any) -> str | None:
    """180 days after the first step, or when the PWD expires, whichever comes first (20 CFR 656.17)."""
    first, limit = shaped(start), shaped(pwd)
    if first is None:
        return None
    if limit is not None and limit < first + WINDOW_AFTER_FIRST_STEP * DAY:
        return str(pwd)
    return _after(start, WINDOW_AFTER_FIRST_STEP)


def recruitment_closes(start: Any, pwd: Any) -> str | None:
    """150 days after the first step, or 30 before the PWD expires, compared as text."""
    if not is_shaped(start):
        return None
    natural = _after(start, RECRUITMENT_WINDOW)
    return min(natural, _after(pwd, -PWD_BUFFER)) if is_shaped(pwd) else natural


def items(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a list that may be absent. Thrown TypeError where JavaScript could not walk it."""
    if value is None or value == []:
        return []
    if not isinstance(value, list) or any(item is None for item in value):
        raise Thrown("TypeError")
    return [item if isinstance(item, dict) else {} for item in value]


def ends(case: Case) -> list[Any]:
    """The values of all steps that can end recruitment; additional ones only of a professional occupation."""
    found = [case.get(field) for field in ENDS]
    if filled(case.get("isProfessionalOccupation")):
        found.append(case.get("additionalRecruitmentEndDate"))
        found += [method.get("date") for method in items(case.get("additionalRecruitmentMethods"))]
    return found


@lru_cache(1 << 15)
def _after(text: str, days: int) -> str:
    """So many days after a text of the shape. Kept: the dates of many cases are the same."""
    return iso(later(shaped(text), days))


def _first(candidates: Iterable[Any], direction: int) -> str | None:
    """The first of the texts that have the shape (the last, with direction -1), by the day they roll over to;
    kept as it was written."""
    found, at = None, 0
    for text in candidates:
        instant = midnight(text) if isinstance(text, str) else None
        if instant is not None and (found is None or direction * instant < direction * at):
            found, at = text, instant
    return found
