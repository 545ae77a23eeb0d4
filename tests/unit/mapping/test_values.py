"""Single values: text, e-mail, instants, loose times in JSON, money."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migration.mapping.fields import Unmappable
from migration.mapping.instants import created, instant, is_after, loose
from migration.mapping.money import cents
from migration.mapping.names import NAMESPACE, derived, derived_text, uuid_bytes
from migration.mapping.text import copy, fold, keep, text_of, trim


@pytest.mark.parametrize(
    ("value", "expected"), [("", None), (" ", " "), (" a\n", " a\n"), ("\u00a0", "\u00a0"), (5, "5")]
)
def test_optional_text_is_copied_and_only_the_empty_one_is_absent(value: Any, expected: str | None) -> None:
    assert copy(value) == expected


def test_required_text_is_kept_even_when_empty() -> None:
    assert keep("") == ""


@pytest.mark.parametrize(("value", "expected"), [("\u2003 a b\u00a0", "a b"), ("\u00a0", None), ("", None)])
def test_names_and_telephone_numbers_are_trimmed_of_unicode_space(value: str, expected: str | None) -> None:
    assert trim(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("\u00a0Ann@EXAMPLE.com ", "ann@example.com"), ("\u0130@x", "i\u0307@x"), (None, ""), ("  ", "")],
)
def test_email_is_folded_as_unicode_folds_and_not_as_the_database_does(
    value: str | None, expected: str
) -> None:
    assert fold(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("a b", "a b"), (1.5, "1.5"), (True, "true"), ({"é": [1, None]}, '{"é":[1,null]}')],
)
def test_a_json_value_is_text_as_it_is_or_compact_json(value: Any, expected: str) -> None:
    assert text_of(value) == expected


def test_json_nested_deeper_than_python_prints_is_set_aside() -> None:
    nested: list[Any] = []
    for _ in range(100_000):
        nested = [nested]
    with pytest.raises(Unmappable, match="unreadable_row"):
        text_of(nested)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-03-04T05:06:07.891999+00:00", 1741064767891.0),
        ("2025-03-04T05:06:07+00:00", 1741064767000.0),
        ("1969-12-31T23:59:59.9999+00:00", -1.0),
        ("2025-03-04T05:06:07+05:30", 1741044967000.0),
        ("2025-03-04T05:06:07.5", 1741064767500.0),
    ],
)
def test_an_instant_is_floored_to_the_millisecond(text: str, expected: float) -> None:
    assert instant(text) == expected


@pytest.mark.parametrize(
    "text", ["infinity", "-infinity", "0044-03-15T00:00:00+00:00 BC", "10000-01-01T00:00:00+00:00"]
)
def test_an_instant_outside_the_calendar_is_set_aside(text: str) -> None:
    with pytest.raises(Unmappable, match="impossible_date"):
        instant(text)


@pytest.mark.parametrize("value", [None, "1970-01-01T00:00:00+00:00", "1969-12-31T23:59:59+00:00"])
def test_a_creation_that_the_target_would_refuse_is_set_aside(value: str | None) -> None:
    with pytest.raises(Unmappable, match="impossible_date"):
        created({"created_at": value})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("infinity", True),
        ("-infinity", False),
        ("0044-03-15T00:00:00+00:00 BC", False),
        ("2026-01-15T00:00:00.001+00:00", True),
        ("2026-01-15T00:00:00+00:00", False),
    ],
)
def test_a_ban_counts_while_it_lies_after_the_clock(value: str, expected: bool) -> None:
    assert is_after(value, 1768435200000.0) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1764576000, 1764576000000.0),
        (1764576000123, 1764576000123.0),
        (1e11, 1e14),
        (1700000000.123, 1700000000123.0),
        (-1.5, -1500.0),
        ("2025-12-01", 1764547200000.0),
        ("2025-12-01T08:00:00.5+05:30", 1764556200500.0),
        ("2025-12-01 08:00Z", 1764576000000.0),
        ("2025-12-01T08:00:00.1239999-0130", 1764581400123.0),
        ("2025-12-01T08:00:00+02", 1764568800000.0),
    ],
)
def test_a_time_in_json_is_a_number_or_iso_text(value: Any, expected: float) -> None:
    assert loose(value) == expected


@pytest.mark.parametrize(
    "value",
    [None, True, "", "soon", "2025-02-30", "2025-12-01T24:00", "2025-12-01T08", "1764576000", [], 1e300,
     "0001-01-01T00:00+01:00", "2025-W01-1", "\uff12025-12-01"],
)  # fmt: skip
def test_a_time_in_json_that_can_not_be_read_counts_as_missing(value: Any) -> None:
    assert loose(value) is None


@given(st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.just(UTC)))
def test_every_instant_is_the_last_millisecond_not_after_it(moment: datetime) -> None:
    floored = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=instant(moment.isoformat()))
    assert timedelta(0) <= moment - floored < timedelta(milliseconds=1)


@given(st.decimals(min_value=0, max_value=Decimal("99999999.99"), places=2))
def test_every_amount_of_numeric_10_2_is_its_exact_number_of_cents(amount: Decimal) -> None:
    assert Decimal(cents(str(amount))) == amount * 100


@pytest.mark.parametrize(
    ("text", "expected"), [("0.00", 0.0), ("99999999.99", 9999999999.0), ("1.005", 100.5)]
)
def test_zero_and_the_largest_wage_survive(text: str, expected: float) -> None:
    assert cents(text) == expected
    assert isinstance(cents(text), float)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "lots"])
def test_a_wage_that_is_no_number_is_set_aside(text: str) -> None:
    with pytest.raises(Unmappable, match="unreadable_row"):
        cents(text)


@given(st.text(st.characters(codec="utf-8")))
def test_derived_ids_are_uuid5(name: str) -> None:
    expected = uuid5(NAMESPACE, name)
    assert derived(name) == expected.bytes
    assert derived_text(name) == str(expected)
    assert uuid_bytes(str(expected)) == expected.bytes
