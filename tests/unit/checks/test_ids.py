"""The checks' own ids agree with the public vectors, and only real ids are ids."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.target import ids

VECTORS = Path(__file__).parents[2] / "facts" / "id_vectors.jsonl"


def test_every_public_vector_encodes_and_decodes() -> None:
    vectors = [orjson.loads(line) for line in VECTORS.read_bytes().splitlines()]
    for vector in vectors:
        number, key = vector["table_number"], UUID(vector["uuid"]).bytes
        assert ids.encode(number, key) == vector["id"]
        assert ids.decode(vector["id"]) == (number, key)
    assert vectors


@settings(derandomize=True)
@given(st.integers(1, 2**31), st.binary(min_size=16, max_size=16))
def test_an_id_gives_back_what_it_was_made_of(number: int, body: bytes) -> None:
    assert ids.decode(ids.encode(number, body)) == (number, body)


@settings(derandomize=True)
@given(st.integers(0, 30), st.sampled_from(ids.ALPHABET))
def test_a_changed_symbol_is_no_id(place: int, symbol: str) -> None:
    good = ids.encode(10001, bytes(range(16)))
    bad = good[:place] + symbol + good[place + 1 :]
    if bad != good:
        assert ids.table_number(bad) is None


@pytest.mark.parametrize("text", ["", "j57", "not an id", "l" * 32, "0" * 32])
def test_other_text_is_no_id(text: str) -> None:
    assert ids.table_number(text) is None


def test_a_thing_without_a_row_is_named_by_decision() -> None:
    name = "userProfiles/3f2504e0-4f89-41d3-9a0c-0305e82c3301"
    assert ids.decode(ids.of_name(10002, name)) == (10002, ids.named(name).bytes)
    assert ids.named(name).version == 5
