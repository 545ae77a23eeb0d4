"""The checks' date rules agree with the public vectors of what v2's own code answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson
import pytest

from checks.facts import FOLDER
from checks.oracle import dates, status

Answer = Callable[[dict[str, Any]], Any]


def _none_for_missing(case: dict[str, Any]) -> dict[str, str | None]:
    found = dates.derived(case)
    return {field: found.get(field) for field in dates.DERIVED}


def _status(case: dict[str, Any]) -> dict[str, str]:
    now = round(datetime.fromisoformat(case["now"]).timestamp() * 1000)
    return dict(zip(("caseStatus", "progressStatus"), status.auto(case, now), strict=True))


def _closes(case: dict[str, Any], field: str) -> str | None:
    start = case["recruitmentStartDate"]
    return dates.derived({**case, "sundayAdFirstDate": start}).get(field)


FUNCTIONS: dict[str, Answer] = {
    "calculatePWDExpiration": lambda given: dates.pwd_expiration(given["determinationDate"]),
    "calculateDerivedDates": _none_for_missing,
    "calculateAutoStatus": _status,
    "isRecruitmentComplete": status.recruitment_complete,
    "addDaysToISO": lambda given: dates.plus(given["date"], given["days"]),
    "daysBetween": lambda given: dates.between(given["from"], given["to"]),
    "calculateFilingWindowCloses": lambda given: _closes(given, "filingWindowCloses"),
    "calculateRecruitmentWindowCloses": lambda given: _closes(given, "recruitmentWindowCloses"),
    "calculateFilingWindowOpens": lambda given: dates.derived(
        {"jobOrderEndDate": given["recruitmentEndDate"]}
    ).get("filingWindowOpens"),
    "calculateETA9089Expiration": lambda given: dates.eta_expiration(given["certificationDate"]),
    "calculateI140FilingDeadline": lambda given: dates.eta_expiration(given["eta9089CertificationDate"]),
    "calculateRFIDueDate": lambda given: dates.rfi_due(given["receivedDate"]),
}
ONLY_IN_THE_APP = {
    # date-fns also reads basic ISO and full timestamps; no such text can come out of a v1 date column
    ("calculateRFIDueDate", "20240630"),
    ("calculateI140FilingDeadline", "20240630"),
}


def _vectors() -> list[Any]:
    lines = (FOLDER / "date_vectors.jsonl").read_bytes().splitlines()
    return [vector for vector in map(orjson.loads, lines) if vector["fn"] in FUNCTIONS]


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_the_rule_agrees_with_every_vector_of_the_app(name: str) -> None:
    answered = 0
    for vector in _vectors():
        given = vector["input"]
        if vector["fn"] != name or (name, next(iter(given.values()), None)) in ONLY_IN_THE_APP:
            continue
        if isinstance(vector["expected"], dict) and "$throws" in vector["expected"]:
            with pytest.raises(ValueError, match=r"date|shape|month"):
                FUNCTIONS[name](given)
        else:
            assert FUNCTIONS[name](given) == vector["expected"], vector
        answered += 1
    assert answered > 0


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
    ],
)
def test_a_prevailing_wage_expires_by_the_season_of_its_determination(
    determination: str, expiration: str
) -> None:
    assert dates.pwd_expiration(determination) == expiration


def test_a_day_beyond_the_last_year_is_an_overflow() -> None:
    with pytest.raises(OverflowError):
        dates.plus("9999-12-31", 1)
