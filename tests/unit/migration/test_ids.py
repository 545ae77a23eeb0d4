"""Document ids: the known vectors, both ways, and nothing else accepted."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migration.ids import InvalidId, decode, encode

FACTS = Path(__file__).resolve().parents[2] / "facts" / "id_vectors.jsonl"


def test_every_known_vector_is_spelled_and_read() -> None:
    vectors = [orjson.loads(line) for line in FACTS.read_bytes().splitlines()]
    assert len(vectors) > 40
    for vector in vectors:
        raw = UUID(vector["uuid"]).bytes
        assert encode(vector["table_number"], raw) == vector["id"]
        assert decode(vector["id"]) == (vector["table_number"], raw)


def test_an_id_seen_in_the_wild_is_of_table_540() -> None:
    assert decode("kg27rxfv99gzp01wmph0gvt92d6hnvy6")[0] == 540


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.integers(1, 2**32 - 1), st.binary(min_size=16, max_size=16))
def test_reading_undoes_spelling(number: int, raw: bytes) -> None:
    assert decode(encode(number, raw)) == (number, raw)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.binary(min_size=16, max_size=16),
    st.integers(0, 31),
    st.sampled_from("0123456789abcdefghjkmnpqrstvwxyz"),
)
def test_one_wrong_letter_is_noticed(raw: bytes, place: int, letter: str) -> None:
    good = encode(10001, raw)
    bad = good[:place] + letter + good[place + 1 :]
    if bad != good:
        with pytest.raises(InvalidId):
            decode(bad)


@pytest.mark.parametrize(
    "text", ["", "j", "J5700000000000000000000000001qv0", "é" * 32, "i" * 32, "0" * 32, "0" * 40]
)
def test_other_text_is_no_id(text: str) -> None:
    with pytest.raises(InvalidId):
        decode(text)


@pytest.mark.parametrize(("number", "size"), [(0, 16), (2**32, 16), (10001, 15), (10001, 17)])
def test_other_parts_make_no_id(number: int, size: int) -> None:
    with pytest.raises(InvalidId):
        encode(number, bytes(size))
