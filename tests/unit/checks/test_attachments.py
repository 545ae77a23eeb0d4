"""Recruitment methods, documents, tags and notes keep everything v1 said (decision 0001)."""

from __future__ import annotations

from typing import Any

import pytest

from checks.oracle import attachments
from checks.target.ids import named
from tests.unit.checks.material import CREATED, case_row, key


@pytest.mark.parametrize("text", [None, "", "  ", "null", "[]", '[null, ""]'])
def test_nothing_gives_no_method(text: str | None) -> None:
    assert attachments.methods(text) == []


@pytest.mark.parametrize(
    ("text", "method"),
    [
        ('["radio_ad"]', {"method": "radio_ad", "date": ""}),
        ('"radio_ad"', {"method": "radio_ad", "date": ""}),
        ("radio ad, then a fair", {"method": "radio ad, then a fair", "date": ""}),
        ("[NaN]", {"method": "[NaN]", "date": ""}),
        ('{"type":"fair","date":"2024-01-02"}', {"method": "fair", "date": "2024-01-02"}),
        ('{"type":"","method":"fair"}', {"method": "fair", "date": ""}),
        (
            '[{"method_name":"fair","start_date":"2024-01-02T09:00"}]',
            {"method": "fair", "date": "2024-01-02"},
        ),
        (
            '[{"type":"fair","dates":["2024-01-02","2024-01-03"],"outlet":"Hall"}]',
            {"method": "fair", "date": "2024-01-02", "description": "Hall; also 2024-01-03"},
        ),
        (
            '[{"type":"fair","method":"x","description":"d","outlet":"d","applicants_count":3}]',
            {"method": "fair", "date": "", "description": "d; method: x; applicants_count: 3"},
        ),
        (
            '[{"type":"fair","date":"soon","end_date":"2024-01-02"}]',
            {"method": "fair", "date": "", "description": "date: soon; end_date: 2024-01-02"},
        ),
        (
            '[{"type":"fair","dates":["soon","2024-01-03"]}]',
            {"method": "fair", "date": "", "description": "also soon, 2024-01-03"},
        ),
        (
            '[{"type":"fair","date":"2024-01-02","dates":["2024-01-03"]}]',
            {"method": "fair", "date": "2024-01-02", "description": "also 2024-01-03"},
        ),
        (
            '[{"type":"fair","extra":{"a":[1,null]}}]',
            {"method": "fair", "date": "", "description": 'extra: {"a":[1,null]}'},
        ),
    ],
)
def test_a_method_of_any_shape_loses_nothing(text: str, method: dict[str, Any]) -> None:
    assert attachments.methods(text) == [method]


def test_a_jsonb_column_needs_no_parsing() -> None:
    assert attachments.methods([{"type": "fair"}]) == [{"method": "fair", "date": ""}]


def test_documents_of_all_three_lists_stand_one_after_the_other() -> None:
    row = case_row(1, documents=[{"id": 1}], rfi_documents={"id": "b"}, rfe_documents=["https://x/c"])
    found = attachments.documents(row, float(CREATED))
    assert [document["id"] for document in found] == ["1", "b", str(named(f"{key(1)}/rfe_documents/0"))]
    assert found[2]["url"] == "https://x/c"


def test_a_document_without_particulars_gets_the_defaults() -> None:
    (document,) = attachments.documents(case_row(1, documents=[{"name": "n", "type": "pwd"}]), 5.0)
    assert document == {
        "id": str(named(f"{key(1)}/documents/0")),
        "name": "n",
        "url": "",
        "mimeType": "application/octet-stream",
        "size": 0.0,
        "uploadedAt": 5.0,
    }


@pytest.mark.parametrize(
    ("value", "ms"),
    [
        (1_700_000_000, 1_700_000_000_000.0),
        (1_700_000_000_123, 1_700_000_000_123.0),
        (1_700_000_000.1239, 1_700_000_000_123.0),
        ("2024-01-02", 1_704_153_600_000.0),
        ("2024-01-02T03:04:05.6789Z", 1_704_164_645_678.0),
        ("2024-01-02 03:04+0200", 1_704_157_440_000.0),
        ("2024-01-02T03:04:05-03", 1_704_175_445_000.0),
        ("1969-12-31T23:59:59.9999Z", -1.0),
        ("yesterday", 5.0),
        ("2024-13-02", 5.0),
        (True, 5.0),
        (None, 5.0),
        (1e300, 5.0),
    ],
)
def test_an_upload_time_is_read_in_every_documented_form(value: object, ms: float) -> None:
    (document,) = attachments.documents(case_row(1, documents=[{"uploadedAt": value, "url": "u"}]), 5.0)
    assert document["uploadedAt"] == ms


@pytest.mark.parametrize(("size", "kept"), [(12, 12.0), (1.5, 1.5), ("12", 0.0), (True, 0.0), (None, 0.0)])
def test_only_a_number_is_a_size(size: object, kept: float) -> None:
    (document,) = attachments.documents(case_row(1, documents=[{"size": size, "url": "u"}]), 5.0)
    assert document["size"] == kept


def test_tags_are_texts_without_nulls() -> None:
    assert attachments.tags(["a", None, "", 3, True]) == ["a", "", "3", "true"]
    assert attachments.tags(None) == []
    assert attachments.tags("one") == ["one"]


def test_a_note_is_kept_whole_and_an_unknown_progress_gets_one_of_its_own() -> None:
    first, second = attachments.notes(case_row(1, notes=" a | b\n"), 5.0, " Odd ")
    assert (first["content"], first["status"], first["createdAt"]) == (" a | b\n", "pending", 5.0)
    assert second == {
        "id": str(named(f"{key(1)}/progress")),
        "content": "Progress in v1:  Odd ",
        "createdAt": 5.0,
        "status": "pending",
    }
    assert attachments.notes(case_row(1, notes=""), 5.0, None) == []
