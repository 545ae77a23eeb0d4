"""Rows that can not be carried are set aside by their key, wherever they sort and whatever is wrong."""

from __future__ import annotations

import pytest

from migration.accounting import Book
from migration.errors import RunIncomplete
from tests.unit.mapping.support import Pair, case, request, user, uuid
from tests.unit.mapping.support import settings as settings_row


def test_rows_that_belong_to_nobody_are_set_aside_wherever_they_sort(pair: Pair) -> None:
    pair.source(
        {
            "public.users": [user(2)],
            "public.user_settings": [settings_row(1), settings_row(3)],
            "public.cases": [case(2, owner=2), case(3, owner=9)],
            "public.case_rfi": [request(1, of=1), request(2, of=3), request(3, of=9)],
        }
    )
    report = pair.transform()
    assert {(row.table, row.key, row.reason) for row in report.quarantined} == {
        ("public.user_settings", uuid(1, "e"), "orphan"),
        ("public.user_settings", uuid(3, "e"), "orphan"),
        ("public.cases", uuid(3, "c"), "orphan"),
        ("public.case_rfi", uuid(1, "d"), "orphan"),
        ("public.case_rfi", uuid(2, "d"), "owner_quarantined"),
        ("public.case_rfi", uuid(3, "d"), "orphan"),
    }


def test_a_second_settings_row_is_set_aside_and_the_first_is_used(pair: Pair) -> None:
    rows = [
        settings_row(1, timezone="Asia/Tokyo"),
        settings_row(1, timezone="Asia/Dubai") | {"id": uuid(2, "e")},
    ]
    pair.source({"public.users": [user()], "public.user_settings": rows})
    report = pair.transform()
    assert [(row.key, row.reason) for row in report.quarantined] == [(uuid(2, "e"), "duplicate_row")]
    assert pair.documents("userProfiles")[0]["timezone"] == "Asia/Tokyo"


def test_a_bad_request_row_is_set_aside_alone(pair: Pair) -> None:
    rows = [request(1, received_date="infinity"), request(2, received_date="2025-01-01")]
    pair.source({"public.users": [user()], "public.cases": [case()], "public.case_rfe": rows})
    report = pair.transform()
    assert [(row.table, row.key, row.reason, row.where) for row in report.quarantined] == [
        ("public.case_rfe", uuid(1, "d"), "impossible_date", "received_date")
    ]
    assert [one["id"] for one in pair.documents("cases")[0]["rfeEntries"]] == [uuid(2, "d")]


def test_a_case_set_aside_takes_its_requests_along(pair: Pair) -> None:
    pair.source(
        {
            "public.users": [user()],
            "public.cases": [case(case_status="RFE")],
            "public.case_rfi": [request(1)],
            "public.case_rfe": [request(2)],
        }
    )
    report = pair.transform()
    assert {row.key: row.reason for row in report.quarantined} == {
        uuid(1, "c"): "unknown_case_status",
        uuid(1, "d"): "owner_quarantined",
        uuid(2, "d"): "owner_quarantined",
    }
    assert report.tables["cases"].documents == 0


@pytest.mark.parametrize("table", ["public.cases", "public.users"])
def test_a_document_that_the_target_would_refuse_for_its_length_is_set_aside(pair: Pair, table: str) -> None:
    long = "x" * (1 << 20)
    tables = {
        "public.users": [user(full_name=long if table == "public.users" else "A")],
        "public.cases": [case()],
    }
    if table == "public.cases":
        tables["public.cases"] = [case(notes=long)]
    pair.source(tables)
    assert (table, "document_too_large") in {(row.table, row.reason) for row in pair.transform().quarantined}


@pytest.mark.parametrize(
    "line",
    [
        b'{"id":"%s","documents":[{"size":1e400}]}',
        b'{"id": "%s", "broken',
        b'{"id":"%s","notes":"\\ud800"}',
    ],
)
def test_a_line_that_can_not_be_read_is_set_aside_by_its_key(pair: Pair, line: bytes) -> None:
    pair.source({"public.users": [user()], "public.cases": [line % uuid(1, "c").encode(), case(2)]})
    report = pair.transform()
    assert [(row.key, row.reason) for row in report.quarantined] == [(uuid(1, "c"), "unreadable_row")]
    assert report.tables["cases"].documents == 1


def test_a_line_without_a_key_is_set_aside_by_its_number(pair: Pair) -> None:
    pair.source({"public.users": [user()], "public.cases": [b"[]", case(2)]})
    assert [row.key for row in pair.transform().quarantined] == ["line 1"]


def test_what_belongs_to_an_unreadable_user_is_set_aside_with_it(pair: Pair) -> None:
    pair.source(
        {
            "public.users": [b'{"id":"%s","x":1e400}' % uuid(1).encode()],
            "public.user_settings": [settings_row(1)],
            "public.cases": [case()],
        }
    )
    assert {row.table: row.reason for row in pair.transform().quarantined} == {
        "public.users": "unreadable_row",
        "public.user_settings": "owner_quarantined",
        "public.cases": "owner_quarantined",
    }


def test_a_settings_table_without_ids_of_its_own_is_keyed_by_its_user(pair: Pair) -> None:
    pair.source(
        {
            "public.users": [user()],
            "public.user_settings": [{"user_id": uuid(1), "timezone": "Asia/Tokyo"}, {"user_id": uuid(2)}],
        }
    )
    assert [(row.key, row.reason) for row in pair.transform().quarantined] == [(uuid(2), "orphan")]
    assert pair.documents("userProfiles")[0]["timezone"] == "Asia/Tokyo"


def test_dropped_values_are_counted_and_nulls_are_not(pair: Pair) -> None:
    pair.source(
        {
            "public.users": [user(google_email="g@x", oauth_provider=None)],
            "public.cases": [case(calendar_event_ids={})],
        }
    )
    assert pair.transform().dropped_columns == {
        "public.cases.calendar_event_ids": 1,
        "public.users.google_email": 1,
    }


def test_accounts_that_do_not_add_up_end_the_run() -> None:
    book = Book(["public.cases"])
    book.accounts["public.cases"].rows = 2
    book.exclude("public.cases", "by_resolution")
    with pytest.raises(RunIncomplete, match="2 rows, 1 placed"):
        book.close()
    book.quarantine("public.cases", uuid(1), "orphan")
    book.close()
