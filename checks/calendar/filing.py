"""The filing window as an object, with its status on a day (20 CFR 656.17; date_rules section 2.1).

The page's own version of what the server stores: it takes any text that date-fns can read, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from checks.calendar.days import DAY, Instant, iso, later
from checks.calendar.reading import is_shaped, parse_iso, shaped
from checks.calendar.windows import (
    PWD_BUFFER,
    RECRUITMENT_WINDOW,
    STARTS,
    WAIT_AFTER_RECRUITMENT,
    WINDOW_AFTER_FIRST_STEP,
    Case,
    ends,
)

Pick = Callable[[list[int]], int]


def filing_window(case: Case) -> dict[str, Any] | None:
    """The window object: it needs both ends of recruitment. A tie with the PWD is not limited by it."""
    first, last, pwd = (
        _readable(case.get(field))
        for field in ("firstRecruitmentDate", "lastRecruitmentDate", "pwdExpirationDate")
    )
    if first is None or last is None:
        return None
    return {
        "opens": iso(later(last, WAIT_AFTER_RECRUITMENT)),
        **_limited(later(first, WINDOW_AFTER_FIRST_STEP), pwd),
    }


def recruitment_window(first: Any, pwd: Any) -> dict[str, Any] | None:
    """The object version of when recruitment must be complete."""
    start, limit = _readable(first), _readable(pwd)
    return None if start is None else _limited(later(start, RECRUITMENT_WINDOW), later(limit, -PWD_BUFFER))


def window_status(case: Case, today: Instant) -> dict[str, Any]:
    """Where a day (its midnight) lies in the filing window; both ends belong to it.

    A window that opens after it closes is closed, as is one that can not be worked out.
    """
    window = filing_window(case)
    if window is None:
        return {"status": "closed"}
    opens, closes = parse_iso(window["opens"]), parse_iso(window["closes"])
    closed = {"status": "closed", "window": window}
    if opens is None or closes is None or today is None or opens > closes or today > closes:
        return closed
    if today < opens:
        return {**closed, "status": "waiting", "daysUntilOpen": (opens - today) // DAY}
    return {**closed, "status": "open", "daysRemaining": (closes - today) // DAY}


def first_step(case: Case) -> str | None:
    """The earliest of the three mandatory steps, as a day that exists."""
    return _edge(min, (case.get(field) for field in STARTS))


def last_step(case: Case) -> str | None:
    """The latest of the steps that count, as a day that exists."""
    return _edge(max, ends(case))


def _edge(pick: Pick, candidates: Iterable[Any]) -> str | None:
    found = [instant for text in candidates if (instant := _readable(text)) is not None]
    return iso(pick(found)) if found else None


def _readable(value: Any) -> Instant:
    if not isinstance(value, str) or not value:
        return None
    return shaped(value) if is_shaped(value) else parse_iso(value)


def _limited(natural: Instant, limit: Instant) -> dict[str, Any]:
    closes, other = iso(natural), None if limit is None else iso(limit)
    if other is not None and other < closes:
        return {"closes": other, "isPwdLimited": True}
    return {"closes": closes, "isPwdLimited": False}
