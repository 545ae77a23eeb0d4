"""The fence: writes are refused by it, also those that pass other barriers, and it lifts without a trace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from fixtures import postgres
from migration import fence, source
from migration.errors import Refusal, RunIncomplete
from migration.fence_proof import ALLOWED, DENIED, Attempt
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
    attempted = len(fenced.tables) * len(fenced.roles) * 4
    assert (fenced.allowed, fenced.refused, fenced.without_grant) == (attempted, attempted, 0)
    assert connection.execute("SELECT count(*) FROM public.users").fetchone() == (1,)


def test_a_missing_grant_is_told_apart_from_the_fence(connection: psycopg.Connection) -> None:
    connection.execute("REVOKE DELETE ON public.cases FROM anon")
    fenced = fence.up(connection, "run")
    assert fenced.without_grant == 1
    assert fenced.refused == fenced.allowed == len(fenced.tables) * len(fenced.roles) * 4 - 1


def test_a_grant_that_came_while_the_fence_went_up_is_no_excuse() -> None:
    attempt = Attempt("anon", "DELETE", "public.cases", "DELETE FROM public.cases")
    fence._nothing_through([attempt], [DENIED], [DENIED])
    with pytest.raises(RunIncomplete, match=r"DELETE on public\.cases as anon \(allowed\)"):
        fence._nothing_through([attempt], [DENIED], [ALLOWED])


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


def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("migration.fence.time.sleep", lambda _: None)
    for module in ("fence", "fence_proof"):
        short = psycopg.sql.SQL("SET LOCAL lock_timeout = '20ms'")
        monkeypatch.setattr(f"migration.{module}.LOCK_TIMEOUT", short)


def test_lifting_does_not_wait_for_readers_so_it_takes_no_exclusive_lock(
    connection: psycopg.Connection, v1_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fenced = fence.up(connection, "run")
    _short_waits(monkeypatch)
    with psycopg.connect(v1_database) as reader:
        for table in fenced.tables:  # each is held in ACCESS SHARE until the end of this transaction
            reader.execute(f"SELECT count(*) FROM {table}".encode())
        assert fence.lift(connection, "run") == fenced.tables


def test_a_reader_that_stays_is_named_before_anything_is_changed(
    connection: psycopg.Connection, v1_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _short_waits(monkeypatch)
    with psycopg.connect(v1_database) as reader:
        reader.execute("SELECT count(*) FROM public.cases")
        with pytest.raises(RunIncomplete, match="long transaction"):
            fence.up(connection, "run")
    assert fence.standing(connection) == ()


def test_sessions_of_the_api_are_ended_and_others_stay(
    connection: psycopg.Connection, v1_database: str, pg_server: postgres.Postgres
) -> None:
    database = connection.info.dbname
    with (
        psycopg.connect(pg_server.dsn_for("authenticator", database)) as api,
        psycopg.connect(v1_database) as person,
    ):
        api.execute("SET ROLE authenticated")
        api.commit()
        person.execute("SELECT 1")
        assert fence.up(connection, "run").ended == 1
        with pytest.raises(psycopg.OperationalError):
            api.execute("SELECT 1")
        assert person.execute("SELECT 2").fetchone() == (2,)


def test_a_session_of_the_api_that_keeps_its_lock_is_ended_and_its_write_undone(
    connection: psycopg.Connection, pg_server: postgres.Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    _short_waits(monkeypatch)
    # the writer comes after the proof of what was possible before, when the fence is being closed
    api = psycopg.connect(pg_server.dsn_for("authenticator", connection.info.dbname))
    close = fence._close

    def meanwhile(*given: Any) -> None:
        if api.info.transaction_status == psycopg.pq.TransactionStatus.IDLE:
            api.execute("SET ROLE service_role")
            api.execute("UPDATE public.users SET full_name = 'Late'")
        close(*given)

    monkeypatch.setattr("migration.fence._close", meanwhile)
    assert fence.up(connection, "run").ended == 1
    api.close()
    assert connection.execute("SELECT count(*) FROM public.users WHERE full_name = 'Late'").fetchone() == (0,)


def test_the_api_s_roles_may_not_open_the_fence(connection: psycopg.Connection, v1_database: str) -> None:
    fence.up(connection, "run")
    statements = (
        "ALTER TABLE public.users DISABLE TRIGGER cutover_fence",
        "DROP TRIGGER cutover_fence ON public.users",
        "SET session_replication_role = replica",
        "CREATE OR REPLACE FUNCTION cutover_fence.refuse() RETURNS trigger LANGUAGE plpgsql"
        " AS 'BEGIN RETURN NULL; END'",
    )
    for role in ("service_role", "authenticated", "anon"):
        for statement in statements:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                _write(v1_database, statement, f"SET ROLE {role}")


def test_what_passes_a_read_only_default_does_not_pass_the_fence(
    connection: psycopg.Connection, v1_database: str
) -> None:
    fence.up(connection, "run")
    for before in (b"BEGIN READ WRITE", b"SET default_transaction_read_only = off"):
        with psycopg.connect(v1_database, autocommit=True) as writer:
            writer.execute("SET ROLE service_role")
            writer.execute(before)
            with pytest.raises(psycopg.Error) as caught:
                writer.execute("DELETE FROM public.users")
        assert caught.value.sqlstate == fence.REFUSED


def test_a_function_with_its_owner_s_rights_is_refused_too(
    connection: psycopg.Connection, v1_database: str
) -> None:
    connection.execute(
        "CREATE FUNCTION public.sweep() RETURNS void LANGUAGE sql SECURITY DEFINER"
        " AS 'DELETE FROM public.users'"
    )
    fence.up(connection, "run")
    with pytest.raises(psycopg.Error) as caught:
        _write(v1_database, "SELECT public.sweep()", "SET ROLE anon")
    assert caught.value.sqlstate == fence.REFUSED


def test_a_database_in_read_only_mode_is_fenced_and_stays_in_it(
    tmp_path: Path, v1_database: str, pg_server: postgres.Postgres
) -> None:
    add_user(v1_database)
    database = v1_database.rpartition("/")[2]
    mode = f"ALTER DATABASE {database} SET default_transaction_read_only = on"
    _as_admin(pg_server, database, mode.encode())
    with source.connect(settings_for(tmp_path, v1_database)) as connection:
        fenced = fence.up(connection, "run")
        assert fence.standing(connection) == fenced.tables
        assert fence.lift(connection, "run") == fenced.tables
        assert connection.execute("SHOW default_transaction_read_only").fetchone() == ("on",)


def test_a_role_that_can_not_become_the_api_s_is_refused_for_nothing_could_be_proven(
    connection: psycopg.Connection, pg_server: postgres.Postgres
) -> None:
    _as_admin(pg_server, connection.info.dbname, b"REVOKE anon FROM postgres")
    try:
        with pytest.raises(Refusal, match="may not become anon"):
            fence.up(connection, "run")
    finally:
        _as_admin(pg_server, connection.info.dbname, b"GRANT anon TO postgres")
    assert fence.standing(connection) == ()


def test_a_writer_in_flight_is_waited_for_and_a_long_one_is_named(
    connection: psycopg.Connection, v1_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migration.fence.time.sleep", lambda _: None)
    _short_waits(monkeypatch)
    with psycopg.connect(v1_database) as writer:
        writer.execute("UPDATE public.users SET full_name = 'In flight'")
        with pytest.raises(RunIncomplete, match=r"long transaction .* The fence was not changed\."):
            fence.up(connection, "run")
        assert fence.standing(connection) == ()
        writer.commit()
    assert fence.up(connection, "run").tables == fence.standing(connection)


def _as_admin(server: postgres.Postgres, database: str, statement: bytes) -> None:
    with psycopg.connect(server.dsn_for("supabase_admin", database), autocommit=True) as admin:
        admin.execute(statement)


def test_a_moved_table_that_is_not_ours_is_refused_before_anything_is_done(
    connection: psycopg.Connection, pg_server: postgres.Postgres
) -> None:
    _as_admin(pg_server, connection.info.dbname, b"ALTER TABLE public.cases OWNER TO supabase_admin")
    with pytest.raises(Refusal, match=r"not the owner of public\.cases"):
        fence.up(connection, "run")
    assert fence.standing(connection) == ()


def test_a_table_of_an_extension_is_left_open_and_named(
    connection: psycopg.Connection, pg_server: postgres.Postgres
) -> None:
    _as_admin(pg_server, connection.info.dbname, b"CREATE TABLE public.spatial_ref_sys (id int)")
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
