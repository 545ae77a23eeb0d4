"""PERM Tracker's date rules, second implementation (docs of the rules: 20 CFR 656.40(c), 656.17).

Dates are `YYYY-MM-DD` text; arithmetic is in calendar days, the start is day 0, and no weekend moves
anything. Where v2 itself has a quirk (2024-02-30 rolls over to March 1 in sums), the quirk is kept: what is
checked is what v2 will compute. Years outside 1 to 9999 raise OverflowError.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

_SHAPE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")

WAIT_AFTER_RECRUITMENT = 30
WINDOW_AFTER_FIRST_STEP = 180
RECRUITMENT_WINDOW = WINDOW_AFTER_FIRST_STEP - WAIT_AFTER_RECRUITMENT
PWD_BUFFER = 30
CERTIFICATION_LIFE = 180
RFI_RESPONSE = 30
PWD_SHORTEST = 90

STARTS = ("sundayAdFirstDate", "jobOrderStartDate", "noticeOfFilingStartDate")
ENDS = ("sundayAdSecondDate", "jobOrderEndDate", "noticeOfFilingEndDate")
DERIVED = (
    "recruitmentStartDate",
    "recruitmentEndDate",
    "filingWindowOpens",
    "filingWindowCloses",
    "recruitmentWindowCloses",
)


def is_real(text: object) -> bool:
    """Whether this is the text of a day that exists."""
    return isinstance(text, str) and _exists(text)


@lru_cache(maxsize=1 << 15)
def _exists(text: str) -> bool:
    match = _SHAPE.fullmatch(text)
    if not match:
        return False
    try:
        date(*map(int, match.groups()))
    except ValueError:
        return False
    return True


@lru_cache(maxsize=1 << 15)
def plus(text: str, days: int) -> str:
    """`days` calendar days later; a day past the month's end rolls over. Another shape: ValueError."""
    match = _SHAPE.fullmatch(text)
    if not match:
        raise ValueError("not of the shape YYYY-MM-DD")
    year, month, day = map(int, match.groups())
    return (date(year, month, 1) + timedelta(days=day - 1 + days)).isoformat()


def between(earlier: str, later: str) -> int:
    """Calendar days from one date to another; negative when `later` comes first."""
    return (date.fromisoformat(later) - date.fromisoformat(earlier)).days


def midnight_ms(text: str) -> int:
    """The instant at which this day begins in UTC, in milliseconds."""
    return round(
        datetime.combine(date.fromisoformat(plus(text, 0)), datetime.min.time(), UTC).timestamp() * 1000
    )


def pwd_expiration(determination: str) -> str:
    """20 CFR 656.40(c). ValueError for a day that does not exist."""
    year, day = _real(determination)[:4], determination[5:]
    if "04-02" <= day <= "06-30":
        return plus(determination, PWD_SHORTEST)
    return f"{int(year) + (day > '06-30'):04}-06-30"


def eta_expiration(certification: str) -> str:
    """A certified ETA 9089 lives 180 days; the I-140 deadline is the same day. ValueError as above."""
    return plus(_real(certification), CERTIFICATION_LIFE)


def rfi_due(received: str) -> str:
    """An RFI is due 30 days after it came. ValueError as above."""
    return plus(_real(received), RFI_RESPONSE)


def derived(case: Mapping[str, Any]) -> dict[str, str]:
    """The dates v2 derives from a case document (its keys are v2's); those without their inputs are left out.

    Additional recruitment counts towards the end, and only of a professional occupation.
    """
    first = _extreme(min, (case.get(field) for field in STARTS))
    last = _extreme(max, _ends(case))
    pwd = _usable(case.get("pwdExpirationDate"))
    found = {
        "recruitmentStartDate": first,
        "recruitmentEndDate": last,
        "filingWindowOpens": last and plus(last, WAIT_AFTER_RECRUITMENT),
        "filingWindowCloses": first and _earlier(plus(first, WINDOW_AFTER_FIRST_STEP), pwd),
        "recruitmentWindowCloses": first
        and _earlier(plus(first, RECRUITMENT_WINDOW), pwd and plus(pwd, -PWD_BUFFER)),
    }
    return {field: value for field, value in found.items() if value}


def _real(text: str) -> str:
    if not is_real(text):
        raise ValueError("not a date")
    return text


def _ends(case: Mapping[str, Any]) -> Iterator[object]:
    yield from (case.get(field) for field in ENDS)
    if case.get("isProfessionalOccupation"):
        yield case.get("additionalRecruitmentEndDate")
        yield from (method.get("date") for method in case.get("additionalRecruitmentMethods") or ())


def _usable(text: object) -> str | None:
    return text if isinstance(text, str) and _SHAPE.fullmatch(text) else None


def _extreme(pick: Callable[[list[str]], str], candidates: Iterable[object]) -> str | None:
    usable = [text for text in map(_usable, candidates) if text]
    return pick(usable) if usable else None


def _earlier(natural: str, limit: str | None) -> str:
    return min(natural, limit) if limit else natural
