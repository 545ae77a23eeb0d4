"""Both sides of a row lie in the same range, and every row and document in exactly one."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.ranges import BYTES_OF_A_PART, MOST, Keys, Ranges
from checks.target import ids
from tests.unit.checks.material import key

PARTS = (1, 2, 16, 32)
edges = st.sampled_from([number << shift for number in range(32) for shift in (123,)])
uuids = st.uuids() | st.builds(
    lambda edge, off: UUID(int=max(0, min((1 << 128) - 1, edge + off))), edges, st.integers(-2, 2)
)


@pytest.mark.parametrize("parts", PARTS)
@given(uuid=uuids, number=st.sampled_from([1, 127, 128, 10_004, 16_383, 16_384, 1 << 31]))
def test_a_row_and_its_document_lie_in_the_same_range(parts: int, uuid: UUID, number: int) -> None:
    ranges = Ranges(parts, number)
    part = ranges.part_of(ids.of_row(number, str(uuid)))
    assert [str(uuid) in ranges.range(each) for each in range(parts)] == [
        each == part for each in range(parts)
    ]


def test_what_is_no_id_has_a_range_too() -> None:
    assert all(0 <= Ranges(16, 10_004).part_of(text) < 16 for text in ("", "zzz", "not an id", "é"))


def test_a_small_table_is_one_range_and_a_large_one_not_too_many() -> None:
    sizes = (0, BYTES_OF_A_PART, 2 * BYTES_OF_A_PART, 23 * BYTES_OF_A_PART, 1 << 50)
    assert [Ranges.of(size, 10_004).parts for size in sizes] == [1, 1, 2, 16, MOST]


def test_keys_hold_what_they_name_and_nothing_else() -> None:
    keys = Keys(frozenset([key(1), key(3)]))
    assert [key(number) in keys for number in (1, 2, 3)] == [True, False, True]
    assert None not in keys
