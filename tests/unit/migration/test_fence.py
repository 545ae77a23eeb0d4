"""The fence: writes are refused by it, also those that pass other barriers, and it lifts without a trace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from fixtures import postgres
from migration import fence, source
from migration.errors import Refusal, RunIncomplete
from tests.unit.migration.support import USER, add_user, settings_for


@pytest.fixture
def connection(tmp_path: Path, v1_database: str) -> Iterator[psycopg.Connection]:
    add_user(v1_database)
    with source.connect(settings_for(tmp_path, v1_database)) as opened:
        yield opened


def _write(dsn: str, statement: str, *before: str) -> None:
    with psycopg.connect(dsn) as writer:
        for setting in before:
            writer.execute(setting)
        writer.execute(statement)


@pytest.mark.parametrize("role", ["postgres", "service_role"])
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO public.users (email) VALUES ('late@example.test')",
        "UPDATE public.users SET full_name = 'Late'",
        "DELETE FROM public.users",
        "TRUNCATE public.cases CASCADE",
    ],
)
def test_a_write_is_refused_by_the_fence_itself(
    role: str, statement: str, connection: psycopg.Connection, v1_database: str
) -> None:
    fence.up(connection, "run")
    with pytest.raises(psycopg.Error) as caught:
        _write(v1_database, statement, f"SET ROLE {role}")
    assert caught.value.sqlstate == fence.REFUSED
    assert "Cutover" in str(caught.value)


def test_a_session_that_switches_ordinary_triggers_off_is_refused_too(
    connection: psycopg.Connection, v1_database: str
) -> None:
    fence.up(connection, "run")
    with pytest.raises(psycopg.Error) as caught:
        _write(v1_database, "DELETE FROM public.users", "SET session_replication_role = replica")
    assert caught.value.sqlstate == fence.REFUSED


def test_a_write_through_the_other_spelling_of_the_users_table_is_refused(
    connection: psycopg.Connection, v1_database: str
) -> None:
    fence.up(connection, "run")
    with pytest.raises(psycopg.Error) as caught:
        _write(v1_database, "UPDATE public.perm_users SET full_name = 'Late'")
    assert caught.value.sqlstate == fence.REFUSED


def test_a_transaction_that_began_before_the_fence_can_not_write_after_it(
    connection: psycopg.Connection, v1_database: str
) -> None:
    with psycopg.connect(v1_database) as early:
        early.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        early.execute("SELECT count(*) FROM auth.users")
        fence.up(connection, "run")
        with pytest.raises(psycopg.Error) as caught:
            early.execute("UPDATE public.users SET full_name = 'Late'")
    assert caught.value.sqlstate == fence.REFUSED


def test_every_table_and_role_is_proven_by_writes_that_were_allowed_before(
    connection: psycopg.Connection,
) -> None:
    fenced = fence.up(connection, "run")
    assert fenced.roles == ("postgres", "service_role", "authenticated", "anon")
    # INSERT, UPDATE, DELETE and TRUNCATE, by each role, on each table: v1's grants allow all of them
    assert fenced.refused == len(fenced.tables) * len(fenced.roles) * 4
    assert fenced.without_grant == 0


def test_a_missing_grant_is_told_apart_from_the_fence(connection: psycopg.Connection) -> None:
    connection.execute("REVOKE DELETE ON public.cases FROM anon")
    assert fence.up(connection, "run").without_grant == 1


def test_rows_can_be_read_while_fenced(connection: psycopg.Connection, v1_database: str) -> None:
    fence.up(connection, "run")
    with psycopg.connect(v1_database) as reader:
        assert reader.execute("SELECT count(*) FROM public.users").fetchone() == (1,)


def test_fencing_twice_is_the_same_as_once(connection: psycopg.Connection) -> None:
    once, again = fence.up(connection, "run"), fence.up(connection, "run")
    assert (once.tables, once.refused) == (again.tables, again.refused)
    assert fence.standing(connection) == once.tables


def test_lifting_lets_every_write_through_again(connection: psycopg.Connection, v1_database: str) -> None:
    fenced = fence.up(connection, "run")
    assert fence.lift(connection, "run") == fenced.tables
    assert fence.standing(connection) == ()
    assert fence.lift(connection, "run") == ()
    _write(v1_database, f"UPDATE public.users SET full_name = 'Back' WHERE id = '{USER}'")
    assert connection.execute("SELECT full_name FROM public.users").fetchone() == ("Back",)


def test_a_writer_in_flight_is_waited_for_and_a_long_one_is_named(
    connection: psycopg.Connection, v1_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migration.fence.time.sleep", lambda _: None)
    monkeypatch.setattr("migration.fence.LOCK_TIMEOUT", psycopg.sql.SQL("SET LOCAL lock_timeout = '20ms'"))
    with psycopg.connect(v1_database) as writer:
        writer.execute("UPDATE public.users SET full_name = 'In flight'")
        with pytest.raises(RunIncomplete, match="long transaction"):
            fence.up(connection, "run")
        assert fence.standing(connection) == ()
        writer.commit()
    assert fence.up(connection, "run").tables == fence.standing(connection)


def _as_admin(server: postgres.Postgres, database: str, statement: LiteralString) -> None:
    with psycopg.connect(server.dsn_for("supabase_admin", database), autocommit=True) as admin:
        admin.execute(statement)


def test_a_moved_table_that_is_not_ours_is_refused_before_anything_is_done(
    connection: psycopg.Connection, pg_server: postgres.Postgres
) -> None:
    _as_admin(pg_server, connection.info.dbname, "ALTER TABLE public.cases OWNER TO supabase_admin")
    with pytest.raises(Refusal, match=r"not the owner of public\.cases"):
        fence.up(connection, "run")
    assert fence.standing(connection) == ()


def test_a_table_of_an_extension_is_left_open_and_named(
    connection: psycopg.Connection, pg_server: postgres.Postgres
) -> None:
    _as_admin(pg_server, connection.info.dbname, "CREATE TABLE public.spatial_ref_sys (id int)")
    fenced = fence.up(connection, "run")
    assert fenced.left_open == ("public.spatial_ref_sys",)
    assert "public.cases" in fenced.tables


def test_a_fence_with_a_hole_is_never_reported_as_up(
    connection: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "migration.fence._FUNCTION", fence._FUNCTION.replace("RAISE EXCEPTION", "RAISE NOTICE")
    )
    with pytest.raises(RunIncomplete, match=r"does not hold: .* got past it"):
        fence.up(connection, "run")
    assert connection.execute("SELECT count(*) FROM public.users").fetchone() == (1,)
