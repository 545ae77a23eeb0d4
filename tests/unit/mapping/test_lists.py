"""Recruitment methods in six shapes, and documents from three columns."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from migration.mapping.documents import documents
from migration.mapping.fields import Document, Tally
from migration.mapping.methods import methods
from migration.mapping.names import derived_text
from tests.unit.mapping.support import MADE_MS, case, uuid

CASE = uuid(1, "c")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('[{"type": "radio_ad", "date": "2025-01-02", "outlet": "WXYZ"}]',
         [{"method": "radio_ad", "date": "2025-01-02", "description": "WXYZ"}]),
        ('[{"type": "job_fair", "dates": ["2025-01-02", "2025-01-09"], "description": "d"}]',
         [{"method": "job_fair", "date": "2025-01-02", "description": "d; also 2025-01-09"}]),
        ('["radio_ad", "tv_ad"]', [{"method": "radio_ad", "date": ""}, {"method": "tv_ad", "date": ""}]),
        ('[{"method_name": "m", "start_date": "2025-01-02", "end_date": "2025-01-20", "applicants": 3}]',
         [{"method": "m", "date": "2025-01-20", "description": "start_date: 2025-01-02; applicants: 3"}]),
        ([{"method": "m", "date": "2025-01-02T00:00:00Z", "description": "d"}],
         [{"method": "m", "date": "2025-01-02", "description": "d"}]),
        (["local_newspaper"], [{"method": "local_newspaper", "date": ""}]),
    ],
    ids=["type and outlet", "dates", "names as text", "method_name", "jsonb objects", "jsonb names"],
)  # fmt: skip
def test_each_documented_shape_becomes_method_date_and_description(
    value: Any, expected: list[Document]
) -> None:
    assert methods(value) == expected


@pytest.mark.parametrize("value", [None, "", "  \n", "null", "[]", [], '[null, ""]'])
def test_no_method_is_an_empty_list(value: Any) -> None:
    assert methods(value) == []


@pytest.mark.parametrize(
    "text", ["Radio, then newspaper", "[broken", '["\\ud800"]', "[NaN]", "[1e400]", "[" * 3000]
)
def test_text_that_is_not_strict_json_is_one_method_of_that_name(text: str) -> None:
    assert methods(text) == [{"method": text, "date": ""}]


@pytest.mark.parametrize(
    ("value", "name"), [('"radio_ad"', "radio_ad"), ({"type": "radio_ad"}, "radio_ad"), ("7", "7")]
)
def test_one_object_or_value_counts_as_a_list_of_one(value: Any, name: str) -> None:
    assert methods(value) == [{"method": name, "date": ""}]


def test_the_first_name_that_holds_text_is_used_and_the_others_are_told() -> None:
    item = {"type": "", "method": "a", "method_name": "b"}
    assert methods([item]) == [{"method": "a", "date": "", "description": "method_name: b"}]


def test_a_name_that_is_no_text_is_told_and_not_used() -> None:
    assert methods([{"type": 5}]) == [{"method": "", "date": "", "description": "type: 5"}]


def test_a_first_date_that_is_none_is_told_and_no_other_is_tried() -> None:
    item = {"type": "a", "date": "next spring", "end_date": "2025-01-02"}
    expected = {"method": "a", "date": "", "description": "date: next spring; end_date: 2025-01-02"}
    assert methods([item]) == [expected]


@pytest.mark.parametrize(
    ("item", "date", "description"),
    [
        ({"dates": ["soon", "2025-01-02"]}, "", "also soon, 2025-01-02"),
        ({"date": "2025-01-01", "dates": ["2025-01-01", "", None, "2025-01-02"]}, "2025-01-01",
         "also 2025-01-01, 2025-01-02"),
        ({"dates": "2025-01-02"}, "2025-01-02", None),
        ({"dates": [None, "2025-01-02"], "start_date": "2025-01-01"}, "2025-01-01", "also 2025-01-02"),
        ({"date": 20250101}, "", "date: 20250101"),
    ],
)  # fmt: skip
def test_only_the_date_that_is_used_is_used_up(item: Any, date: str, description: str | None) -> None:
    (method,) = methods([item])
    assert (method["date"], method.get("description")) == (date, description)


def test_the_outlet_is_told_once_and_other_keys_follow_in_their_order() -> None:
    item = {"z": {"b": 1}, "outlet": "same", "description": "same", "type": "t", "a": True, "none": None}
    assert methods([item])[0]["description"] == 'same; z: {"b":1}; a: true'


def test_integers_of_any_length_are_told_as_they_are() -> None:
    assert methods('[{"type": "t", "ref": 123456789012345678901234}]')[0]["description"] == (
        "ref: 123456789012345678901234"
    )


def _documents(tally: Tally | None = None, **columns: Any) -> list[Document]:
    return documents(case(**columns), MADE_MS, Counter() if tally is None else tally)


def test_documents_of_the_three_columns_follow_one_another() -> None:
    found = _documents(rfe_documents=["c"], documents=["a"], rfi_documents=["b"])
    assert [one["url"] for one in found] == ["a", "b", "c"]
    assert [one["id"] for one in found] == [
        derived_text(f"{CASE}/{column}/0") for column in ("documents", "rfi_documents", "rfe_documents")
    ]


def test_a_full_document_is_carried_key_by_key() -> None:
    item = {
        **{"id": "d1", "name": "n", "url": "u", "mimeType": "application/pdf", "size": 12},
        "uploadedAt": "2025-12-01T00:00:00Z",
    }
    assert _documents(documents=[item]) == [{**item, "size": 12.0, "uploadedAt": 1764547200000.0}]


def test_a_bare_document_gets_what_v2_requires() -> None:
    assert _documents(documents={"type": "pwd"}) == [
        {
            "id": derived_text(f"{CASE}/documents/0"),
            "name": "",
            "url": "",
            "mimeType": "application/octet-stream",
            "size": 0.0,
            "uploadedAt": MADE_MS,
        }
    ]


@pytest.mark.parametrize(
    ("item", "field", "expected"),
    [
        ({"id": 5}, "id", "5"),
        ({"id": ""}, "id", derived_text(f"{CASE}/documents/0")),
        ({"mime_type": "a/b"}, "mimeType", "a/b"),
        ({"mimeType": "", "mime_type": "a/b"}, "mimeType", "a/b"),
        ({"size": "12"}, "size", 0.0),
        ({"size": True}, "size", 0.0),
        ({"size": 1.5}, "size", 1.5),
        ({"uploaded_at": 1764576000}, "uploadedAt", 1764576000000.0),
        ({"uploadedAt": "yesterday", "uploaded_at": 1764576000}, "uploadedAt", MADE_MS),
        ({"name": {"en": "x"}}, "name", '{"en":"x"}'),
        (7, "url", "7"),
    ],
)
def test_odd_document_values_have_a_rule(item: Any, field: str, expected: Any) -> None:
    (found,) = _documents(documents=[item])
    assert found[field] == expected


def test_empty_items_are_skipped_and_keep_their_index() -> None:
    assert [one["id"] for one in _documents(documents=[None, "", "u"])] == [
        derived_text(f"{CASE}/documents/2")
    ]


def test_keys_without_a_place_are_counted() -> None:
    tally: Tally = Counter()
    _documents(tally, documents=[{"type": "pwd", "category": "x"}, {"type": "y", "Ana Doe": 1}, "bare"])
    assert tally == {
        "public.cases.documents[].type": 2,
        "public.cases.documents[].category": 1,
        "public.cases.documents[].(other)": 1,
    }


def test_every_word_of_a_method_object_is_somewhere_in_the_document() -> None:
    item = {"type": "T1", "method": "M2", "dates": ["D3", "D4"], "outlet": "O5", "x": ["X6"], "date": "D7"}
    text = json.dumps(methods([item]))
    assert all(word in text for word in ("T1", "M2", "D3", "D4", "O5", "X6", "D7"))
