"""All 35 functions under v2's own names, each from a vector's input to a vector's expectation.

Conventions (date_rules section 10): an absent key is undefined, null is null; Date arguments are text and
mean midnight UTC; `today` and `referenceDate` mean noon; the clock is the input's `now`, frozen at `CLOCK`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from checks.calendar import business_days, deadlines, filing, recruitment, status, windows
from checks.calendar.days import DAY, Instant, Thrown, filled, iso, later
from checks.calendar.judgement import Judgement
from checks.calendar.reading import constructed, parse_iso
from checks.calendar.recruitment_rules import validate_recruitment
from checks.calendar.validation import validated

CLOCK = "2026-01-15T12:00:00.000Z"

Input = Mapping[str, Any]
Function = Callable[[Input], Any]


def answered(function: Function, given: Input) -> Any:
    """What the function answers; what it throws as a vector has it."""
    try:
        return function(given)
    except Thrown as thrown:
        return {"$throws": thrown.name}


def _now(given: Input) -> Instant:
    return parse_iso(given.get("now", CLOCK))


def _today(given: Input) -> Any:
    return given["today"] if filled(given.get("today")) else CLOCK[:10]


def _noon(value: Any) -> Instant:
    return constructed(f"{value}T12:00:00Z")


def _midnight(value: Any) -> Instant:
    """A Date argument: a day, or a whole timestamp."""
    text = str(value)
    return constructed(f"{text}T00:00:00Z" if len(text) == len("2024-01-01") else text)


def _object(given: Input, key: str) -> Mapping[str, Any]:
    """An argument that must be an object."""
    value = given.get(key)
    if value is None:
        raise Thrown("TypeError")
    return value if isinstance(value, Mapping) else {}


def _pair(found: status.Status) -> dict[str, str]:
    return {"caseStatus": found.case, "progressStatus": found.progress}


def _eta_window(given: Input) -> dict[str, str]:
    return {
        "opens": iso(later(_midnight(given.get("lastRecruitmentDate")), windows.WAIT_AFTER_RECRUITMENT)),
        "closes": iso(later(_midnight(given.get("firstRecruitmentDate")), windows.WINDOW_AFTER_FIRST_STEP)),
    }


def _recruitment_end(given: Input) -> str:
    given_dates = (given.get("secondSundayAdDate"), given.get("jobOrderEndDate"))
    instants = [_midnight(value) for value in (*given_dates, *(given.get("additionalDates") or ()))]
    valid = [instant for instant in instants if instant is not None]
    return iso(max(valid) if len(valid) == len(instants) else None)


def _window_status(given: Input) -> dict[str, Any]:
    noon = _noon(given.get("referenceDate"))
    return filing.window_status(given, None if noon is None else noon // DAY * DAY)


def _active(given: Input) -> dict[str, Any]:
    reason = deadlines.superseded(str(given.get("deadlineType")), _object(given, "caseData"))
    return {"isActive": reason is None, "supersededReason": reason}


def _cascade(given: Input) -> dict[str, Any]:
    change = _object(given, "change")
    return recruitment.cascade(_object(given, "state"), str(change.get("field")), change)


def _validated_recruitment(given: Input) -> dict[str, Any]:
    case = Judgement(given)
    validate_recruitment(case)
    return case.answer()


FUNCTIONS: dict[str, Function] = {
    "calculatePWDExpiration": lambda given: windows.pwd_expiration(given.get("determinationDate")),
    "calculateETA9089Expiration": lambda given: iso(
        later(_midnight(given.get("certificationDate")), windows.CERTIFICATION_LIFE)
    ),
    "calculateI140FilingDeadline": lambda given: windows.days_after(
        given.get("eta9089CertificationDate"), windows.CERTIFICATION_LIFE
    ),
    "calculateRFIDueDate": lambda given: windows.days_after(given.get("receivedDate"), windows.RFI_RESPONSE),
    "calculateJobOrderEnd": lambda given: windows.days_after(
        given.get("startDate"), windows.JOB_ORDER_LENGTH
    ),
    "getFederalHolidays": lambda given: business_days.holidays_of(given.get("year")),
    "isFederalHoliday": lambda given: business_days.is_holiday(given.get("date")),
    "isBusinessDay": lambda given: business_days.is_business_day(given.get("date")),
    "calculateNoticeOfFilingEnd": lambda given: business_days.notice_end(given.get("startDate")),
    "addBusinessDays": lambda given: business_days.add(given.get("startDate"), given.get("days")),
    "countBusinessDays": lambda given: business_days.count(given.get("startDate"), given.get("endDate")),
    "lastSundayOnOrBefore": lambda given: recruitment.last_sunday(given.get("date")),
    "calculateETA9089Window": _eta_window,
    "calculateRecruitmentEnd": _recruitment_end,
    "calculateRecruitmentDeadlines": lambda given: recruitment.deadlines(
        given.get("firstRecruitmentDate"), given.get("pwdExpirationDate")
    ),
    "calculateFilingWindow": filing.filing_window,
    "getFilingWindowStatus": _window_status,
    "calculateRecruitmentWindowCloses_window": lambda given: filing.recruitment_window(
        given.get("firstRecruitmentDate"), given.get("pwdExpirationDate")
    ),
    "getFirstRecruitmentDate": filing.first_step,
    "getLastRecruitmentDate": filing.last_step,
    "calculateDerivedDates": windows.derived,
    "calculateFilingWindowCloses": lambda given: windows.filing_closes(
        given.get("recruitmentStartDate"), given.get("pwdExpirationDate")
    ),
    "calculateFilingWindowOpens": lambda given: windows.filing_opens(given.get("recruitmentEndDate")),
    "calculateRecruitmentWindowCloses": lambda given: windows.recruitment_closes(
        given.get("recruitmentStartDate"), given.get("pwdExpirationDate")
    ),
    "addDaysToISO": lambda given: windows.add_days(given.get("date"), given.get("days", "absent")),
    "daysBetween": lambda given: windows.between(given.get("from"), given.get("to")),
    "applyCascade": _cascade,
    "calculateAutoStatus": lambda given: _pair(status.automatic(given, _now(given))),
    "isRecruitmentComplete": recruitment.is_complete,
    "validateCase": lambda given: validated(given, _now(given)).answer(),
    "validateRecruitment": _validated_recruitment,
    "isDeadlineActive": _active,
    "extractActiveDeadlines": lambda given: deadlines.extracted(_object(given, "caseData"), _today(given)),
    "checkDeadlineViolations": lambda given: deadlines.violation(_object(given, "caseData"), _today(given)),
    "determineReopenStatus": lambda given: _pair(
        status.reopened(_object(given, "caseData"), _noon(_today(given)))
    ),
}
"""v2's names. `..._window` is the window object's version of a name that v2 uses twice."""
