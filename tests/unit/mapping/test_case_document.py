"""A case document as a whole: plain fields, dates that follow from others, and nothing in many spellings."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from migration.ids import encode
from migration.mapping.cases import FIELDS, READS, case_document
from migration.mapping.entries import from_row
from migration.mapping.fields import Document, Unmappable
from migration.mapping.names import uuid_bytes
from tests.unit.mapping.shapes import faults
from tests.unit.mapping.support import CLOCK_MS, MADE, MADE_MS, NUMBERS, Row, case, request, user_id, uuid

FULL = case(
    case_number="2025-001",
    internal_case_number="I-1",
    employer_name="O'Neil \"Acme\" \\ Söhne",
    employer_fein="12-3456789",
    beneficiary_identifier="BEN-0a1b2c3d",
    position_title="Engineer\n(Senior)",
    job_title="Dev",
    soc_code="15-1252",
    soc_title="Software Developers",
    job_order_state="California",
    case_status="I-140 Filed",
    progress_status="Under review",
    pwd_filing_date="2023-01-05",
    pwd_determination_date="2023-06-30",
    pwd_expiration_date="2023-09-28",
    pwd_case_number="P-100-1",
    pwd_wage_amount="85000.00",
    pwd_wage_level="II",
    job_order_start_date="2023-07-03",
    job_order_end_date="2023-08-02",
    sunday_ad_first_date="2023-07-09",
    sunday_ad_second_date="2023-07-16",
    sunday_ad_newspaper="Daily",
    notice_of_filing_start_date="2023-07-03",
    notice_of_filing_end_date="2023-07-18",
    additional_recruitment_start_date="2023-07-05",
    additional_recruitment_end_date="2023-08-10",
    additional_recruitment_methods='[{"type":"job_fair","dates":["2023-08-01","2023-08-08"],"outlet":"Hall"}]',
    recruitment_notes="  two spaces kept",
    recruitment_applicants_count=3,
    recruitment_summary_custom="custom",
    recruitment_end_date="2023-08-02",
    is_professional_occupation=True,
    eta9089_filing_date="2023-09-15",
    eta9089_audit_date="2023-10-01",
    eta9089_certification_date="2024-02-29",
    eta9089_expiration_date=None,
    eta9089_case_number="A-1",
    rfi_received_date="2023-11-01",
    rfi_response_due_date=None,
    rfi_response_submitted_date="2023-11-20",
    rfi_notes="answered",
    rfe_list=[{"title": "Pay", "received_date": "2024-05-01", "response_submitted_date": "2024-06-01"}],
    i140_filing_date="2024-03-10",
    i140_receipt_date="2024-03-15",
    i140_receipt_number="SRC2412345678",
    i140_approval_date=None,
    i140_denial_date=None,
    priority_level="urgent",
    is_favorite=True,
    notes="line one | line two\n👩‍👩‍👧 \u202ertl",
    tags=["a", "", None, "b c"],
    documents=[{"id": 1, "name": "pwd.pdf", "type": "pwd", "url": "https://x.test/pwd.pdf"}],
    calendar_event_ids={"pwd_expiration": "ev1"},
    calendar_sync_enabled=False,
    deleted_at="2025-05-05T05:05:05.555555+00:00",
)  # fmt: skip


def _mapped(rfi: list[Row] = [], **columns: Any) -> Document:  # noqa: B006 - read only
    return case_document(case(**columns), [from_row(row) for row in rfi], [], CLOCK_MS, Counter())


def _faults(document: Document) -> list[str]:
    links = {"_id": encode(NUMBERS["cases"], uuid_bytes(uuid(1, "c"))), "userId": user_id(1)}
    return faults("cases", {**links, **document}, NUMBERS)


def test_a_full_case_becomes_this_document(snapshot: SnapshotAssertion) -> None:
    document = case_document(
        FULL,
        [from_row(request(title="Audit", notes="n", received_date="2023-11-01"))],
        [],
        CLOCK_MS,
        Counter(),
    )
    assert _faults(document) == []
    assert dict(sorted(document.items())) == snapshot


def test_a_bare_case_becomes_this_document(snapshot: SnapshotAssertion) -> None:
    document = _mapped()
    assert _faults(document) == []
    assert dict(sorted(document.items())) == snapshot


def test_every_column_is_read_and_no_other() -> None:
    class Watched(dict[str, Any]):
        def __init__(self, row: dict[str, Any]) -> None:
            super().__init__(row)
            self.asked: set[str] = set()

        def get(self, key: str, default: Any = None) -> Any:
            self.asked.add(key)
            return super().get(key, default)

    row = Watched(FULL)
    case_document(row, [], [], CLOCK_MS, Counter())
    assert row.asked == READS


def test_a_case_with_only_what_it_can_not_lack_maps() -> None:
    row = {"id": uuid(1, "c"), "user_id": uuid(1), "case_status": "PWD", "created_at": MADE}
    document = case_document(row, [], [], CLOCK_MS, Counter())
    assert _faults(document) == []
    assert (document["employerName"], document["updatedAt"]) == ("", MADE_MS)


@pytest.mark.parametrize(
    "field", [field for field in FIELDS if field.default is None], ids=lambda one: one.target
)
def test_null_leaves_an_optional_field_out(field: Any) -> None:
    row = {**case(), **({field.column: None} if field.column not in ("id", "user_id") else {})}
    document = case_document(row, [], [], CLOCK_MS, Counter())
    assert None not in document.values()
    if field.column not in row or row[field.column] is None:
        assert field.target == "updatedAt" or field.target not in document


def test_creation_is_floored_and_stands_in_both_places() -> None:
    document = _mapped(created_at="2025-03-04T05:06:07.891999+00:00")
    assert document["_creationTime"] == document["createdAt"] == 1741064767891.0


def test_a_soft_deleted_case_keeps_its_time_and_a_living_one_has_no_key() -> None:
    assert _mapped(deleted_at="2025-03-04T05:06:07.999999+00:00")["deletedAt"] == 1741064767999.0
    assert "deletedAt" not in _mapped(deleted_at=None)


@pytest.mark.parametrize(
    ("level", "expected"),
    [("low", "low"), ("urgent", "urgent"), ("medium", "normal"), ("HIGH", "normal"), (None, "normal")],
)
def test_priority_levels_that_v2_lacks_are_normal(level: str | None, expected: str) -> None:
    assert _mapped(priority_level=level)["priorityLevel"] == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, []), ([], []), (["a", None, "b"], ["a", "b"]), (["", 5], ["", "5"]), ("one", ["one"]), ("", [])],
)
def test_tags_are_the_elements_as_text(value: Any, expected: list[str]) -> None:
    assert _mapped(tags=value)["tags"] == expected


def test_flags_without_a_value_take_their_defaults() -> None:
    document = _mapped(is_favorite=None, is_professional_occupation=None, calendar_sync_enabled=None)
    assert (document["isFavorite"], document["isProfessionalOccupation"]) == (False, False)
    assert (document["calendarSyncEnabled"], document["showOnTimeline"]) == (True, True)
    assert "isPinned" not in document


def test_expirations_are_computed_when_v1_left_them_out() -> None:
    document = _mapped(pwd_determination_date="2024-04-02", eta9089_certification_date="2024-02-29")
    assert document["pwdExpirationDate"] == "2024-07-01"
    assert document["eta9089ExpirationDate"] == "2024-08-27"


def test_expirations_that_break_their_rule_are_kept_and_used() -> None:
    document = _mapped(
        pwd_determination_date="2024-04-02",
        pwd_expiration_date="2024-06-01",
        job_order_start_date="2024-05-01",
    )
    assert document["pwdExpirationDate"] == document["filingWindowCloses"] == "2024-06-01"
    assert document["recruitmentWindowCloses"] == "2024-05-02"


def test_method_dates_move_the_window_of_a_professional_case_only() -> None:
    columns: Row = {
        "job_order_end_date": "2024-05-01",
        "additional_recruitment_methods": '[{"type":"a","date":"2024-06-01"}]',
    }
    assert _mapped(**columns)["filingWindowOpens"] == "2024-05-31"
    assert _mapped(**columns, is_professional_occupation=True)["filingWindowOpens"] == "2024-07-01"


def test_derived_dates_without_a_base_are_absent() -> None:
    names = (
        "recruitmentStartDate",
        "recruitmentEndDate",
        "filingWindowOpens",
        "filingWindowCloses",
        "recruitmentWindowCloses",
    )
    assert not any(name in _mapped(recruitment_end_date="2024-01-01") for name in names)


def test_an_impossible_date_names_its_column() -> None:
    with pytest.raises(Unmappable, match=r"impossible_date \(i140_denial_date\)"):
        _mapped(i140_denial_date="infinity")


KEYS = ("id", "type", "date", "dates", "title", "received_date", "url", "size", "uploaded_at", "x")
TEXTS = st.sampled_from(["2025-01-02", "2025-01-02T03:04:05Z", ""])
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=12)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=8,
)
LISTS = (
    "rfi_list",
    "rfe_list",
    "documents",
    "rfi_documents",
    "rfe_documents",
    "tags",
    "additional_recruitment_methods",
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(LISTS), JSON))
def test_whatever_v1_s_json_holds_the_document_fits_the_schema_or_is_set_aside(
    columns: dict[str, Any],
) -> None:
    reason, found = "", []
    try:
        found = _faults(_mapped(**columns))
    except Unmappable as problem:
        reason = problem.reason
    assert (reason, found) in (("", []), ("entry_date", []))


DAY = st.none() | st.dates(date(1900, 1, 1), date(2200, 1, 1)).map(str)
DATE_COLUMNS = sorted(field.column for field in FIELDS if field.target.endswith("Date"))


@settings(max_examples=200, deadline=None)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(DATE_COLUMNS, DAY)), st.booleans())
def test_every_date_of_v1_comes_out_as_the_same_text(dates: Row, professional: bool) -> None:
    document = _mapped(**dates, is_professional_occupation=professional)
    carried = {field.column: document.get(field.target) for field in FIELDS if field.column in DATE_COLUMNS}
    assert {column: text for column, text in dates.items() if text} == {
        column: text for column, text in carried.items() if text and dates.get(column)
    }
    assert _faults(document) == []


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_every_note_is_carried_whole(text: str) -> None:
    found = _mapped(notes=text).get("notes", [])
    assert [note["content"] for note in found] == ([text] if text else [])
