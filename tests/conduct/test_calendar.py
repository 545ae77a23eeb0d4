"""The calendar clean-up as an operator types it, on a migrated pair and the emulator; and its rehearsal."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from cryptography.fernet import Fernet

from fixtures.google.calendar import CLIENT_ID, CLIENT_SECRET, Emulator
from fixtures.google.pair import users_of, write_source, write_target
from fixtures.google.scene import Scene, fill
from fixtures.google.server import serving
from fixtures.pair import PairState
from migration import config, fence, flow
from migration.config import Settings
from migration.progress import Silent
from migration.run import Run
from tests.conduct.desk import ROOT, Desk

ROOMS = ("migration", "verbs", "reports", "fixtures")
UNWANTED = shutil.ignore_patterns("node_modules", ".build", ".pair", "__pycache__", "runs", "latest", "*.ts")
KEPT = (
    "SELECT id, calendar_connected, google_refresh_token, google_access_token, google_token_expiry"
    " FROM public.users",
    "SELECT id, calendar_event_ids::text FROM public.cases",
)
BACK = (
    "UPDATE public.users SET calendar_connected = %s, google_refresh_token = %s, google_access_token = %s,"
    " google_token_expiry = %s WHERE id = %s",
    "UPDATE public.cases SET calendar_event_ids = %s::jsonb WHERE id = %s",
)


@pytest.fixture
def source_as_before(pair: tuple[Path, PairState]) -> Iterator[None]:
    """The rows that a scene changes, put back: other tests use the same pair."""
    with psycopg.connect(pair[1].postgres_dsn, autocommit=True) as connection:
        before = [connection.execute(text).fetchall() for text in KEPT]
        yield
        fence.lift(connection, "conduct")
        for text, rows in zip(BACK, before, strict=True):
            for key, *values in rows:
                connection.execute(text, (*values, key))


@pytest.fixture
def emulator() -> Iterator[tuple[Emulator, str]]:
    """Google, and its address."""
    made = Emulator()
    with serving(made) as address:
        yield made, address


def checkout_at(folder: Path, address: str) -> Path:
    """A copy of the checkout whose cutover.toml names the emulator and does not wait a day."""
    copy = folder / "checkout"
    copy.mkdir()
    for room in ROOMS:
        shutil.copytree(ROOT / room, copy / room, ignore=UNWANTED)
    for name in ("tasks.py", "invoke.yaml", "pyproject.toml"):
        shutil.copy(ROOT / name, copy)
    text = re.sub(r'"https://\w+\.googleapis\.com"', f'"{address}"', (ROOT / "cutover.toml").read_text())
    text = text.replace("after_hours = 24.0", "after_hours = 0.0")
    text = text.replace("between_users_s = 1.0", "between_users_s = 0.0")
    (copy / "cutover.toml").write_text(text.replace("calls_per_second = 5.0", "calls_per_second = 1000.0"))
    return copy


def migrated(settings: Settings, state: PairState, scene: Scene) -> Run:
    """A run that has moved the data and opened v2, where v2 then has made events of its own."""
    run = Run.create(settings)
    flow.migrate(settings, run, Silent())
    flow.open_target(settings, run, Silent())
    write_target(state.convex_url, state.convex_admin_key, scene)
    return run


@pytest.mark.usefixtures("source_as_before")
def test_clean_up_as_it_is_typed(
    pair: tuple[Path, PairState],
    kept: Desk,
    configured: Callable[..., dict[str, str]],
    emulator: tuple[Emulator, str],
    tmp_path: Path,
) -> None:
    state, (google, address), key = pair[1], emulator, Fernet.generate_key().decode()
    keys = {"GOOGLE_CLIENT_ID": CLIENT_ID, "GOOGLE_CLIENT_SECRET": CLIENT_SECRET, "ENCRYPTION_KEY": key}
    more = {**configured(), **keys}
    users = users_of(state.postgres_dsn, 5)
    scene = fill(google, users, events=100, fenced=datetime.now(UTC), states=("disconnected",))
    write_source(state.postgres_dsn, scene, key)
    settings = config.load("test", environ={**kept.environment, **more})
    run = migrated(settings, state, scene)
    kept.secrets += [CLIENT_SECRET, key, "ya29.", *(user.refresh_token for user in users)]
    checkout = checkout_at(tmp_path, address)
    before, v1 = scene.living(), scene.ids("v1")

    def typed(*words: str) -> tuple[int, str]:
        said = kept.line(*words, checkout=checkout, more=more)
        return said.code, said.answered + said.words

    code, words = typed("calendar.plan", "--env", "test")
    assert code == 0, words
    assert f"Planned: {len(v1)} events" in words
    digest = words.partition("Hash ")[2].split()[0]

    assert kept.say("calendar.approve", "0" * 64, "--by", "Ann").code == 12
    assert kept.say("calendar.approve", digest, "--by", "Ann").code == 0

    code, words = typed("calendar.run", "--dry-run", "--env", "test", "calendar.run")
    assert (code, words.count("would delete e")) == (0, len(v1)), words
    assert f"planned {len(v1)}, deleted {len(v1)}, gone 0, refused 0, failed 0" in words
    assert scene.living() == before - v1

    code, words = typed("calendar.prove", "--env", "test", "calendar.restore")
    assert (code, scene.living()) == (0, before), words
    assert "0 of v1's events left" in words
    assert kept.say("audit").code != 10
    lines = (run.folder / "calendar" / "events.jsonl").read_text().splitlines()
    assert len(lines) == len(v1)


def test_rehearsal_of_the_clean_up(desk: Desk) -> None:
    said = desk.line("calendar.rehearse", "--users", "5", "--events", "60", "--quiet")
    assert said.code == 0, said
    assert "no other event was touched" in said.answered
    assert desk.runs() == []
    assert desk.left_running() == []


def test_embedded_pair_has_no_google(kept: Desk) -> None:
    assert kept.say("calendar.plan").code == 12
