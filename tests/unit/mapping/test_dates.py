"""v2's date rules, against the vectors that v2's own code produced."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.oracle import dates
from migration.mapping.dates import (
    add_days,
    day,
    days_after,
    derived_dates,
    eta9089_expiration,
    is_day,
    last_recruitment,
    pwd_expiration,
    rfi_due,
)
from migration.mapping.fields import Unmappable
from migration.mapping.instants import loose
from migration.mapping.status import auto_status, recruitment_complete
from tests.unit.mapping.shapes import FACTS

Input = dict[str, Any]


def _status(case: Input) -> dict[str, str]:
    now = loose(case["now"])
    assert now is not None
    shown = auto_status(case, now)
    return {"caseStatus": shown.case, "progressStatus": shown.progress}


OURS: dict[str, Callable[[Input], Any]] = {
    "calculatePWDExpiration": lambda case: pwd_expiration(case["determinationDate"]),
    "calculateETA9089Expiration": lambda case: eta9089_expiration(case["certificationDate"]),
    "calculateRFIDueDate": lambda case: rfi_due(case["receivedDate"]),
    "addDaysToISO": lambda case: add_days(case["date"], case["days"]),
    "calculateDerivedDates": derived_dates,
    "getLastRecruitmentDate": last_recruitment,
    "isRecruitmentComplete": recruitment_complete,
    "calculateAutoStatus": _status,
}
DAYS_ONLY = {"calculateETA9089Expiration", "calculateRFIDueDate"}
"""v2 reads times and compact dates here too; the mapping only ever has days."""


def _vectors() -> list[tuple[str, Input, Any]]:
    lines = (FACTS / "date_vectors.jsonl").read_bytes().splitlines()
    vectors = [(one["fn"], one["input"], one["expected"]) for one in map(orjson.loads, lines)]
    return [
        (function, case, expected)
        for function, case, expected in vectors
        if function in OURS and (function not in DAYS_ONLY or all(is_day(text) for text in case.values()))
    ]


VECTORS = _vectors()


@pytest.mark.parametrize("function", OURS)
def test_every_vector_of_v2_comes_out_the_same(function: str) -> None:
    mine = [(case, expected) for name, case, expected in VECTORS if name == function]
    assert len(mine) >= 6
    assert [(case, expected) for case, expected in mine if not _agrees(function, case, expected)] == []


def _agrees(function: str, case: Input, expected: Any) -> bool:
    if isinstance(expected, dict) and "$throws" in expected:
        with pytest.raises(ValueError, match="not a day"):
            OURS[function](case)
        return True
    return bool(OURS[function](case) == expected)


@pytest.mark.parametrize(
    ("determined", "expires"),
    [
        ("2024-04-01", "2024-06-30"),
        ("2024-04-02", "2024-07-01"),
        ("2024-06-30", "2024-09-28"),
        ("2024-07-01", "2025-06-30"),
        ("2024-12-31", "2025-06-30"),
        ("2024-02-29", "2024-06-30"),
        ("0025-02-03", "0025-06-30"),
        ("0999-08-01", "1000-06-30"),
    ],
)
def test_a_wage_determination_expires_by_the_regulation(determined: str, expires: str) -> None:
    assert pwd_expiration(determined) == expires


@given(st.dates(max_value=date(9998, 12, 31)))
def test_a_determination_is_valid_for_ninety_days_to_a_year(determined: date) -> None:
    length = date.fromisoformat(pwd_expiration(determined.isoformat())) - determined
    assert timedelta(90) <= length <= timedelta(365)


@given(st.dates(), st.integers(-400, 400))
def test_adding_days_is_the_calendar_s_own_arithmetic(start: date, days: int) -> None:
    try:
        expected = (start + timedelta(days)).isoformat()
    except OverflowError:
        with pytest.raises(Unmappable):
            days_after(start.isoformat(), days)
    else:
        assert days_after(start.isoformat(), days) == expected
        assert start.year < 100 or add_days(start.isoformat(), days) == expected


def test_a_year_of_two_digits_is_one_of_the_twentieth_century_to_the_server_alone() -> None:
    assert add_days("0025-11-16", 180) == "1926-05-15"  # new Date(Date.UTC(25, 10, 16 + 180))
    assert eta9089_expiration("0025-11-16") == "0026-05-15"
    found = derived_dates({"jobOrderStartDate": "0025-11-16", "pwdExpirationDate": "2026-06-30"})
    assert found["recruitmentStartDate"] == "0025-11-16"
    assert found["filingWindowCloses"] == "1926-05-15"


DAY = st.none() | st.sampled_from([2, 25, 99, 100, 1925, 1926, 2025]).flatmap(
    lambda year: st.dates(date(year, 1, 1), date(year, 12, 31)).map(date.isoformat)
)


WINDOW = (
    *("sundayAdFirstDate", "sundayAdSecondDate", "jobOrderStartDate", "jobOrderEndDate"),
    *("noticeOfFilingStartDate", "noticeOfFilingEndDate", "pwdExpirationDate"),
)


@settings(derandomize=True)
@given(st.fixed_dictionaries(dict.fromkeys(WINDOW, DAY)))
def test_derived_dates_are_those_of_the_checks_own_calendar_in_every_century(
    case: dict[str, str | None],
) -> None:
    ours = {name: text for name, text in derived_dates(case).items() if text}
    assert ours == dates.derived({name: text for name, text in case.items() if text})


@pytest.mark.parametrize(
    "text", ["infinity", "-infinity", "0044-03-15 BC", "10000-01-01", "2024-02-30", "", "20240630"]
)
def test_a_date_outside_the_calendar_is_set_aside(text: str) -> None:
    with pytest.raises(Unmappable, match="impossible_date"):
        day(text)


@pytest.mark.parametrize("compute", [pwd_expiration, eta9089_expiration, rfi_due])
def test_a_computed_date_after_the_last_year_is_set_aside(compute: Callable[[str], str]) -> None:
    with pytest.raises(Unmappable, match="impossible_date"):
        compute("9999-12-31")
