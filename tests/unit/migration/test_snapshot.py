"""The snapshot: every row as it is, at one moment, without secrets, and never an empty one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest

from fixtures.layout import Layout
from migration import drift, introspect, snapshot, source
from migration.errors import RunIncomplete
from migration.snapshot import Least, Snapshot
from tests.unit.migration.support import CANARY, CASE, USER, add_case, add_user, settings_for

LEAST = Least(users=1, cases=1, canary_email=CANARY)


def _take(tmp_path: Path, dsn: str, least: Least = LEAST) -> Snapshot:
    with source.connect(settings_for(tmp_path, dsn)) as connection:
        return snapshot.take(
            connection, introspect.read(connection), tmp_path / "raw", least, lambda *_: None
        )


def _rows(tmp_path: Path, table: str) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in (tmp_path / "raw" / f"{table}.ndjson").read_bytes().splitlines()]


@pytest.mark.parametrize(
    "text",
    [
        'a "quoted" \\ back\\slash',
        "two\nlines\r\n\ttab",
        "\u202eright to left 👩‍👩‍👧 e\u0301",
        "\x01 \x7f \u2028",
    ],
)
def test_text_comes_out_as_it_stands(text: str, tmp_path: Path, v1_database: str) -> None:
    add_user(v1_database)
    add_case(v1_database, notes=text)
    _take(tmp_path, v1_database)
    assert _rows(tmp_path, "public.cases")[0]["notes"] == text


def test_each_type_is_written_as_agreed(tmp_path: Path, v1_database: str) -> None:
    add_user(v1_database)
    add_case(v1_database)
    with psycopg.connect(v1_database, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO public.user_settings (user_id, quiet_hours_start) VALUES (%s, '22:30')", (USER,)
        )
        connection.execute("UPDATE public.cases SET pwd_expiration_date = 'infinity'")
    _take(tmp_path, v1_database)
    (case,), (settings,) = _rows(tmp_path, "public.cases"), _rows(tmp_path, "public.user_settings")
    assert case["pwd_wage_amount"] == "85000.00"
    assert case["pwd_filing_date"] == "2024-02-29"
    assert case["pwd_expiration_date"] == "infinity"
    assert case["tags"] == ["a", None, "b c"]
    assert case["rfi_list"] == [{"title": 'q"x'}]
    assert case["notes"] is None
    assert case["is_favorite"] is False
    assert settings["quiet_hours_start"] == "22:30:00"
    assert _rows(tmp_path, "auth.users")[0]["email_confirmed_at"] == "2025-01-02T03:04:05.678901+00:00"


def test_secrets_are_counted_and_never_leave_the_source(tmp_path: Path, v1_database: str) -> None:
    add_user(v1_database)
    add_case(v1_database)
    taken = _take(tmp_path, v1_database)
    everything = b"".join(path.read_bytes() for path in (tmp_path / "raw").iterdir())
    assert b"gAAAA-token" not in everything
    assert b"secret-hash" not in everything
    assert _rows(tmp_path, "auth.users")[0]["has_password"] is True
    assert taken.non_null["public.users"]["google_refresh_token"] == 1
    assert taken.non_null["public.users"]["google_access_token"] == 0
    assert "google_refresh_token" in taken.columns["public.users"]


def test_counts_and_digests_are_those_of_the_files(tmp_path: Path, v1_database: str) -> None:
    add_user(v1_database)
    add_case(v1_database)
    taken = _take(tmp_path, v1_database)
    content = (tmp_path / "raw" / "public.cases.ndjson").read_bytes()
    assert taken.tables["public.cases"] == {"rows": 1, "digest": hashlib.sha256(content).hexdigest()}
    assert taken.left["public.notifications"] == 0
    assert not list((tmp_path / "raw").glob("*.partial"))


def test_the_clock_is_the_beginning_of_the_snapshot(tmp_path: Path, v1_database: str) -> None:
    add_user(v1_database)
    add_case(v1_database)
    assert abs(_take(tmp_path, v1_database).clock - datetime.now(UTC)) < timedelta(minutes=1)


def test_two_snapshots_of_the_same_rows_have_the_same_digest(tmp_path: Path, v1_database: str) -> None:
    add_user(v1_database)
    add_case(v1_database)
    assert _take(tmp_path, v1_database).digest() == _take(tmp_path, v1_database).digest()


def test_rows_are_in_uuid_order(tmp_path: Path, v1_database: str) -> None:
    add_user(v1_database)
    ids = ["ffffffff-0000-4000-8000-000000000000", CASE, "0aaaaaaa-0000-4000-8000-000000000000"]
    for number in ids:
        add_case(v1_database, id=number)
    _take(tmp_path, v1_database)
    assert [row["id"] for row in _rows(tmp_path, "public.cases")] == sorted(ids)


def test_the_users_file_has_one_name_whatever_the_table_is_called(
    tmp_path: Path, new_database: Callable[[Layout | None], str]
) -> None:
    dsn = new_database(Layout(users_table="perm_users"))
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("INSERT INTO public.perm_users (id, email) VALUES (%s, 'a@example.test')", (USER,))
    add_case(dsn)
    _take(tmp_path, dsn)
    assert [row["id"] for row in _rows(tmp_path, "public.users")] == [USER]


@pytest.mark.parametrize("who", [None, CANARY, " CANARY@Example.test"])
def test_an_empty_source_is_unknown_and_the_canary_does_not_fill_it(
    who: str | None, tmp_path: Path, v1_database: str
) -> None:
    if who is not None:
        add_user(v1_database, email=who)
        add_case(v1_database)
    with pytest.raises(RunIncomplete, match=r"The source is \(nearly\) empty") as caught:
        _take(tmp_path, v1_database)
    assert caught.value.exit_code == 11


def test_a_change_after_the_snapshot_is_drift_also_in_the_schema_that_can_not_be_fenced(
    tmp_path: Path, v1_database: str
) -> None:
    add_user(v1_database)
    add_case(v1_database)
    taken = _take(tmp_path, v1_database)
    with source.connect(settings_for(tmp_path, v1_database)) as connection:
        layout = introspect.read(connection)
        connection.execute("UPDATE auth.users SET last_sign_in_at = now()")
        assert drift.changed(taken.fingerprint, drift.fingerprint(connection, layout)) == []
        connection.execute("UPDATE auth.users SET banned_until = now()")
        assert drift.changed(taken.fingerprint, drift.fingerprint(connection, layout)) == ["auth.users"]
