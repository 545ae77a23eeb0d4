"""RFI and RFE entries: three places in v1, one list in v2, and nothing lost on the way."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from migration.mapping.entries import Kind, entries, from_row
from migration.mapping.fields import Document, Tally, Unmappable
from migration.mapping.names import derived_text
from tests.unit.mapping.support import MADE_MS, Row, case, request, uuid

CASE = uuid(1, "c")
DATES: Row = {
    "received_date": "2025-01-10",
    "response_due_date": "2025-02-09",
    "response_submitted_date": "2025-02-01",
}


def _entries(rows: list[Row] = [], kind: Kind = "rfi", **columns: Any) -> list[Document]:  # noqa: B006 - read only
    return entries(case(**columns), kind, [from_row(row) for row in rows], MADE_MS, Counter())


def _single(kind: str = "rfi") -> Row:
    return {f"{kind}_{name}": value for name, value in DATES.items()}


def test_a_table_row_becomes_an_entry_under_its_own_id() -> None:
    row = request(title="A", description="d", notes="n", **DATES)
    assert _entries([row]) == [
        {
            "id": row["id"],
            "title": "A",
            "description": "d",
            "notes": "n",
            "receivedDate": "2025-01-10",
            "responseDueDate": "2025-02-09",
            "responseSubmittedDate": "2025-02-01",
            "createdAt": MADE_MS,
        }
    ]


def test_empty_texts_of_an_entry_are_absent() -> None:
    (entry,) = _entries([request(title="", description="", notes=None, received_date="2025-01-10")])
    assert entry.keys() == {"id", "receivedDate", "responseDueDate", "createdAt"}


def test_a_list_item_and_the_columns_get_derived_ids() -> None:
    listed, single = _entries(
        rfi_list=[None, {"received_date": "2025-01-01"}], rfi_received_date="2025-01-10"
    )
    assert listed["id"] == derived_text(f"{CASE}/rfi_list/1")
    assert single["id"] == derived_text(f"{CASE}/rfi")


@pytest.mark.parametrize("value", [[{"title": "A"}], {"title": "A"}])
def test_one_object_instead_of_a_list_counts_as_a_list_of_one(value: Any) -> None:
    (entry,) = _entries(rfi_list=value)
    assert (entry["id"], entry["title"]) == (derived_text(f"{CASE}/rfi_list/0"), "A")


@pytest.mark.parametrize(("item", "text"), [("call them", "call them"), (7, "7"), ([1], "[1]")])
def test_a_bare_list_item_is_a_description(item: Any, text: str) -> None:
    (entry,) = _entries(rfi_list=[item])
    assert entry["description"] == text
    assert (entry["receivedDate"], entry["responseDueDate"]) == ("", "")


def test_list_keys_in_snake_case_come_before_camel_case() -> None:
    items = [
        {
            "receivedDate": "2025-01-01",
            "responseDueDate": "2025-02-01",
            "responseSubmittedDate": "2025-01-20",
        },
        {"received_date": "2025-03-01", "receivedDate": "2025-03-09"},
    ]
    camel, snake = _entries(rfi_list=items)
    assert (camel["receivedDate"], camel["responseDueDate"]) == ("2025-01-01", "2025-02-01")
    assert camel["responseSubmittedDate"] == "2025-01-20"
    assert snake["receivedDate"] == "2025-03-01"


@pytest.mark.parametrize("text", ["2025-01-01", "2025-01-01T23:59:59-08:00", "2025-01-01 10:00"])
def test_a_list_date_is_its_first_ten_characters(text: str) -> None:
    assert _entries(rfe_list=[{"received_date": text}], kind="rfe")[0]["receivedDate"] == "2025-01-01"


@pytest.mark.parametrize(
    "value", ["soon", "2025-02-30", "2025-01-011", " 2025-01-01", "infinity", 20250101, True, {}]
)
def test_a_list_date_that_is_none_sets_the_case_aside(value: Any) -> None:
    with pytest.raises(Unmappable, match=r"entry_date \(rfi_list\)"):
        _entries(rfi_list=[{"response_due_date": value}])


@pytest.mark.parametrize(
    "column", ["rfi_received_date", "rfi_response_due_date", "rfi_response_submitted_date"]
)
def test_an_infinite_column_date_sets_the_case_aside(column: str) -> None:
    with pytest.raises(Unmappable, match=rf"impossible_date \({column}\)"):
        _entries(**dict[str, Any]({column: "infinity"}))


@pytest.mark.parametrize(
    "columns",
    [
        {"rfi_received_date": "2025-01-01"},
        {"rfi_response_due_date": "2025-01-01"},
        {"rfi_response_submitted_date": "2025-01-01"},
        {"rfi_notes": "x"},
    ],
)
def test_any_single_column_makes_an_entry(columns: Row) -> None:
    assert len(_entries(**columns)) == 1


def test_empty_columns_make_no_entry() -> None:
    assert _entries(rfi_notes="", rfi_received_date=None, rfi_list=[]) == []


def test_rfe_columns_make_no_rfi_entry() -> None:
    assert _entries(rfe_received_date="2025-01-01") == []


def test_a_missing_rfi_due_date_is_thirty_days_after_receipt_and_an_rfe_s_is_empty() -> None:
    assert _entries(rfi_received_date="2024-01-31")[0]["responseDueDate"] == "2024-03-01"
    assert _entries(rfe_received_date="2024-01-31", kind="rfe")[0]["responseDueDate"] == ""


def test_a_due_date_that_breaks_the_rule_is_kept() -> None:
    columns: Row = {"rfi_received_date": "2024-01-31", "rfi_response_due_date": "2024-02-02"}
    assert _entries(**columns)[0]["responseDueDate"] == "2024-02-02"


def test_the_same_request_in_three_places_is_one_entry_with_everything() -> None:
    row = request(title="A", **DATES)
    (entry,) = _entries(
        [row],
        rfi_list=[{**DATES, "description": "listed"}],
        **_single(),
        rfi_notes="noted",
        rfi_documents=None,
    )
    assert entry["id"] == row["id"]
    assert (entry["title"], entry["description"], entry["notes"]) == ("A", "listed", "noted")


def test_differing_texts_are_joined_earlier_source_first() -> None:
    row = request(notes="first", description="same", **DATES)
    listed = {**DATES, "notes": "second", "description": "same"}
    (entry,) = _entries([row], rfi_list=[listed], **_single(), rfi_notes="third")
    assert entry["notes"] == "first\n\nsecond\n\nthird"
    assert entry["description"] == "same"


def test_another_title_is_another_request() -> None:
    assert len(_entries([request(title="A", **DATES)], rfi_list=[{**DATES, "title": "B"}])) == 2


def test_a_title_given_by_a_later_source_is_filled_in_and_then_counts() -> None:
    row = request(**DATES)
    listed = [{**DATES, "title": "A"}, {**DATES, "title": "B"}]
    titles = [entry.get("title") for entry in _entries([row], rfi_list=listed)]
    assert sorted(title or "" for title in titles) == ["A", "B"]


def test_twins_within_one_source_stay_two() -> None:
    assert len(_entries([request(1, **DATES), request(2, **DATES)])) == 2
    assert len(_entries(rfi_list=[DATES, DATES])) == 2


def test_each_earlier_entry_takes_one_of_a_source() -> None:
    rows = [request(1, **DATES), request(2, **DATES)]
    listed = [{**DATES, "notes": "x"}, {**DATES, "notes": "y"}, {**DATES, "notes": "z"}]
    found = _entries(rows, rfi_list=listed)
    assert [(entry["id"] in (uuid(1, "d"), uuid(2, "d")), entry["notes"]) for entry in found].count(
        (True, "x")
    ) == 1
    assert {entry["notes"] for entry in found} == {"x", "y", "z"}
    assert len(found) == 3


def test_dates_compare_as_v1_has_them_before_any_is_filled_in() -> None:
    row = request(received_date="2024-01-31")
    listed = {"received_date": "2024-01-31", "response_due_date": "2024-03-01"}
    assert len(_entries([row], rfi_list=[listed])) == 2


def test_entries_are_sorted_by_receipt_creation_and_id() -> None:
    rows = [
        request(3, received_date="2025-02-01"),
        request(2, received_date="2025-01-01", created_at="2025-03-05T00:00:00+00:00"),
        request(1, received_date="2025-01-01", created_at="2025-03-04T00:00:00+00:00"),
    ]
    found = _entries(rows, rfi_list=["no date"])
    assert [entry["id"] for entry in found] == [
        derived_text(f"{CASE}/rfi_list/0"),
        *(uuid(number, "d") for number in (1, 2, 3)),
    ]


def test_an_entry_row_without_creation_takes_the_case_s() -> None:
    assert _entries([request(created_at=None)])[0]["createdAt"] == MADE_MS


def test_keys_of_list_items_that_have_no_place_are_counted() -> None:
    tally: Tally = Counter()
    items = [{"assignee": "x", "title": "A"}, {"assignee": "y"}]
    entries(case(rfi_list=items), "rfi", [], MADE_MS, tally)
    assert tally == {"public.cases.rfi_list[].assignee": 2}
