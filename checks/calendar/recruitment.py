"""Recruitment: its deadlines, when it is complete, and what a changed date drags along (20 CFR 656.17).

The cascade is what v2's form does in the browser; the server recomputes only the derived dates
(date_rules sections 2, 4 and 5).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from checks.calendar import business_days
from checks.calendar.days import DAY, SUNDAY, Instant, Thrown, civil, filled, formatted, later, weekday
from checks.calendar.reading import constructed, parse_iso
from checks.calendar.windows import (
    CERTIFICATION_LIFE,
    ENDS,
    JOB_ORDER_LENGTH,
    PWD_BUFFER,
    RECRUITMENT_WINDOW,
    RFI_RESPONSE,
    STARTS,
    Case,
    days_after,
    items,
    pwd_expiration,
)

JOB_ORDER_START = (120, 60)
"""Days after the first step, and days before the PWD expires."""
FIRST_SUNDAY = (143, 37)
WINDOW = (RECRUITMENT_WINDOW, PWD_BUFFER)
METHODS_OF_A_PROFESSIONAL = 3
SNAKE = {
    "sundayAdFirstDate": "sunday_ad_first_date",
    "sundayAdSecondDate": "sunday_ad_second_date",
    "jobOrderStartDate": "job_order_start_date",
    "jobOrderEndDate": "job_order_end_date",
    "noticeOfFilingStartDate": "notice_of_filing_start_date",
    "noticeOfFilingEndDate": "notice_of_filing_end_date",
    "isProfessionalOccupation": "is_professional_occupation",
}


def last_sunday(text: Any) -> str:
    """The Sunday on or before; a Sunday is given back as it was written. Thrown as `days_after`."""
    instant = parse_iso(text)
    if instant is None:
        raise Thrown("RangeError")
    back = weekday(instant // DAY)
    return str(text) if back == SUNDAY else formatted(later(instant, -back))


def deadlines(first: Any, pwd: Any) -> dict[str, str]:
    """The latest days for each mandatory step, from the first step and the PWD's expiration."""
    start, limit = parse_iso(first), parse_iso(pwd)
    closes = _earlier(start, limit, WINDOW)
    return {
        "notice_of_filing_deadline": closes,
        "job_order_start_deadline": _earlier(start, limit, JOB_ORDER_START),
        "second_sunday_ad_deadline": last_sunday(closes),
        "first_sunday_ad_deadline": last_sunday(_earlier(start, limit, FIRST_SUNDAY)),
        "recruitment_window_closes": closes,
    }


def is_complete(case: Case) -> bool:
    """All three mandatory steps have both their days; a professional case has three more, or their end.

    v2 takes a field by its own name or by the validators'.
    """
    if not all(filled(_either(case, field)) for field in (*STARTS, *ENDS)):
        return False
    if not filled(_either(case, "isProfessionalOccupation")):
        return True
    methods = items(case.get("additionalRecruitmentMethods"))
    done = sum(filled(method.get("method")) and filled(method.get("date")) for method in methods)
    return done >= METHODS_OF_A_PROFESSIONAL or filled(case.get("additionalRecruitmentEndDate"))


def cascade(state: Mapping[str, Any], field: str, change: Mapping[str, Any]) -> dict[str, Any]:
    """The keys that change when `field` becomes `change["value"]` (absent: undefined), with their values.

    Ends of a notice and of a job order are only ever moved later; a source set to null empties its target.
    """
    after = {**state, field: change.get("value")}
    if field in _TARGETS:
        target, rule, extend_only = _TARGETS[field]
        value = change.get("value")
        if value is None and "value" not in change:
            raise Thrown("Error" if field == "pwd_determination_date" else "TypeError")
        if value is None or isinstance(value, bool):
            after[target] = None
        else:
            found = rule(value)
            after[target] = _extended(state, target, found) if extend_only else found
    return {key: value for key, value in after.items() if key not in state or state[key] != value}


def _extended(state: Mapping[str, Any], target: str, found: str) -> Any:
    current = state.get(target)
    if current is None and target in state:
        return found
    before, now = parse_iso(current), parse_iso(found)
    return found if before is not None and now is not None and before < now else current


def _certified_until(value: Any) -> str:
    """The form's own sum: what is no date becomes the text of one that is not a number."""
    instant = constructed(value) if isinstance(value, str) else None
    if instant is None:
        return "NaN-NaN-NaN"
    year, month, day = civil(instant // DAY + CERTIFICATION_LIFE)
    return f"{year}-{month:02}-{day:02}"


Rule = Callable[[Any], str]
_TARGETS: dict[str, tuple[str, Rule, bool]] = {
    "pwd_determination_date": ("pwd_expiration_date", pwd_expiration, False),
    "notice_of_filing_start_date": ("notice_of_filing_end_date", business_days.notice_end, True),
    "job_order_start_date": ("job_order_end_date", lambda value: days_after(value, JOB_ORDER_LENGTH), True),
    "eta9089_certification_date": ("eta9089_expiration_date", _certified_until, False),
    "rfi_received_date": ("rfi_due_date", lambda value: days_after(value, RFI_RESPONSE), False),
}


def _either(case: Case, field: str) -> Any:
    value = case.get(field)
    return case.get(SNAKE[field]) if value is None else value


def _earlier(start: Instant, limit: Instant, days: tuple[int, int]) -> str:
    after, before = later(start, days[0]), later(limit, -days[1])
    return formatted(None if after is None or before is None else min(after, before))
