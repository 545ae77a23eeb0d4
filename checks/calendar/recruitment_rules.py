"""V-REC-01 to 12: Sunday ads, job order and notice of filing (20 CFR 656.17(e)(1)(i), (d), 656.10(d))."""

from __future__ import annotations

from checks.calendar import business_days
from checks.calendar.days import DAY, SUNDAY, full_days, weekday
from checks.calendar.judgement import Judgement
from checks.calendar.windows import JOB_ORDER_LENGTH

FIRST, SECOND = "sunday_ad_first_date", "sunday_ad_second_date"
ORDER, ORDER_END = "job_order_start_date", "job_order_end_date"
NOTICE, NOTICE_END = "notice_of_filing_start_date", "notice_of_filing_end_date"


def validate_recruitment(case: Judgement) -> None:
    """`validateRecruitment`. The earlier values (`previous_...`) are given only where v2 asks for them."""
    given = case.given
    for rule, ad in (("V-REC-01", FIRST), ("V-REC-02", SECOND)):
        if ad in given and case.valid(rule, ad) and weekday((case.instant(ad) or 0) // DAY) != SUNDAY:
            case.error(rule, ad)
    if FIRST in given and SECOND in given:
        case.ordered("V-REC-03", FIRST, SECOND, blamed=SECOND, checked=())
    if ORDER in given and ORDER_END in given:
        case.ordered("V-REC-04", ORDER, ORDER_END, blamed=ORDER_END, checked=(ORDER, ORDER_END))
        days = full_days(case.instant(ORDER), case.instant(ORDER_END))
        if days is not None and days < JOB_ORDER_LENGTH:
            case.error("V-REC-05", ORDER_END)
    _notice(case)
    for rule, end in (("V-REC-11", NOTICE_END), ("V-REC-12", ORDER_END)):
        before = f"previous_{end}"
        if before in given and end in given and case[before] != case[end] and case.after(before, end):
            case.error(rule, end)


def _notice(case: Judgement) -> None:
    given = case.given
    if NOTICE in given and NOTICE_END in given:
        case.ordered("V-REC-06", NOTICE, NOTICE_END, blamed=NOTICE_END, checked=(NOTICE, NOTICE_END))
        posted = business_days.count(case[NOTICE], case[NOTICE_END])
        if posted < business_days.NOTICE_DAYS:
            case.error("V-REC-07", NOTICE_END)
            if posted > 0:
                case.warn("V-REC-10", NOTICE_END)
    elif NOTICE in given:
        case.error("V-REC-08", NOTICE_END)
    elif NOTICE_END in given:
        case.error("V-REC-09", NOTICE)
