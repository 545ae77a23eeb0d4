"""The checks read the source by SQL of their own: typed, read-only, of one moment, whatever the layout."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import psycopg
import pytest
from pydantic import SecretStr

from checks.oracle.rules import UNREADABLE
from checks.ranges import Keys
from checks.source.resolutions import Resolutions
from checks.source.session import Session, opened
from fixtures.layout import Layout
from migration.config import Settings
from migration.endpoints import SourceSettings
from tests.unit.checks.material import key

CASE = "INSERT INTO public.cases (id, user_id, beneficiary_identifier, employer_name, position_title"


@contextmanager
def _session(dsn: str) -> Iterator[Session]:
    source = SourceSettings(dsn=SecretStr(dsn), name="test")
    with opened(cast("Settings", SimpleNamespace(source=source, fences=True))) as session:
        yield session


def _people(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO auth.users (id, email, encrypted_password, banned_until, created_at) "
            "VALUES (%s, 'a@x', '$2a$10$secret', 'infinity', '2024-01-02 03:04:05.678999+02')",
            (key(90),),
        )
        connection.execute(
            "INSERT INTO public.users (id, auth_user_id, email, google_refresh_token, deleted_at) "
            "VALUES (%s, %s, 'a@x', 'gAAAAsecret', '1969-12-31 23:59:59.9995+00')",
            (key(1), key(90)),
        )
        connection.execute(
            "INSERT INTO public.user_settings (user_id, quiet_hours_start) VALUES (%s, '22:30')", (key(1),)
        )
        connection.execute(
            CASE + ", pwd_wage_amount, pwd_filing_date, pwd_determination_date, tags, notes) "
            "VALUES (%s, %s, 'b', 'E', 'P', 0.10, '2024-02-29', 'infinity', '{a,NULL}', %s)",
            (key(2), key(1), 'back\\slash "quote"\nline 😀'),
        )


def test_values_arrive_typed_and_exact(v1_database: str) -> None:
    _people(v1_database)
    with _session(v1_database) as session:
        (case,) = session.rows("public.cases")
        (user,) = session.rows("public.users")
        (auth,) = session.rows("auth.users")
        (settings,) = session.rows("public.user_settings")
    assert (case["id"], case["pwd_wage_amount"], case["pwd_filing_date"]) == (key(2), "0.10", "2024-02-29")
    assert (case["pwd_determination_date"], case["tags"]) == ("infinity", ["a", None])
    assert case["notes"] == 'back\\slash "quote"\nline 😀'
    assert user["deleted_at"] == -1
    assert (auth["created_at"], auth["banned_until"]) == (1704157445678, "infinity")
    assert settings["quiet_hours_start"] == "22:30:00"


@pytest.mark.parametrize(
    "column", ["real '1.5'", "double precision '-0.25'", "v1_mood 'glad'", "smallint '7'"]
)
def test_a_column_of_another_type_is_what_json_has_for_it(v1_database: str, column: str) -> None:
    """v1's schema may have drifted: a value then is what PostgreSQL prints for it in JSON."""
    kind, _, value = column.rpartition(" ")
    _people(v1_database)
    with psycopg.connect(v1_database, autocommit=True) as connection:
        connection.execute("CREATE TYPE v1_mood AS ENUM ('glad', 'sad')")
        connection.execute(f"ALTER TABLE public.cases DROP COLUMN job_title, ADD job_title {kind}")
        connection.execute(f"UPDATE public.cases SET job_title = {value}")
        printed = connection.execute("SELECT to_json(job_title) FROM public.cases").fetchone()
    with _session(v1_database) as session:
        (case,) = session.rows("public.cases")
    assert printed is not None
    assert (case["job_title"], type(case["job_title"])) == (printed[0], type(printed[0]))


@pytest.mark.parametrize("number", ["1" + "0" * 400, "1" + "0" * 5000])
def test_a_row_with_a_number_beyond_float64_is_marked(v1_database: str, number: str) -> None:
    _people(v1_database)
    with psycopg.connect(v1_database, autocommit=True) as connection:
        connection.execute(
            "UPDATE public.cases SET documents = %s::jsonb", (f'[{{"id": "a", "size": {number}}}]',)
        )
    with _session(v1_database) as session:
        (case,) = session.rows("public.cases")
    assert case[UNREADABLE] is True
    assert case["documents"][0]["id"] == "a"


def test_printed_rows_are_what_the_snapshot_has(v1_database: str) -> None:
    """To the microsecond, and without columns that do not exist."""
    _people(v1_database)
    with psycopg.connect(v1_database) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        raw = connection.execute("SELECT row_to_json(t) FROM public.users t").fetchone()
    with _session(v1_database) as session:
        (user,) = session.printed("public.users", ("id", "deleted_at", "no_such_column"))
    assert raw is not None
    assert user == {name: raw[0][name] for name in ("id", "deleted_at")}
    assert user["deleted_at"] == "1969-12-31T23:59:59.9995+00:00"


def test_rows_of_chosen_cases_come_alone(v1_database: str) -> None:
    _people(v1_database)
    with psycopg.connect(v1_database, autocommit=True) as connection:
        connection.execute(CASE + ") VALUES (%s, %s, 'b', 'E', 'P')", (key(3), key(1)))
    with _session(v1_database) as session:
        found = [row["id"] for row in session.rows("public.cases", Keys(frozenset([key(3), key(8)])))]
        assert list(session.rows("public.case_rfi", Keys(frozenset()))) == []
    assert found == [key(3)]


def test_secrets_never_leave_the_source(v1_database: str) -> None:
    _people(v1_database)
    with _session(v1_database) as session:
        (user,) = session.rows("public.users")
        (auth,) = session.rows("auth.users")
        counts = session.non_null("public.users")
    assert auth["has_password"] is True
    assert "encrypted_password" not in auth
    assert not {name for name in user if "token" in name}
    assert counts["google_refresh_token"] == 1


def test_a_session_can_not_write(v1_database: str) -> None:
    with _session(v1_database) as session, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        session._connection.execute("DELETE FROM public.cases")


def test_a_session_sees_one_moment(v1_database: str) -> None:
    _people(v1_database)
    with _session(v1_database) as session:
        assert session.count("public.cases") == 1
        with psycopg.connect(v1_database, autocommit=True) as other:
            other.execute("DELETE FROM public.cases")
        assert session.count("public.cases") == len(list(session.rows("public.cases"))) == 1


def test_rows_stream_in_the_order_of_their_keys(v1_database: str) -> None:
    _people(v1_database)
    with psycopg.connect(v1_database, autocommit=True) as connection:
        connection.execute(
            CASE + ") SELECT gen_random_uuid(), %s, 'b', 'E', 'P' FROM generate_series(1, 1200)", (key(1),)
        )
    with _session(v1_database) as session:
        keys = [row["id"] for row in session.rows("public.cases")]
        assert session.case_words(without=[]) == {"PWD": 1201}
        assert session.strata()[key(2)] == (key(1), "PWD")
        assert session.owners_of([key(2), "nothing"]) == {key(2): key(1)}
    assert keys == sorted(keys)
    assert len(keys) == 1201


def test_the_table_of_people_is_found_under_either_name(new_database: Callable[[Layout | None], str]) -> None:
    dsn = new_database(Layout())
    _people(dsn)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("DROP VIEW public.perm_users")
        connection.execute("ALTER TABLE public.users RENAME TO perm_users")
    with _session(dsn) as session:
        assert session.users_table == "public.perm_users"
        assert [row["id"] for row in session.rows("public.users")] == [key(1)]


def test_a_column_to_sort_by_may_be_lacking_too(v1_database: str) -> None:
    _people(v1_database)
    with psycopg.connect(v1_database, autocommit=True) as connection:
        connection.execute("ALTER TABLE public.case_rfe DROP COLUMN created_at")
        connection.execute("INSERT INTO public.case_rfe (id, case_id) VALUES (%s, %s)", (key(4), key(2)))
    with _session(v1_database) as session:
        assert [row["id"] for row in session.rows("public.case_rfe")] == [key(4)]


def test_columns_that_the_source_lacks_are_left_out(v1_database: str) -> None:
    _people(v1_database)
    with psycopg.connect(v1_database, autocommit=True) as connection:
        connection.execute("ALTER TABLE public.cases DROP COLUMN i140_denial_date")
    with _session(v1_database) as session:
        (case,) = session.rows("public.cases")
    assert "i140_denial_date" not in case


DECISIONS = f"""
[[resolution]]
table = "public.cases"
key = "{key(1)}"
as = "exclude"
[[resolution]]
table = "public.cases"
key = "{key(2)}"
as = "assign"
value = "{key(8)}"
[[resolution]]
table = "public.cases"
key = "{key(3)}"
as = "value"
value = "updated_at=2024-01-02T03:04:05Z"
[[resolution]]
table = "public.case_rfi"
key = "{key(4)}"
as = "assign"
value = "{key(9)}"
"""


def test_decisions_edit_rows_before_anything_else_looks(tmp_path: Path) -> None:
    path = tmp_path / "quarantine.toml"
    path.write_text(DECISIONS)
    decided = Resolutions(path)
    kinds = {"updated_at": "timestamp with time zone"}
    rows = [{"id": key(number), "user_id": key(7), "updated_at": 5} for number in range(1, 5)]
    found = list(decided.apply("public.cases", rows, kinds))
    assert [row["id"] for row in found] == [key(2), key(3), key(4)]
    assert (found[0]["user_id"], found[1]["updated_at"], found[2]) == (key(8), 1704164645000, rows[3])
    assert decided.excluded["public.cases"] == 1
    (entry,) = decided.apply("public.case_rfi", [{"id": key(4), "case_id": key(1)}], {})
    assert entry["case_id"] == key(9)
    assert decided.assigns("public.case_rfi")
    assert decided.excludes("public.cases", key(1))
    assert not decided.excludes("public.cases", key(2))


def test_several_values_of_one_row_are_all_written_as_their_columns_hold_them(tmp_path: Path) -> None:
    path = tmp_path / "quarantine.toml"
    decision = '[[resolution]]\ntable = "public.cases"\nkey = "{}"\nas = "{}"\nvalue = \'{}\'\n'
    path.write_text(
        decision.format(key(1).upper(), "value", "case_status=PWD")
        + decision.format(key(1), "value", 'rfi_list=[{"title": "A"}]')
        + decision.format(key(1), "value", "is_favorite=true")
        + decision.format(key(1), "value", "pwd_filing_date=")
        + decision.format(key(1), "assign", key(9).upper())
        + decision.format(key(2), "exclude", "")
    )
    decided = Resolutions(path)
    kinds = {"rfi_list": "jsonb", "is_favorite": "boolean"}
    (row,) = decided.apply("public.cases", [{"id": key(1)}, {"id": key(2)}], kinds)
    assert row == {
        "id": key(1),
        "case_status": "PWD",
        "rfi_list": [{"title": "A"}],
        "is_favorite": True,
        "pwd_filing_date": None,
        "user_id": key(9),
    }
    owners = [decided.owner("public.cases", key(number), key(7)) for number in (1, 2, 3)]
    assert owners == [key(9), None, key(7)]


def test_without_decisions_rows_are_as_they_are(tmp_path: Path) -> None:
    rows = [{"id": key(1)}]
    assert list(Resolutions(tmp_path / "none.toml").apply("public.cases", rows, {})) == rows
