"""RFI and RFE entries come from three places, and a thing told twice becomes one entry (decision 0001)."""

from __future__ import annotations

from typing import Any

import pytest

from checks.oracle import entries
from checks.oracle.rules import Rejected
from checks.target.ids import named
from tests.unit.checks.material import CREATED, case_row, key

DATES = {"received_date": "2024-05-01", "response_due_date": "2024-05-31", "response_submitted_date": None}


def _table_row(number: int, **columns: Any) -> dict[str, Any]:
    return {"id": key(number), "case_id": key(1), **DATES, "created_at": CREATED + number, **columns}


def _expected(
    kind: str = "rfi", rows: tuple[dict[str, Any], ...] = (), **columns: Any
) -> list[dict[str, Any]]:
    return entries.expected(kind, case_row(1, **columns), rows, float(CREATED))


def test_a_table_row_keeps_its_id_and_time() -> None:
    (entry,) = _expected(rows=(_table_row(7, title="T", notes=""),))
    assert entry == {
        "id": key(7),
        "title": "T",
        "receivedDate": "2024-05-01",
        "responseDueDate": "2024-05-31",
        "createdAt": float(CREATED + 7),
    }


def test_a_list_item_is_named_after_its_case_and_place() -> None:
    (entry,) = _expected(rfi_list=[None, {**DATES, "title": "L"}])
    assert entry["id"] == str(named(f"{key(1)}/rfi_list/1"))
    assert entry["createdAt"] == float(CREATED)


def test_the_single_columns_make_an_entry_when_anything_is_set() -> None:
    assert _expected(rfi_received_date="2024-05-01")[0]["responseDueDate"] == "2024-05-31"
    assert _expected(rfi_notes="only words")[0]["receivedDate"] == ""
    assert _expected(rfi_notes="") == []


def test_equal_dates_and_no_other_title_are_one_entry() -> None:
    columns = {"rfi_received_date": "2024-05-01", "rfi_response_due_date": "2024-05-31", "rfi_notes": "n"}
    (entry,) = _expected(
        rows=(_table_row(7, title="T"),), rfi_list=[{**DATES, "description": "d"}], **columns
    )
    assert (entry["id"], entry["title"], entry["description"], entry["notes"]) == (key(7), "T", "d", "n")


def test_another_title_is_another_entry() -> None:
    assert len(_expected(rows=(_table_row(7, title="T"),), rfi_list=[{**DATES, "title": "L"}])) == 2


def test_another_date_is_another_entry() -> None:
    later = {**DATES, "response_submitted_date": "2024-05-20"}
    assert len(_expected(rows=(_table_row(7),), rfi_list=[later])) == 2


def test_within_one_source_nothing_is_merged() -> None:
    assert len(_expected(rfi_list=[DATES, DATES])) == 2
    assert len(_expected(rows=(_table_row(7), _table_row(8)))) == 2


def test_an_entry_takes_one_of_each_source_only() -> None:
    assert len(_expected(rows=(_table_row(7),), rfi_list=[DATES, DATES])) == 2


def test_two_different_notes_are_both_kept() -> None:
    (entry,) = _expected(rows=(_table_row(7, notes="a"),), rfi_list=[{**DATES, "notes": "b"}])
    assert entry["notes"] == "a\n\nb"


def test_a_title_that_was_filled_in_decides_about_the_next_source() -> None:
    columns: dict[str, Any] = {f"rfi_{name}": value for name, value in DATES.items()}
    item = {**DATES, "title": "L"}
    (entry,) = _expected(rows=(_table_row(7),), rfi_list=[item], **columns)
    assert entry["title"] == "L"


@pytest.mark.parametrize(("kind", "due"), [("rfi", "2024-05-31"), ("rfe", "")])
def test_only_a_missing_rfi_due_date_has_a_rule(kind: str, due: str) -> None:
    columns: dict[str, Any] = {f"{kind}_received_date": "2024-05-01"}
    (entry,) = _expected(kind, **columns)
    assert entry["responseDueDate"] == due


def test_entries_stand_in_the_order_of_receipt() -> None:
    rows = (_table_row(9, received_date="2024-06-01"), _table_row(8), _table_row(7, received_date=None))
    assert [entry["receivedDate"] for entry in _expected(rows=rows)] == ["", "2024-05-01", "2024-06-01"]


@pytest.mark.parametrize("text", ["2024-05-01", "2024-05-01T10:00:00Z", "2024-05-01 10:00"])
def test_a_list_date_may_carry_a_time(text: str) -> None:
    assert _expected(rfi_list=[{"receivedDate": text}])[0]["receivedDate"] == "2024-05-01"


@pytest.mark.parametrize("value", ["May 1", "2024-02-30", "2024-5-1", "2024-05-011", 20240501, True])
def test_a_list_date_that_is_none_refuses_the_case(value: object) -> None:
    with pytest.raises(Rejected, match="entry_date"):
        _expected(rfi_list=[{"received_date": value}])


def test_a_bare_text_in_the_list_is_a_description() -> None:
    assert _expected(rfi_list=["call them"])[0]["description"] == "call them"


def test_snake_case_comes_before_camel_case() -> None:
    (entry,) = _expected(rfi_list=[{"received_date": "2024-05-01", "receivedDate": "2020-01-01"}])
    assert entry["receivedDate"] == "2024-05-01"


def test_a_bad_row_is_refused_by_itself() -> None:
    assert entries.refused(_table_row(7, received_date="infinity")) == "impossible_date"
    assert entries.refused(_table_row(7)) == ""
