"""The oracle's date rules: the seasons of a prevailing wage, and what can not be carried.

That the rules agree with v2's own answers is tested in test_vectors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.calendar import business_days
from checks.calendar.days import DAY, day_number, formatted
from checks.oracle import dates, status

MIDNIGHT = 1_768_435_200_000  # 2026-01-15


@pytest.mark.parametrize(
    ("determination", "expiration"),
    [
        ("2024-04-01", "2024-06-30"),
        ("2024-04-02", "2024-07-01"),
        ("2024-06-30", "2024-09-28"),
        ("2024-07-01", "2025-06-30"),
        ("2024-12-31", "2025-06-30"),
        ("2024-01-01", "2024-06-30"),
        ("2024-02-29", "2024-06-30"),
        ("0025-02-03", "0025-06-30"),
        ("0999-08-01", "1000-06-30"),
    ],
)
def test_a_prevailing_wage_expires_by_the_season_of_its_determination(
    determination: str, expiration: str
) -> None:
    assert dates.pwd_expiration(determination) == expiration


@pytest.mark.parametrize("rule", [dates.pwd_expiration, dates.eta_expiration, dates.rfi_due])
def test_a_day_beyond_the_last_year_is_an_overflow(rule: Callable[[str], str]) -> None:
    with pytest.raises(OverflowError):
        rule("9999-12-31")


@pytest.mark.parametrize("rule", [dates.pwd_expiration, dates.eta_expiration, dates.rfi_due])
@pytest.mark.parametrize("text", ["", "2024-02-30", "20240630", "2024-06-30T00:00:00Z", "infinity"])
def test_what_is_no_day_is_refused(rule: Callable[[str], str], text: str) -> None:
    with pytest.raises(ValueError, match="not a date"):
        rule(text)


def test_a_derived_date_beyond_the_last_year_is_an_overflow() -> None:
    with pytest.raises(OverflowError):
        dates.derived({"jobOrderEndDate": "9999-12-31"})


def test_derived_dates_without_their_inputs_are_left_out() -> None:
    assert dates.derived({"jobOrderStartDate": "2024-01-10", "sundayAdFirstDate": ""}) == {
        "recruitmentStartDate": "2024-01-10",
        "filingWindowCloses": "2024-07-08",
        "recruitmentWindowCloses": "2024-06-08",
    }


@pytest.mark.parametrize("methods", ["text", [None], {"date": "2024-01-01"}])
def test_a_document_that_v2_can_not_read_has_no_derived_date_and_no_status(methods: Any) -> None:
    case = {
        **dict.fromkeys(("sundayAdFirstDate", "sundayAdSecondDate"), "2024-01-07"),
        **dict.fromkeys(("jobOrderStartDate", "jobOrderEndDate"), "2024-01-07"),
        **dict.fromkeys(("noticeOfFilingStartDate", "noticeOfFilingEndDate"), "2024-01-07"),
        "pwdDeterminationDate": "2024-01-01",
        "isProfessionalOccupation": True,
        "additionalRecruitmentMethods": methods,
    }
    assert dates.derived(case) == {}
    assert status.auto(case, MIDNIGHT) == ("", "")


def test_the_window_opens_at_the_midnight_that_follows_thirty_days() -> None:
    case = {
        **dict.fromkeys(("sundayAdFirstDate", "sundayAdSecondDate"), "2025-12-07"),
        **dict.fromkeys(("jobOrderStartDate", "noticeOfFilingStartDate"), "2025-12-01"),
        **dict.fromkeys(("jobOrderEndDate", "noticeOfFilingEndDate"), "2025-12-16"),
        "pwdDeterminationDate": "2025-06-01",
    }
    assert status.auto(case, MIDNIGHT) == ("eta9089", "working")
    assert status.auto(case, MIDNIGHT - 1) == ("recruitment", "filed")


FIRST, LAST = day_number(-3, 1, 1), day_number(10_003, 1, 1)


@settings(derandomize=True, deadline=None)
@given(st.sampled_from([FIRST, day_number(990, 1, 1), day_number(1990, 1, 1), LAST - 3000]), st.data())
def test_business_days_are_those_that_one_counts_on_one_s_fingers(around: int, data: st.DataObject) -> None:
    start = around + data.draw(st.integers(0, 4000))
    end = start + data.draw(st.integers(-5, 1500))
    one_by_one = sum(business_days.is_business_day(formatted(day * DAY)) for day in range(start, end + 1))
    assert business_days.counted(start * DAY, end * DAY) == one_by_one


def test_a_mistyped_year_is_counted_in_no_time() -> None:
    """Day by day, two thousand years took a minute."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(business_days, "is_business_day", None)
        assert business_days.count("0025-11-03", "2025-11-14") == 510_643
