"""Calendar days as text `YYYY-MM-DD`, and v2's date rules over them. No instants, no time zones.

The rules are v2's own (`derivedCalculations.ts`, `lib/perm`), proven by its vectors: text that does not
look like a day is passed over, and an impossible day such as 2024-02-30 rolls over as JavaScript's Date
does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from migration.mapping.fields import Unmappable

_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_KEPT = 32_768  # days of nine decades fit: dates repeat, parsing them again does not pay

WAIT_DAYS = 30  # from the last recruitment step to the opening of the filing window
WINDOW_DAYS = 180  # from the first recruitment step to its closing
RECRUITMENT_DAYS = 150  # WINDOW_DAYS less WAIT_DAYS
PWD_BUFFER_DAYS = 30
ETA9089_DAYS = 180
RFI_DAYS = 30


@lru_cache(_KEPT)
def is_day(text: str) -> bool:
    """Whether the text is a real day of the calendar, years 1 to 9999."""
    if not _DAY.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def day(value: Any) -> str:
    """A date column as it is; infinity, BC and years above 9999 quarantine the row."""
    if isinstance(value, str) and is_day(value):
        return value
    raise Unmappable("impossible_date")


@lru_cache(_KEPT)
def add_days(text: str, days: int) -> str:
    """`addDaysToISO`: the day that many days later. ValueError for text that is no day.

    JavaScript's `Date.UTC` takes the years 0 to 99 for 1900 to 1999, and so does every date that v2's server
    derives: somebody who typed the year as 25 has a filing window in 1926.
    """
    year, month, day = _parts(text)
    return _moved(_server_year(year), month, day + days)


@lru_cache(_KEPT)
def days_after(text: str, days: int) -> str:
    """The same as v2's calculators have it, which read a year as it is written."""
    year, month, day = _parts(text)
    return _moved(year, month, day + days)


def _parts(text: str) -> tuple[int, int, int]:
    match = _DAY.fullmatch(text)
    if match is None:
        raise ValueError("not a day")
    year, month, rest = (int(part) for part in match.groups())
    return year, month, rest


def _moved(year: int, month: int, day: int) -> str:
    try:
        first = date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)
        return (first + timedelta(days=day - 1)).isoformat()
    except (OverflowError, ValueError):
        raise Unmappable("impossible_date") from None


def _server_year(year: int) -> int:
    return year + 1900 if year < 100 else year


def pwd_expiration(determined: str) -> str:
    """`calculatePWDExpiration`, 20 CFR 656.40(c). ValueError for text that is no day.

    Apr 2 to Jun 30: 90 days later. Jul 1 to Dec 31: Jun 30 of the next year. Else Jun 30 of the same year.
    """
    if not is_day(determined):
        raise ValueError("not a day")
    year, month_day = int(determined[:4]), determined[5:]
    if "04-02" <= month_day <= "06-30":
        return days_after(determined, 90)
    if month_day >= "07-01":
        year += 1
    if year > 9999:
        raise Unmappable("impossible_date")
    return f"{year:04}-06-30"


def eta9089_expiration(certified: str) -> str:
    """`calculateETA9089Expiration`: 180 days after certification."""
    return days_after(certified, ETA9089_DAYS)


def rfi_due(received: str) -> str:
    """`calculateRFIDueDate`: 30 days after receipt."""
    return days_after(received, RFI_DAYS)


def derived_dates(case: Mapping[str, Any]) -> dict[str, str | None]:
    """`calculateDerivedDates`: the five dates v2 stores with a case, from the case's own v2 fields."""
    starts = _days(case, "sundayAdFirstDate", "jobOrderStartDate", "noticeOfFilingStartDate")
    start = min(starts, key=_as_server, default=None)
    end = max(_ends(case), key=_as_server, default=None)
    pwd = _usable(case.get("pwdExpirationDate"))
    return {
        "recruitmentStartDate": start,
        "recruitmentEndDate": end,
        "filingWindowOpens": end and add_days(end, WAIT_DAYS),
        "filingWindowCloses": start and _earlier(add_days(start, WINDOW_DAYS), pwd),
        "recruitmentWindowCloses": start
        and _earlier(add_days(start, RECRUITMENT_DAYS), pwd and add_days(pwd, -PWD_BUFFER_DAYS)),
    }


def last_recruitment(case: Mapping[str, Any]) -> str | None:
    """The last recruitment step; additional steps count for professional occupations only."""
    return max(_ends(case), default=None)


def _ends(case: Mapping[str, Any]) -> list[str]:
    days = _days(case, "sundayAdSecondDate", "jobOrderEndDate", "noticeOfFilingEndDate")
    if case.get("isProfessionalOccupation"):
        days += _days(case, "additionalRecruitmentEndDate")
        for method in case.get("additionalRecruitmentMethods") or ():
            days += _days(method, "date")
    return days


def _days(values: Mapping[str, Any], *names: str) -> list[str]:
    return [text for name in names if (text := _usable(values.get(name)))]


def _usable(value: Any) -> str | None:
    return value if value and isinstance(value, str) and _DAY.fullmatch(value) else None


def _earlier(natural: str, limit: str | None) -> str:
    return min(natural, limit, key=_as_server) if limit else natural


def _as_server(text: str) -> str:
    """What the server compares a day by: the day that it rolls over to."""
    return add_days(text, 0)
