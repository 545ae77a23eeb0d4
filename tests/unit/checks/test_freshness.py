"""Instants of the raw files and of the session are one number, also in years that Python does not know."""

from __future__ import annotations

import psycopg
import pytest

from checks.freshness import _milliseconds
from checks.oracle.rules import UNREADABLE
from checks.source.session import loads

MOMENTS = (
    "1970-01-01 00:00:00+00",
    "2025-03-09 02:30:00.000999-05",
    "0001-01-01 00:00:00+00",
    "0001-12-31 23:59:59+00 BC",
    "0044-03-15 00:00:00.0019+00 BC",
    "0401-02-28 00:00:00+00 BC",
    "4713-06-01 00:00:00+00 BC",
    "10000-01-01 00:00:00+00",
    "12024-02-29 12:00:00+00",
)


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_instant_is_what_postgresql_says(moment: str, v1_database: str) -> None:
    query = (
        "SELECT to_json(%(moment)s::timestamptz) #>> '{}',"
        " floor(extract(epoch FROM %(moment)s::timestamptz) * 1000)::bigint"
    )
    with psycopg.connect(v1_database) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        row = connection.execute(query, {"moment": moment}).fetchone()
    assert row is not None
    assert _milliseconds(row[0]) == row[1]


@pytest.mark.parametrize("value", ["-infinity", "infinity", None, 5])
def test_what_is_no_moment_stays_as_it_is(value: object) -> None:
    assert _milliseconds(value) == value


@pytest.mark.parametrize("number", ["1" + "0" * 400, "1" + "0" * 5000, "1" + "0" * 400 + ".5", "7"])
def test_a_row_with_a_number_beyond_float64_is_read_and_marked(number: str) -> None:
    row = loads(f'{{"id": "a", "updated_at": 1700000000000, "documents": [{{"size": {number}}}]}}')
    assert (row["id"], row["updated_at"]) == ("a", 1_700_000_000_000)
    assert (UNREADABLE in row) is (number != "7")
