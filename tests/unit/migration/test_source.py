"""The source's adapter: who it refuses, and that its errors show no secret."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from fixtures import postgres
from fixtures.layout import Layout
from migration import introspect, source
from migration.errors import Refusal
from tests.unit.migration.support import settings_for


def test_an_unreachable_host_is_one_sentence_without_the_password(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, "postgresql://postgres:hunter2@127.0.0.1:9/postgres")
    with pytest.raises(Refusal, match=r"can not be reached\. Nothing was changed\.") as caught:
        source.connect(settings)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_wrong_password_is_named_as_such(tmp_path: Path, pg_server: postgres.Postgres) -> None:
    dsn = pg_server.dsn_for().replace(pg_server.password, "hunter2")
    with pytest.raises(Refusal, match="refused the password") as caught:
        source.connect(settings_for(tmp_path, dsn))
    assert "hunter2" not in str(caught.value)


def test_an_absent_database_is_named_as_such(tmp_path: Path, pg_server: postgres.Postgres) -> None:
    with pytest.raises(Refusal, match="no such database"):
        source.connect(settings_for(tmp_path, pg_server.dsn_for(database="nowhere")))


def test_the_transaction_pooler_is_refused_before_connecting(tmp_path: Path) -> None:
    dsn = "postgresql://postgres.ref:p@aws-0-eu.pooler.supabase.com:6543/postgres"
    with pytest.raises(Refusal, match="transaction pooler"):
        source.connect(settings_for(tmp_path, dsn))


def test_the_session_is_utc_and_has_no_time_limit(tmp_path: Path, v1_database: str) -> None:
    with source.connect(settings_for(tmp_path, v1_database)) as connection:
        row = connection.execute(
            "SELECT current_setting('timezone'), current_setting('statement_timeout')"
        ).fetchone()
    assert row == ("UTC", "0")


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_text_is_read_as_unicode_whatever_the_database_and_the_shell_say(
    encoding: str, tmp_path: Path, v1_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(v1_database, autocommit=True) as owner:
        name = sql.Identifier(owner.info.dbname)
        owner.execute(sql.SQL("ALTER DATABASE {} SET client_encoding = {}").format(name, encoding))
    monkeypatch.setenv("PGCLIENTENCODING", encoding)
    with source.connect(settings_for(tmp_path, v1_database)) as connection:
        assert connection.execute("SELECT chr(128640)").fetchone() == ("🚀",)


def test_the_identity_is_that_of_the_database(
    tmp_path: Path, new_database: Callable[[Layout | None], str]
) -> None:
    one, two = (settings_for(tmp_path, new_database(Layout())) for _ in range(2))
    identities = []
    for settings in (one, one, two):
        with source.connect(settings) as connection:
            identities.append(source.describe(connection).identity)
    assert identities[0] == identities[1] != identities[2]


def test_a_source_without_the_tables_is_refused_by_name(
    tmp_path: Path, new_database: Callable[[Layout | None], str]
) -> None:
    with (
        source.connect(settings_for(tmp_path, new_database(None))) as connection,
        pytest.raises(Refusal, match=r"no table public\.users"),
    ):
        introspect.read(connection)


def test_a_missing_needed_table_is_named(tmp_path: Path, v1_database: str) -> None:
    with psycopg.connect(v1_database, autocommit=True) as owner:
        owner.execute("DROP TABLE public.case_rfe")
    with (
        source.connect(settings_for(tmp_path, v1_database)) as connection,
        pytest.raises(Refusal, match=r"public\.case_rfe"),
    ):
        introspect.read(connection)


@pytest.mark.parametrize("table", ["users", "cases"])
def test_rows_without_their_time_are_refused_before_each_of_them_would_wait_for_a_decision(
    table: str, tmp_path: Path, v1_database: str
) -> None:
    with psycopg.connect(v1_database, autocommit=True) as owner:
        owner.execute(
            sql.SQL("ALTER TABLE {} DROP COLUMN created_at CASCADE").format(sql.Identifier("public", table))
        )
    with (
        source.connect(settings_for(tmp_path, v1_database)) as connection,
        pytest.raises(Refusal, match=rf"no column public\.{table}\.created_at"),
    ):
        introspect.read(connection)


@pytest.mark.parametrize("name", ["users", "perm_users"])
def test_the_users_table_is_found_under_either_name(
    name: str, tmp_path: Path, new_database: Callable[[Layout | None], str]
) -> None:
    dsn = new_database(Layout(users_table=name))  # type: ignore[arg-type]
    with source.connect(settings_for(tmp_path, dsn)) as connection:
        layout = introspect.read(connection)
    assert layout.users_table == f"public.{name}"
    assert layout.table("public.users").relation == name


def test_columns_that_only_one_document_names_may_be_absent(
    tmp_path: Path, new_database: Callable[[Layout | None], str]
) -> None:
    dsn = new_database(Layout(doubtful=False))
    with source.connect(settings_for(tmp_path, dsn)) as connection:
        assert not introspect.read(connection).table("public.cases").has("recruitment_notes")


def test_a_role_that_row_level_security_applies_to_is_refused(tmp_path: Path, v1_database: str) -> None:
    with source.connect(settings_for(tmp_path, v1_database)) as connection:
        connection.execute("SET ROLE authenticated")
        with pytest.raises(Refusal, match=r"does not see every row of .*public\.cases"):
            introspect.read(connection)


def test_secrets_are_not_among_the_carried_columns(tmp_path: Path, v1_database: str) -> None:
    with source.connect(settings_for(tmp_path, v1_database)) as connection:
        layout = introspect.read(connection)
    carried = {column.name for column in layout.table("public.users").carried()}
    assert "google_email" in carried
    assert not {"google_refresh_token", "google_access_token", "google_calendar_refresh_token"} & carried


def test_a_silent_network_is_noticed_and_a_lock_is_not_waited_for_without_end(
    v1_database: str, tmp_path: Path
) -> None:
    with source.connect(settings_for(tmp_path, v1_database)) as connection:
        with socket.socket(fileno=os.dup(connection.fileno())) as line:
            assert line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            if hasattr(socket, "TCP_KEEPIDLE"):
                assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 15
        assert connection.execute("SHOW lock_timeout").fetchone() == ("30s",)
