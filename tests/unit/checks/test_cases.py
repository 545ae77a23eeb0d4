"""A case document by the rules of decision 0001, one rule a test."""

from __future__ import annotations

from typing import Any

import pytest

from checks.oracle import cases, status
from checks.oracle.rules import UNREADABLE, Rejected
from migration.model import Class
from tests.unit.checks.material import CREATED, NOW, case_row, doc_id, key

OWNER = doc_id("users", 1)


def _document(**columns: Any) -> dict[str, Any]:
    return cases.expected(case_row(1, **columns), [], [], owner=OWNER, number=10004, clock_ms=NOW).document


def _remarks(**columns: Any) -> list[tuple[str, Class, str]]:
    found = cases.expected(case_row(1, **columns), [], [], owner=OWNER, number=10004, clock_ms=NOW).remarks
    return [(remark.field, remark.cls, remark.rule) for remark in found]


def test_ids_owner_and_times_come_from_the_row() -> None:
    document = _document(updated_at=CREATED + 1, deleted_at=CREATED + 2)
    assert document["_id"] == doc_id("cases", 1)
    assert (document["legacyId"], document["legacyUserId"], document["userId"]) == (key(1), key(1), OWNER)
    assert document["_creationTime"] == document["createdAt"] == float(CREATED)
    assert (document["updatedAt"], document["deletedAt"]) == (CREATED + 1.0, CREATED + 2.0)


def test_a_live_case_has_no_deleted_at() -> None:
    assert "deletedAt" not in _document(deleted_at=None)


@pytest.mark.parametrize(("value", "kept"), [("", False), (None, False), (" ", True), ("x ", True)])
def test_optional_text_is_absent_exactly_when_empty(value: str | None, kept: bool) -> None:
    document = _document(job_title=value)
    assert document.get("jobTitle", None) == (value if kept else None)
    assert ("jobTitle" in document) is kept


def test_an_empty_required_name_is_carried_and_inherited() -> None:
    assert _document(employer_name="")["employerName"] == ""
    assert _document(employer_name=None)["employerName"] == ""
    assert ("employerName", Class.INHERITED, "empty_required_name") in _remarks(employer_name="")


def test_a_required_name_that_a_worn_database_lost_is_carried_as_empty() -> None:
    assert _document(employer_name=None)["employerName"] == ""


@pytest.mark.parametrize(
    ("dollars", "cents"),
    [("0.00", 0.0), ("85000.00", 8500000.0), ("0.29", 29.0), ("99999999.99", 9999999999.0), ("1.10", 110.0)],
)
def test_money_is_exact_cents(dollars: str, cents: float) -> None:
    assert _document(pwd_wage_amount=dollars)["pwdWageAmount"] == cents


@pytest.mark.parametrize("amount", ["NaN", "Infinity"])
def test_money_that_is_none_refuses_the_row(amount: str) -> None:
    with pytest.raises(Rejected, match="unreadable_row"):
        _document(pwd_wage_amount=amount)


@pytest.mark.parametrize("date", ["infinity", "0044-03-15 BC", "10000-01-01"])
def test_a_date_that_v2_can_not_hold_refuses_the_row(date: str) -> None:
    with pytest.raises(Rejected, match="impossible_date"):
        _document(pwd_filing_date=date)


@pytest.mark.parametrize("moment", ["infinity", -62_135_596_800_001, 253_402_300_800_000])
def test_an_instant_outside_the_years_that_v2_can_hold_refuses_the_row(moment: object) -> None:
    with pytest.raises(Rejected, match="impossible_date"):
        _document(updated_at=moment)


def test_the_first_and_the_last_instant_that_v2_can_hold_are_carried() -> None:
    for moment in (-62_135_596_800_000, 253_402_300_799_999):
        assert _document(updated_at=moment)["updatedAt"] == float(moment)


def test_a_row_with_a_number_beyond_float64_is_refused() -> None:
    with pytest.raises(Rejected, match="unreadable_row"):
        _document(**{UNREADABLE: True})


@pytest.mark.parametrize("created", [None, 0, -1, "infinity"])
def test_a_row_without_a_usable_time_is_refused(created: object) -> None:
    with pytest.raises(Rejected, match="impossible_date"):
        _document(created_at=created)


def test_a_missing_expiration_is_computed_and_a_wrong_one_kept() -> None:
    assert _document(pwd_determination_date="2024-04-02")["pwdExpirationDate"] == "2024-07-01"
    wrong = _document(pwd_determination_date="2024-04-02", pwd_expiration_date="2024-06-30")
    assert wrong["pwdExpirationDate"] == "2024-06-30"
    assert _document(eta9089_certification_date="2024-02-29")["eta9089ExpirationDate"] == "2024-08-27"


def test_derived_dates_follow_the_migrated_ones() -> None:
    document = _document(
        sunday_ad_first_date="2024-01-07", job_order_end_date="2024-03-01", pwd_expiration_date="2024-06-30"
    )
    assert document["recruitmentStartDate"] == "2024-01-07"
    assert document["filingWindowOpens"] == "2024-03-31"
    assert document["filingWindowCloses"] == "2024-06-30"
    assert document["recruitmentWindowCloses"] == "2024-05-31"


def test_additional_dates_count_for_professional_occupations_only() -> None:
    dates = {"job_order_end_date": "2024-03-01", "additional_recruitment_end_date": "2024-04-01"}
    assert _document(**dates)["recruitmentEndDate"] == "2024-03-01"
    assert _document(**dates, is_professional_occupation=True)["recruitmentEndDate"] == "2024-04-01"


@pytest.mark.parametrize("word", status.WORDS)
def test_every_word_of_v1_has_one_status(word: str) -> None:
    document = _document(case_status=f" {word.upper()} ")
    assert (document["caseStatus"], document.get("closureReason")) == status.WORDS[word]
    assert ("closedAt" in document) == (document["caseStatus"] == "closed")


def test_an_unknown_word_refuses_the_row() -> None:
    with pytest.raises(Rejected, match="unknown_case_status"):
        _document(case_status="RFE")


@pytest.mark.parametrize(
    ("columns", "progress"),
    [
        ({"rfi_received_date": "2024-05-01", "progress_status": "Filed"}, "rfi_rfe"),
        ({"rfe_received_date": "2024-05-01", "case_status": "Closed"}, "working"),
        ({"rfi_received_date": "2024-05-01", "rfi_response_submitted_date": "2024-05-02"}, "working"),
        ({"progress_status": " Waiting PERIOD "}, "waiting_intake"),
        ({"progress_status": "  ", "case_status": "I-140 Approved"}, "approved"),
        ({"case_status": "PWD Approved"}, "working"),
        ({"case_status": "ETA 9089 Audit"}, "under_review"),
        ({"case_status": "Complete"}, "approved"),
        ({"case_status": "I-140 Filed"}, "filed"),
        ({"progress_status": "Odd"}, "working"),
    ],
)
def test_progress_is_the_first_rule_that_applies(columns: dict[str, Any], progress: str) -> None:
    assert _document(**columns)["progressStatus"] == progress


def test_an_unknown_progress_text_is_kept_in_a_note_and_declared() -> None:
    assert _document(progress_status="Odd")["notes"][0]["content"] == "Progress in v1: Odd"
    assert ("progressStatus", Class.DECLARED, "unknown_progress_text") in _remarks(progress_status="Odd")


def test_an_open_rfi_hides_an_unknown_text_without_a_note() -> None:
    assert "notes" not in _document(progress_status="Odd", rfi_received_date="2024-05-01")


def test_the_override_is_set_only_where_v2_would_say_otherwise() -> None:
    assert "progressStatusOverride" not in _document(case_status="PWD")
    assert _document(case_status="Closed")["progressStatusOverride"] is True
    assert _document(case_status="Recruitment")["progressStatusOverride"] is True


@pytest.mark.parametrize(
    ("value", "kept", "declared"), [(None, "normal", 0), ("medium", "normal", 1), ("high", "high", 0)]
)
def test_priority_is_one_of_v2s_words(value: str | None, kept: str, declared: int) -> None:
    assert _document(priority_level=value)["priorityLevel"] == kept
    assert len(_remarks(priority_level=value)) == declared


def test_flags_that_are_not_set_have_their_defaults() -> None:
    document = _document(is_favorite=None, calendar_sync_enabled=None)
    assert (document["isFavorite"], document["calendarSyncEnabled"], document["showOnTimeline"]) == (
        False,
        True,
        True,
    )
    assert document["rfiEntries"] == document["rfeEntries"] == document["documents"] == document["tags"] == []
