"""Each automatic gate on a real pair: what opens it, and what really shuts it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from pydantic import SecretStr

from fixtures import deployment as launcher
from fixtures import postgres, processes
from fixtures.pair import PairState
from migration import config
from migration.config import Settings
from migration.errors import Refusal
from migration.preflight import gates
from migration.preflight.model import Outcome, State
from migration.preflight.scene import Scene, Tools
from migration.preflight.table import GATES
from tests.conduct.desk import ROOT, variables_of
from tests.conduct.relay import Relay
from tests.conduct.sides import altered, look
from tests.unit.migration.support import USER, add_user
from verbs.preflight import tools

AUTOMATIC = [gate.name for gate in GATES if "test" in gate.environments]
CLOSED = "http://127.0.0.1:9"
V2 = ROOT / "fixtures" / "app" / "convex"
NOT_FOUND = {"status": "error", "errorMessage": "Could not find function"}

Ask = Callable[..., Outcome]


@pytest.fixture(scope="module", autouse=True)
def unmoved_by_all(pair: tuple[Path, PairState], tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """When all gates of this module have been asked, both sides are as they were."""
    folder = tmp_path_factory.mktemp("look")
    before = look(pair[1], folder)
    yield
    assert look(pair[1], folder) == before


@pytest.fixture
def settings(pair: tuple[Path, PairState], tmp_path: Path) -> Settings:
    """The pair as a test environment, with a data folder of the test's own."""
    environ = {
        "HOME": str(tmp_path),
        **variables_of(pair[1]),
        "CUTOVER_DATA_DIR": str(tmp_path / "data"),
        "CUTOVER_RUNS_DIR": str(tmp_path / "reports" / "runs"),
    }
    return config.load("test", root=tmp_path / "checkout", environ=environ)


@pytest.fixture
def ask(settings: Settings) -> Ask:
    """A function: one gate's outcome, with the gates that it waits for asked before it."""

    def asked(name: str, lent: Tools | None = None, **changed: Any) -> Outcome:
        scene = Scene(settings.model_copy(update=changed), lent or tools())
        with scene:
            return gates.carry_out(scene, _with_needed(name))[-1]

    return asked


def _with_needed(name: str) -> list[Any]:
    wanted = {name}
    for gate in reversed(GATES):
        wanted |= set(gate.waits_for) if gate.name in wanted else set()
    return [gate for gate in GATES if gate.name in wanted]


def shut(outcome: Outcome, *words: str) -> None:
    """Shut, with these words, with what opens it, and with no secret."""
    assert outcome.state is State.SHUT, outcome
    assert [word for word in words if word not in outcome.detail] == [], outcome.detail
    assert outcome.when_shut
    assert "hunter2" not in outcome.model_dump_json()


def at(settings: Settings, url: str, key: str | None = None) -> dict[str, Any]:
    """The settings of a target elsewhere."""
    changed: dict[str, Any] = {"url": url}
    if key is not None:
        changed["admin_key"] = SecretStr(key)
    return {"target": settings.target.model_copy(update=changed)}


def test_a_sound_pair_opens_every_automatic_gate(settings: Settings) -> None:
    with Scene(settings, tools()) as scene:
        outcomes = gates.carry_out(scene)
    assert {one.gate for one in outcomes if one.state is State.OPEN} == set(AUTOMATIC)
    assert [one.gate for one in outcomes if one.state is State.OPEN and not one.detail] == []


# ---------------------------------------------------------------- the target


def test_deployment_is_shut_when_nothing_answers_or_the_key_is_another_s(
    ask: Ask, settings: Settings
) -> None:
    shut(ask("deployment", **at(settings, CLOSED)), "can not be reached")
    shut(ask("deployment", **at(settings, settings.target.url, "embedded|hunter2")), "refused the admin key")


def test_deployment_is_shut_while_convex_has_stopped_it_or_somebody_imports(
    ask: Ask, settings: Settings
) -> None:
    def told(value: Any) -> dict[str, Any]:
        return {"status": "success", "value": value}

    state = "_system/frontend/deploymentState:deploymentState"
    with Relay(settings.target.url, queries={state: told({"state": "disabled"})}).serving() as relay:
        shut(ask("deployment", **at(settings, relay.url)), "is disabled")
    busy = told([{"state": {"state": "in_progress"}}])
    with Relay(settings.target.url, queries={"_system/cli/queryImport:list": busy}).serving() as relay:
        shut(ask("deployment", **at(settings, relay.url)), "import is being carried out")


def test_versions_is_shut_when_the_deployment_does_not_tell_its_own(ask: Ask, settings: Settings) -> None:
    with Relay(settings.target.url, routes={"/version": (200, "unknown")}).serving() as relay:
        shut(ask("versions", **at(settings, relay.url)), "does not tell its version")


def test_key_is_shut_when_it_may_only_read(
    ask: Ask, settings: Settings, pair: tuple[Path, PairState]
) -> None:
    key = (pair[0] / "convex" / "read_only_key").read_text()
    outcome = ask("key", **at(settings, settings.target.url, key))
    shut(outcome, "may only read")
    assert key not in outcome.model_dump_json()


@pytest.mark.parametrize(
    ("operations", "words"),
    [
        (["ViewData", "CreateBackups", "ViewBackups", "DownloadBackups"], ("backups:import", "pause")),
        (["deployment:data:view", "deployment:backups:import"], ("backups:create", "actAsUser")),
    ],
)
def test_key_is_shut_when_it_lacks_a_permission(
    operations: list[str], words: tuple[str, ...], ask: Ask, settings: Settings
) -> None:
    told = (200, {"success": True, "allowedOps": operations, "isReadOnly": False})
    with Relay(settings.target.url, routes={"/api/check_admin_key": told}).serving() as relay:
        shut(ask("key", **at(settings, relay.url)), "The key lacks", *words)


@pytest.fixture(scope="session")
def spoiled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[launcher.Deployment]:
    """v2 with the first migration kit still deployed, and with a schema that takes no name of an employer."""
    folder = tmp_path_factory.mktemp("spoiled")
    project = folder / "convex"
    shutil.copytree(V2, project)
    schema = (project / "schema.ts").read_text()
    assert "employerName: v.string()," in schema
    (project / "schema.ts").write_text(
        schema.replace("employerName: v.string(),", "employerName: v.number(),")
    )
    (project / "migrations.ts").write_text(
        'import { v } from "convex/values";\nimport { query } from "./_generated/server";\n'
        "export const getTableCount = query({ args: { table: v.string() }, handler: async () => 0 });\n"
    )
    started = launcher.start(folder / "data", project)
    yield started
    launcher.stop(started.pid)


@pytest.fixture(scope="session")
def other_project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[launcher.Deployment]:
    """A deployment of something that is not v2."""
    project = ROOT / "tests" / "contract" / "project" / "convex"
    started = launcher.start(tmp_path_factory.mktemp("other"), project)
    yield started
    launcher.stop(started.pid)


def test_schema_and_functions_are_shut_where_v2_is_not_deployed(
    ask: Ask, settings: Settings, other_project: launcher.Deployment
) -> None:
    there = at(settings, other_project.url, other_project.admin_key)
    shut(ask("schema", **there), "has no table users, authAccounts, userProfiles, cases")
    shut(ask("functions", **there), "there is no public users:currentUser")


def test_schema_says_what_it_does_not_know_where_the_schema_can_not_be_read(
    ask: Ask, settings: Settings, other_project: launcher.Deployment
) -> None:
    with Relay(settings.target.url, queries={"_system/frontend/getSchemas": NOT_FOUND}).serving() as relay:
        outcome = ask("schema", **at(settings, relay.url))
    assert (outcome.state, outcome.detail.startswith("UNKNOWN whether")) == (State.OPEN, True)
    other = Relay(other_project.url, queries={"_system/frontend/getSchemas": NOT_FOUND})
    with other.serving() as relay:
        shut(ask("schema", **at(settings, relay.url, other_project.admin_key)), "UNKNOWN", "no table")


def test_functions_is_shut_while_the_first_migration_kit_is_deployed(
    ask: Ask, settings: Settings, spoiled: launcher.Deployment
) -> None:
    outcome = ask("functions", **at(settings, spoiled.url, spoiled.admin_key))
    shut(outcome, "first migration kit", "migrations:getTableCount")


@contextmanager
def variable(state: PairState, name: str, value: str | None) -> Iterator[None]:
    """A variable of the deployment, set or removed for a moment."""
    headers = {"Authorization": f"Convex {state.convex_admin_key}"}
    url = f"{state.convex_url}/api"
    before = httpx.get(f"{url}/list_environment_variables", headers=headers).json()["environmentVariables"]

    def change(text: str | None) -> None:
        one = {"name": name} if text is None else {"name": name, "value": text}
        body = {"changes": [one]}
        httpx.post(f"{url}/update_environment_variables", headers=headers, json=body).raise_for_status()

    change(value)
    try:
        yield
    finally:
        change(before.get(name))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SITE_URL", "http://127.0.0.1:3000\n", "SITE_URL has stray quotes, blanks or a newline"),
        ("SITE_URL", None, "SITE_URL is not set"),
    ],
)
def test_environment_is_shut_by_a_variable(
    name: str, value: str | None, words: str, ask: Ask, pair: tuple[Path, PairState]
) -> None:
    with variable(pair[1], name, value):
        shut(ask("environment"), words)
    assert ask("environment").state is State.OPEN


def test_senders_is_shut_by_a_key_that_mails(ask: Ask, pair: tuple[Path, PairState]) -> None:
    with variable(pair[1], "AUTH_RESEND_KEY", "re_hunter2"):
        shut(ask("senders"), "AUTH_RESEND_KEY", "real people")


# ---------------------------------------------------------------- the source and this machine


@pytest.mark.parametrize(
    ("change", "back", "words"),
    [
        (
            "ALTER TABLE public.cases RENAME TO kases",
            "ALTER TABLE public.kases RENAME TO cases",
            "has no table public.cases",
        ),
        (
            "ALTER DATABASE postgres SET default_transaction_read_only = on",
            "SET default_transaction_read_only = off;"
            " ALTER DATABASE postgres RESET default_transaction_read_only",
            "read-only mode",
        ),
    ],
)
def test_source_is_shut(change: str, back: str, words: str, ask: Ask, pair: tuple[Path, PairState]) -> None:
    with altered(pair[1], change, back):
        shut(ask("source"), words)
        shut(ask("audit"), "Not asked while source is shut")
    assert ask("source").state is State.OPEN


def test_source_is_shut_when_it_is_nearly_empty(ask: Ask) -> None:
    shut(ask("source", minimum_cases=10_000), "The source is (nearly) empty")


def test_site_is_shut_when_it_does_not_answer_or_nobody_can_sign_in(ask: Ask) -> None:
    shut(ask("site", app_url=CLOSED), "failed")
    shut(ask("site", app_url=None), "CUTOVER_APP_URL is not set")
    shut(ask("site", canary_password=None), "No canary")


def test_room_is_shut_when_the_disk_has_less_than_must_stay_free(ask: Ask, settings: Settings) -> None:
    shut(ask("room", preflight=settings.preflight.model_copy(update={"free_mb": 10**9})), "must stay free")


# ---------------------------------------------------------------- the backup


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


# ---------------------------------------------------------------- the audit


@contextmanager
def first_case(state: PairState, column: str, value: str) -> Iterator[None]:
    """One column of one case changed for a moment, without the triggers that would stamp the row."""
    with psycopg.connect(state.postgres_dsn, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        query = f"SELECT id, {column} FROM public.cases ORDER BY id LIMIT 1"
        row = connection.execute(query.encode()).fetchone()
        assert row is not None
        update = f"UPDATE public.cases SET {column} = %s WHERE id = %s".encode()
        connection.execute(update, (value, row[0]))
        try:
            yield
        finally:
            connection.execute(update, (row[1], row[0]))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("user_id", "00000000-0000-4000-8000-000000000000"), "orphan"),
        (("notes", "x" * 1_100_000), "document_too_large"),
    ],
    ids=["an owner who is nobody", "a row beyond Convex's limit"],
)
def test_audit_is_shut_by_a_case(
    change: tuple[str, str], reason: str, ask: Ask, settings: Settings, pair: tuple[Path, PairState]
) -> None:
    with first_case(pair[1], *change):
        shut(ask("audit"), "need a person's decision", "public.cases", reason)
    listed = (settings.data_dir / "preflight" / "quarantine.jsonl").read_text()
    assert reason in listed
    assert change[1] not in listed


def test_audit_is_shut_by_two_people_of_one_address(ask: Ask, pair: tuple[Path, PairState]) -> None:
    state, one, two = pair[1], USER, "33333333-3333-4333-8333-333333333333"
    add_user(state.postgres_dsn, email="Twin@Example.test")
    add_user(state.postgres_dsn, id=two, email=" twin@example.test")
    try:
        shut(ask("audit"), "need a person's decision", "public.users")
    finally:
        with psycopg.connect(state.postgres_dsn, autocommit=True) as connection:
            for table in ("public.users", "auth.identities", "auth.users"):
                column = "user_id" if table == "auth.identities" else "id"
                connection.execute(f"DELETE FROM {table} WHERE {column} IN (%s, %s)".encode(), (one, two))


def test_audit_is_shut_by_a_document_that_the_deployed_schema_refuses(
    ask: Ask, settings: Settings, spoiled: launcher.Deployment
) -> None:
    outcome = ask("audit", **at(settings, spoiled.url, spoiled.admin_key))
    shut(outcome, "documents would be refused", "cases does not fit the schema at employerName")


def test_a_kept_answer_is_not_asked_again_and_a_shut_one_is(ask: Ask, settings: Settings) -> None:
    with Scene(settings, tools()) as scene:
        first = gates.carry_out(scene, _with_needed("audit"))[-1]
    with Scene(settings, tools()) as scene:
        again = gates.carry_out(scene, _with_needed("audit"), anew=False)[-1]
    assert (again.state, again.at, again.seconds) == (State.OPEN, first.at, 0.0)
    with Scene(settings, tools(), now=datetime.now(UTC) + timedelta(days=2)) as scene:
        later = gates.carry_out(scene, _with_needed("audit"), anew=False)[-1]
    assert later.seconds > 0
    assert ask("audit").seconds > 0
