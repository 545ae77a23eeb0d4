"""What the browser suites are made of, without a browser: formats, CSV reader, comparison of a page."""

from __future__ import annotations

from typing import Any

import pytest

from e2e.csv_text import rows_of
from e2e.expected import csv_cell, shown_date, shown_money, shown_text
from e2e.journey import Journey, masked
from e2e.shown import BASIC, PWD, REQUESTS, Sections, compare

RFI = "Request for Information (RFI)"


@pytest.mark.parametrize(
    ("stored", "shown"),
    [("2024-01-05", "Jan 5, 2024"), ("2023-12-31", "Dec 31, 2023"), (None, "-"), ("", "-"), ("soon", "soon")],
)
def test_a_date_is_written_as_v2_writes_it(stored: str | None, shown: str) -> None:
    assert shown_date(stored) == shown


@pytest.mark.parametrize(
    ("cents", "shown"), [(8500000.0, "$85,000.00"), (0.0, "$0.00"), (1.0, "$0.01"), (None, "-")]
)
def test_money_is_written_in_dollars(cents: float | None, shown: str) -> None:
    assert shown_money(cents) == shown


def test_zero_is_shown_and_an_empty_text_is_not() -> None:
    assert (shown_text(0.0), shown_text("")) == ("0", "-")


@pytest.mark.parametrize(
    ("stored", "cell"),
    [
        (True, "true"),
        (8500000.0, "8500000"),
        (0.5, "0.5"),
        (None, ""),
        ("a,b", "a,b"),
        (1.7e12, "1700000000000"),
    ],
)
def test_a_csv_value_is_as_javascript_prints_it(stored: Any, cell: str) -> None:
    assert csv_cell(stored) == cell


def test_the_csv_reader_keeps_quotes_commas_line_feeds_and_lone_returns() -> None:
    text = 'a,b\n"1,""2""\n3",x\ry\n,'
    assert rows_of(text) == [["a", "b"], ['1,"2"\n3', "x\ry"], ["", ""]]


@pytest.mark.parametrize("text", ['a,"b', 'a,b"c"', 'a,"b"c'])
def test_a_quote_where_v2_puts_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="character 2"):
        rows_of(text)


def test_a_text_is_masked_and_two_texts_can_still_be_told_apart() -> None:
    assert masked("Somebody's employer") != masked("Somebody's employer ")
    assert "Somebody" not in masked("Somebody's employer")
    assert masked("Jan 5, 2024") == "Jan 5, 2024"


def page_of(case: dict[str, Any]) -> Sections:
    """What a page shows of a case that has an employer, a filing date, and one RFI."""
    rfi = case["rfiEntries"][0]
    return {
        BASIC: {
            "fields": [
                ["", "Employer Name", case["employerName"]],
                ["", "Position Title", case["positionTitle"]],
            ],
            "texts": [["", "PWD"], ["", "RFI/RFE"]],
        },
        PWD: {"fields": [["", "Filing Date", shown_date(case["pwdFilingDate"])]], "texts": []},
        REQUESTS: {
            "fields": [
                [RFI, "Received", shown_date(rfi["receivedDate"])],
                [RFI, "Due", shown_date(rfi["responseDueDate"])],
            ],
            "texts": [[RFI, rfi["title"]]],
        },
    }


CASE: dict[str, Any] = {
    "employerName": "Acme",
    "positionTitle": "Cook",
    "caseStatus": "pwd",
    "progressStatus": "rfi_rfe",
    "pwdFilingDate": "2025-03-03",
    "rfiEntries": [{"title": "Wage", "receivedDate": "2025-04-01", "responseDueDate": "2025-05-01"}],
}


def differing(expected: dict[str, Any], sections: Sections) -> list[str]:
    journey = Journey()
    compare(journey, "key", expected, sections)
    return [finding.field for finding in journey.findings]


def test_a_page_that_shows_the_case_has_no_findings() -> None:
    assert differing(CASE, page_of(CASE)) == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"pwdFilingDate": "2025-03-04"}, "pwdFilingDate"),
        ({"pwdFilingDate": None}, "pwdFilingDate"),
        ({"employerName": "Acme "}, "employerName"),
        ({"caseStatus": "i140"}, "caseStatus"),
        ({"i140Category": "EB-2"}, "i140Category"),
        ({"pwdWageAmount": 1.0}, "pwdWageAmount"),
        ({"recruitmentSummaryCustom": "None came."}, "recruitmentSummaryCustom"),
        ({"rfiEntries": []}, "rfiEntries (number)"),
        ({"rfiEntries": [{**CASE["rfiEntries"][0], "title": "Dates"}]}, "rfiEntries[0].title"),
        (
            {"rfiEntries": [{**CASE["rfiEntries"][0], "responseDueDate": "2025-05-02"}]},
            "rfiEntries[0].responseDueDate",
        ),
    ],
)
def test_a_page_that_differs_in_one_value_names_its_field(change: dict[str, Any], field: str) -> None:
    assert differing({**CASE, **change}, page_of(CASE)) == [field]


def test_recruitment_methods_are_looked_for_in_their_own_list() -> None:
    method = {"method": "job_fair", "date": "2025-02-01", "description": "Spring"}
    sections = page_of(CASE)
    sections["Recruitment"] = {
        "fields": [],
        "texts": [["Additional Recruitment Methods", "job fairSpringFeb 1, 2025"]],
    }
    assert differing({**CASE, "additionalRecruitmentMethods": [method]}, sections) == []
    later = {**method, "date": "2025-02-02"}
    found = differing({**CASE, "additionalRecruitmentMethods": [later]}, sections)
    assert found == ["additionalRecruitmentMethods[0].date"]
