"""Every v1 column is mapped or dropped with a reason, and a column nobody decided about is named."""

from __future__ import annotations

import re

import psycopg

from migration.mapping.dropped import DROPPED, EXCLUDED_TABLES, READ, coverage
from migration.mapping.fields import left_inside

COLUMNS = """
SELECT table_schema || '.' || table_name, array_agg(column_name::text)
FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
WHERE table_type = 'BASE TABLE' AND table_schema IN ('public', 'auth') GROUP BY 1
"""


def _source(dsn: str) -> dict[str, list[str]]:
    with psycopg.connect(dsn) as connection:
        return dict(connection.execute(COLUMNS).fetchall())


def test_every_column_of_v1_is_mapped_or_dropped(v1_database: str) -> None:
    source = _source(v1_database)
    found = coverage(source)
    assert found.unknown == ()
    read = [name for table, names in source.items() for name in names if name in READ.get(table, ())]
    assert len(read) + len(found.dropped) == sum(map(len, source.values()))
    assert all(found.dropped.values())


def test_no_column_is_mapped_or_dropped_that_v1_never_had(v1_database: str) -> None:
    source = _source(v1_database)
    listed = {
        f"{table}.{name}" for lists in (READ, DROPPED) for table, names in lists.items() for name in names
    }
    real = {f"{table}.{name}" for table, names in source.items() for name in names}
    assert listed - real == {"public.users.last_login"}  # one source's other name for last_login_at


def test_no_column_is_both_mapped_and_dropped() -> None:
    assert not any(READ[table] & DROPPED[table].keys() for table in READ)


def test_a_column_that_nobody_decided_about_is_named() -> None:
    found = coverage({"public.cases": ["id", "surprise"], "public.surprise": ["id"]})
    assert found.unknown == ("public.cases.surprise", "public.surprise.id")


def test_tables_that_stay_behind_drop_every_column() -> None:
    assert coverage({table: ["anything"] for table in EXCLUDED_TABLES}).unknown == ()


def test_no_token_or_secret_is_ever_read() -> None:
    read = {name for names in READ.values() for name in names}
    assert [name for name in read if re.search("token|secret|google", name)] == []


def test_a_key_inside_json_is_named_only_when_it_looks_like_a_field() -> None:
    keys = ("assignee", "Assignee", "_id", "Ana Doe", "ana@example.com", "1st", "", "é", "a" * 40, "a" * 41)
    assert list(left_inside("rfi_list", keys)) == [
        f"public.cases.rfi_list[].{told}"
        for told in ("assignee", "Assignee", "_id", *["(other)"] * 5, "a" * 40, "(other)")
    ]
