"""Values are compared exactly, and shown without showing anybody's data."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.values import ABSENT, first_difference, same, shown, shown_pair

DISTINCT = [ABSENT, None, "", " ", "1", 1, 1.0, True, False, 0, 0.0, -0.0, [], {}, [1.0], [1], {"a": None}]


@pytest.mark.parametrize("one", range(len(DISTINCT)))
def test_different_kinds_of_value_are_never_the_same(one: int) -> None:
    found = [other for other in range(len(DISTINCT)) if same(DISTINCT[one], DISTINCT[other])]
    assert found == [one]


def test_the_order_of_keys_does_not_matter_and_that_of_elements_does() -> None:
    assert same({"a": 1.0, "b": 2.0}, {"b": 2.0, "a": 1.0})
    assert not same([1.0, 2.0], [2.0, 1.0])


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (ABSENT, None),
        (None, "null"),
        ("", "''"),
        ("2024-02-29", "2024-02-29"),
        ("approved", "approved"),
        (1.0, "1.0"),
        (1, "1"),
        (True, "true"),
        ("3f2504e0-4f89-41d3-9a0c-0305e82c3301", "3f2504e0-4f89-41d3-9a0c-0305e82c3301"),
    ],
)
def test_what_is_not_personal_is_shown(value: object, said: str | None) -> None:
    assert shown(value) == said


@settings(derandomize=True)
@given(st.text())
def test_text_is_never_shown(text: str) -> None:
    assert re.fullmatch(r"text\[\d+\] #[0-9a-f]{8}", shown(f"Ann {text} Lee") or "")


def test_masked_texts_tell_where_they_begin_to_differ() -> None:
    left, right = shown_pair("Acme Inc.", "Acme Inc. ")
    assert left != right
    assert right is not None
    assert right.endswith("differs at 9")


@settings(derandomize=True)
@given(st.text(), st.text())
def test_the_first_difference_is_where_a_common_beginning_ends(one: str, other: str) -> None:
    place = first_difference(one, other)
    assert one[:place] == other[:place]
    assert one[place : place + 1] != other[place : place + 1] or one == other
