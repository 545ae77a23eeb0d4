"""The checks' 35 date functions agree with what v2's own code answered, and never end in a traceback."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from checks.calendar.functions import FUNCTIONS, answered
from checks.dates_cli import DEFAULT
from fixtures.vectors import Vector, exactly, read

PUBLIC = list(read(DEFAULT))
ERRORS = {"Error", "RangeError", "TypeError"}


def vectors_of(fn: str) -> list[Vector]:
    """The public vectors of one function."""
    return [vector for vector in PUBLIC if vector.fn == fn]


def test_every_function_of_the_public_vectors_is_there_and_no_other() -> None:
    assert {vector.fn for vector in PUBLIC} == set(FUNCTIONS)
    assert (len(FUNCTIONS), len(PUBLIC)) == (35, 1360)


@pytest.mark.parametrize("fn", sorted(FUNCTIONS))
def test_the_function_answers_what_the_app_answered(fn: str) -> None:
    wrong = [
        (vector.line, got)
        for vector in vectors_of(fn)
        if not exactly(vector.expected, got := answered(FUNCTIONS[fn], vector.given))
    ]
    assert wrong == []


TEXTS = some.sampled_from(
    [
        *(
            "",
            "bad",
            "2024-02-30",
            "2024-6-1",
            "20240630",
            "06/30/2024",
            "2024-06-30T23:30:00-05:00",
            "2024-W27",
        ),
        *(
            "2024-06-30 ",
            "0001-01-01",
            "9999-12-31",
            "2024-13-45",
            "+010000-01-01",
            "\ud800",
            "\uff12\uff10\uff12\uff14-01-01",
        ),
    ]
)
JSON = some.recursive(
    TEXTS | some.none() | some.booleans() | some.integers(-400, 400) | some.dates().map(str) | some.text(),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=3), inner, max_size=3),
    max_leaves=4,
)


def spoiled(given_input: Mapping[str, Any], draw: Any) -> Any:
    """A vector's input with some of its values replaced and some of its keys gone."""
    kept: dict[str, Any] = {}
    for key, value in given_input.items():
        fate = draw(some.integers(0, 5))
        if fate == 0:
            continue
        if fate == 1:
            kept[key] = draw(JSON)
        elif isinstance(value, dict):
            kept[key] = spoiled(value, draw)
        elif isinstance(value, list):
            kept[key] = [spoiled(each, draw) if isinstance(each, dict) else each for each in value]
        else:
            kept[key] = value
    return kept


@pytest.mark.parametrize("fn", sorted(FUNCTIONS))
@settings(max_examples=60, deadline=None, derandomize=True)
@given(data=some.data())
def test_whatever_the_input_there_is_an_answer_or_a_named_error(fn: str, data: some.DataObject) -> None:
    vector = data.draw(some.sampled_from(vectors_of(fn)))
    got = answered(FUNCTIONS[fn], spoiled(vector.given, data.draw))
    if isinstance(got, dict) and "$throws" in got:
        assert got["$throws"] in ERRORS


@pytest.mark.parametrize(
    ("fn", "given_input", "expected"),
    [
        ("calculatePWDExpiration", {"determinationDate": None}, {"$throws": "Error"}),
        ("calculatePWDExpiration", {}, {"$throws": "Error"}),
        ("calculatePWDExpiration", {"determinationDate": "2024-06-30T00:00:00Z"}, {"$throws": "Error"}),
        ("calculateRFIDueDate", {"receivedDate": None}, {"$throws": "TypeError"}),
        ("calculateRFIDueDate", {"receivedDate": "2024-12-15T23:30:00-05:00"}, "2025-01-15"),
        ("calculateI140FilingDeadline", {"eta9089CertificationDate": "2024-W27-1"}, "2024-12-28"),
        ("calculateJobOrderEnd", {"startDate": "2024-060"}, "2024-03-30"),
        ("lastSundayOnOrBefore", {"date": "2024-01-14T08:00:00Z"}, "2024-01-14T08:00:00Z"),
        ("lastSundayOnOrBefore", {"date": "2024-02-30"}, {"$throws": "RangeError"}),
        ("addDaysToISO", {"date": "9999-12-31", "days": 1}, "+010000-01-01"),
        ("addDaysToISO", {"date": "2024-13-01", "days": 0}, "2025-01-01"),
        ("daysBetween", {"from": "2024-02-30", "to": "2024-03-01"}, 0),
        ("daysBetween", {"from": "2024-03-01", "to": None}, {"$throws": "Error"}),
        ("isBusinessDay", {"date": "2021-12-31"}, True),
        ("isBusinessDay", {"date": "bad"}, True),
        ("isFederalHoliday", {"date": "2021-12-31"}, False),
        ("countBusinessDays", {"startDate": "bad", "endDate": "2024-01-05"}, 0),
        ("countBusinessDays", {"startDate": "2024-01-05", "endDate": "2024-01-04"}, 0),
        ("addBusinessDays", {"startDate": "bad", "days": 0}, {"$throws": "RangeError"}),
        ("getFirstRecruitmentDate", {"sundayAdFirstDate": "2024-02-30"}, "2024-03-01"),
        ("getFirstRecruitmentDate", {"sundayAdFirstDate": "bad"}, None),
        (
            "isDeadlineActive",
            {"deadlineType": "rfi_due", "caseData": {"caseStatus": "pwd", "deletedAt": None}},
            {"isActive": False, "supersededReason": "Case is deleted"},
        ),
        (
            "isDeadlineActive",
            {"deadlineType": "pwd_expiration", "caseData": {"caseStatus": "pwd", "pwdExpirationDate": ""}},
            {"isActive": False, "supersededReason": "No date set for this deadline"},
        ),
        (
            "validateCase",
            {"rfi_received_date": "2024-02-30", "rfi_due_date": "2024-03-31"},
            {"$throws": "RangeError"},
        ),
        (
            "validateCase",
            {"pwd_filing_date": "bad", "pwd_determination_date": "2024-01-05"},
            {"valid": False, "errors": [["V-PWD-01", "pwd_filing_date"]], "warnings": []},
        ),
        (
            "applyCascade",
            {
                "state": {"job_order_end_date": None, "job_order_start_date": None},
                "change": {"field": "job_order_start_date", "value": "bad"},
            },
            {"$throws": "RangeError"},
        ),
    ],
)
def test_bad_input_ends_as_in_the_app(fn: str, given_input: Mapping[str, Any], expected: Any) -> None:
    assert answered(FUNCTIONS[fn], given_input) == expected
