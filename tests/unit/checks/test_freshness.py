"""Rows of the raw files and of the session are read alike, also those that hold what Float64 can not."""

from __future__ import annotations

import pytest

from checks.oracle.rules import UNREADABLE
from checks.source.columns import loads


@pytest.mark.parametrize("number", ["1" + "0" * 400, "1" + "0" * 5000, "1" + "0" * 400 + ".5", "7"])
def test_a_row_with_a_number_beyond_float64_is_read_and_marked(number: str) -> None:
    row = loads(f'{{"id": "a", "updated_at": 1700000000000, "documents": [{{"size": {number}}}]}}')
    assert (row["id"], row["updated_at"]) == ("a", 1_700_000_000_000)
    assert (UNREADABLE in row) is (number != "7")
