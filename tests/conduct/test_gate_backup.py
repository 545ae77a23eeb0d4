"""The gate `backup`: our own dump restored and compared, or the word of Supabase's management API."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from fixtures import postgres, processes
from fixtures.pair import PairState
from migration.config import Settings
from migration.errors import Refusal
from migration.preflight.model import State
from tests.conduct.asking import Ask, shut
from tests.conduct.relay import Relay
from tests.conduct.sides import altered
from verbs.preflight import tools

pytestmark = pytest.mark.usefixtures("unmoved_by_all")


def test_backup_is_shut_when_the_dump_does_not_restore(
    ask: Ask, settings: Settings, pair: tuple[Path, PairState]
) -> None:
    elsewhere = (
        "CREATE SCHEMA own; CREATE FUNCTION own.one() RETURNS int LANGUAGE sql AS 'SELECT 1';"
        " ALTER TABLE public.case_rfe ADD COLUMN extra int DEFAULT own.one()"
    )
    with altered(
        pair[1], elsewhere, "ALTER TABLE public.case_rfe DROP COLUMN extra; DROP SCHEMA own CASCADE"
    ):
        shut(ask("backup"), "does not restore", "public.case_rfe", "not restored")
    assert list((settings.data_dir / "preflight" / "dumps").iterdir()) == []


def test_backup_keeps_one_dump_for_us_alone_and_nothing_else(ask: Ask, settings: Settings) -> None:
    first = ask("backup")
    assert first.state is State.OPEN
    (kept,) = (settings.data_dir / "preflight" / "dumps").iterdir()
    assert (kept.stat().st_mode & 0o777, kept.name in first.detail) == (0o600, True)
    assert list(settings.data_dir.glob("scratch-*")) == []


def test_backup_ends_what_a_killed_preflight_left_running(ask: Ask, settings: Settings) -> None:
    left = settings.data_dir / "scratch-left"
    settings.data_dir.mkdir(mode=0o700)
    server = postgres.start(left)
    assert ask("backup").state is State.OPEN
    assert not left.exists()
    assert not processes.is_same(server.pid, server.mark)


def test_backup_is_shut_without_postgresql_s_programs_or_with_old_ones(ask: Ask, tmp_path: Path) -> None:
    def none() -> Path:
        raise Refusal("No PostgreSQL server was found.", next_step="Install one.")

    shut(ask("backup", replace(tools(), binaries=none)), "No PostgreSQL server was found. Install one.")
    old = tmp_path / "pg_dump"
    old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.24'\n")
    old.chmod(0o755)
    shut(
        ask("backup", replace(tools(), binaries=lambda: tmp_path)),
        "9.6.24",
        "but the source is PostgreSQL 15",
    )


def test_backup_is_shut_when_pg_dump_ends_in_the_middle(ask: Ask, settings: Settings, tmp_path: Path) -> None:
    real = tools().binaries()
    torn = tmp_path / "pg_dump"
    torn.write_text(f'#!/bin/sh\n[ "$1" = --version ] && exec {real}/pg_dump --version\nexit 1\n')
    torn.chmod(0o755)
    shut(ask("backup", replace(tools(), binaries=lambda: tmp_path)), "pg_dump could not dump the source")
    assert list((settings.data_dir / "preflight" / "dumps").iterdir()) == []


def supabase(settings: Settings, relay: Relay) -> dict[str, Any]:
    """The settings of a Supabase project whose management API is the stand-in."""
    source = settings.source.model_copy(update={"name": "abcdef"})
    token = SecretStr("sbp_hunter2")
    return {"source": source, "supabase_token": token, "supabase_api": relay.url}


def backups(*made: tuple[str, timedelta], physical: timedelta | None = None) -> dict[str, Any]:
    """What the management API lists."""
    now = datetime.now(UTC)
    listed = [{"status": status, "inserted_at": (now - ago).isoformat()} for status, ago in made]
    unix = {} if physical is None else {"latest_physical_backup_date_unix": (now - physical).timestamp()}
    return {"pitr_enabled": physical is not None, "backups": listed, "physical_backup_data": unix}


ROUTE = "/v1/projects/abcdef/database/backups"
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("listed", "state", "words"),
    [
        (backups(("COMPLETED", HOUR)), State.OPEN, "newest backup is of"),
        (backups(("COMPLETED", 90 * HOUR), ("COMPLETED", 5 * HOUR)), State.OPEN, "newest backup is of"),
        (backups(physical=HOUR), State.OPEN, "newest backup is of"),
        (backups(), State.SHUT, "lists no complete backup"),
        (backups(("FAILED", HOUR)), State.SHUT, "lists no complete backup"),
        (backups(("COMPLETED", 27 * HOUR)), State.SHUT, "older than 26 hours"),
    ],
)
def test_backup_is_as_the_management_api_says(
    listed: dict[str, Any], state: State, words: str, ask: Ask, settings: Settings
) -> None:
    with Relay(routes={ROUTE: (200, listed)}).serving() as relay:
        outcome = ask("backup", **supabase(settings, relay))
    assert (outcome.state, words in outcome.detail) == (state, True), outcome
    assert relay.seen == [("GET", ROUTE, "Bearer sbp_hunter2")]


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (401, {}, "refused the access token"),
        (500, {}, "answered 500"),
        (200, "no json", "is no list of backups"),
    ],
)
def test_backup_is_shut_when_the_management_api_does_not_tell(
    status: int, body: Any, words: str, ask: Ask, settings: Settings
) -> None:
    with Relay(routes={ROUTE: (status, body)}).serving() as relay:
        shut(ask("backup", **supabase(settings, relay)), words)
