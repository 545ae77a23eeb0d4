"""Each automatic gate on a real pair: what opens it, and what really shuts it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from fixtures import deployment as launcher
from fixtures.pair import PairState
from migration.config import Settings
from migration.preflight import gates
from migration.preflight.model import State
from migration.preflight.scene import Scene
from migration.preflight.table import GATES
from tests.conduct.asking import Ask, at, shut, variable, with_needed
from tests.conduct.desk import ROOT
from tests.conduct.relay import Relay
from tests.conduct.sides import altered
from tests.unit.migration.support import USER, add_user
from verbs.preflight import tools

pytestmark = pytest.mark.usefixtures("unmoved_by_all")

AUTOMATIC = [gate.name for gate in GATES if "test" in gate.environments]
CLOSED = "http://127.0.0.1:9"
V2 = ROOT / "fixtures" / "app" / "convex"
NOT_FOUND = {"status": "error", "errorMessage": "Could not find function"}


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
        first = gates.carry_out(scene, with_needed("audit"))[-1]
    with Scene(settings, tools()) as scene:
        again = gates.carry_out(scene, with_needed("audit"), anew=False)[-1]
    assert (again.state, again.at, again.seconds) == (State.OPEN, first.at, 0.0)
    with Scene(settings, tools(), now=datetime.now(UTC) + timedelta(days=2)) as scene:
        later = gates.carry_out(scene, with_needed("audit"), anew=False)[-1]
    assert later.seconds > 0
    assert ask("audit").seconds > 0
