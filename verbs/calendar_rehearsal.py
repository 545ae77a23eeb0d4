"""The calendar clean-up from plan to restore, on a pair and an emulator of its own, held to how they were
filled.

Everything lives in one temporary folder and ends with the rehearsal. Google is `fixtures.google` on loopback;
the pauses between users are left out, for nobody's quota is spent. The expectation is the scene's, never the
plan's.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.fernet import Fernet
from pydantic import SecretStr

from fixtures import pair
from fixtures.google.calendar import CLIENT_ID, CLIENT_SECRET, Emulator
from fixtures.google.pair import users_of, write_source, write_target
from fixtures.google.scene import Scene, fill
from fixtures.google.server import serving
from migration import config, flow
from migration.calendar import office
from migration.config import GoogleKeys, Settings
from migration.cutover_toml import CalendarTable
from migration.errors import FAIL, PASS, Refusal
from migration.model import Verdict
from migration.progress import Progress
from migration.run import Run
from verbs import calendar, show
from verbs.show import answer

CASES_A_USER = 6
STATES = ("revoked", "disconnected", "unreadable")
UNHURRIED = 1000.0  # calls a second


@dataclass(frozen=True)
class CalendarRehearsal:
    """How many users and events to make up, and what they grow from."""

    users: int
    events: int
    seed: int

    def carry_out(self, *, quiet: bool = False) -> int:
        """Rehearses, says what came out, and returns the exit code; everything it started has ended."""
        if self.users <= len(STATES):
            raise Refusal(f"A rehearsal needs more than {len(STATES)} users.", next_step="Give --users 12.")
        progress = show.chosen(quiet=quiet)
        folder = Path(tempfile.mkdtemp(prefix="cutover-calendar-"))
        emulator = Emulator()
        try:
            with serving(emulator) as address, self._pair(folder, address, progress) as settings:
                scene = self._scene(emulator, settings)
                run = Run.create(settings)
                flow.migrate(settings, run, progress)
                flow.open_target(settings, run, progress)
                target = settings.target
                write_target(target.url, target.admin_key.get_secret_value(), scene)
                wrong = self._clean_up(settings, run, scene, progress)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        for one in wrong:
            answer(f"WRONG: {one}")
        if not wrong:
            answer("As it should be: v1's events went and came back, and no other event was touched.")
        return FAIL if wrong else PASS

    def _clean_up(self, settings: Settings, run: Run, scene: Scene, progress: Progress) -> list[str]:
        tools, before, v1 = office.Tools(), scene.living(), scene.ids("v1")
        made = office.make_plan(settings, run, progress, tools)
        calendar.show_plan(made)
        wrong = _unless({one.event for one in made.events} == v1, "the plan is not exactly v1's events")
        office.approve(run, digest=made.digest, by="rehearsal", now=datetime.now(UTC))
        office.carry_out(settings, run, progress, tools, dry=True)
        wrong += _unless(scene.living() == before, "the dry run changed a calendar")
        done = office.carry_out(settings, run, progress, tools)
        calendar.show_run(done)
        wrong += _unless(scene.living() == before - v1, "other events went than v1's")
        proof = office.make_proof(settings, run, progress, tools)
        calendar.show_proof(proof)
        wrong += _unless(proof.verdict is Verdict.PASS, f"the proof is {proof.verdict}")
        back = office.bring_back(settings, run, progress, tools)
        answer(f"Restored: {calendar.counted(back)}.")
        return wrong + _unless(scene.living() == before, "not every event came back")

    def _scene(self, emulator: Emulator, settings: Settings) -> Scene:
        """Made-up calendars of the pair's v1 users, written into v1's rows before the fence."""
        keys = settings.google
        assert keys is not None  # noqa: S101 - set in _pair
        dsn = settings.source.dsn.get_secret_value()
        users = users_of(dsn, self.users)
        scene = fill(emulator, users, events=self.events, fenced=datetime.now(UTC), states=STATES)
        write_source(dsn, scene, keys.encryption_key.get_secret_value())
        return scene

    @contextmanager
    def _pair(self, folder: Path, address: str, progress: Progress) -> Iterator[Settings]:
        place = folder / "pair"
        try:
            with progress.step("start the pair"):
                cases = self.users * CASES_A_USER
                pair.up(place, users=self.users + 8, cases=cases, seed=self.seed, echo=lambda _line: None)
            environ = {**os.environ, "CUTOVER_PAIR": str(place / "pair.json")}
            settings = config.load("embedded", environ=environ)
            yield settings.model_copy(
                update={
                    "data_dir": folder / "data",
                    "runs_dir": folder / "reports" / "runs",
                    "calendar": CalendarTable(
                        api=address,
                        oauth=address,
                        calls_per_second=UNHURRIED,
                        between_users_s=0,
                        after_hours=0,
                    ),
                    "google": GoogleKeys(
                        client_id=CLIENT_ID,
                        client_secret=SecretStr(CLIENT_SECRET),
                        encryption_key=SecretStr(Fernet.generate_key().decode()),
                    ),
                }
            )
        finally:
            with progress.step("end the pair"):
                pair.down(place)


def _unless(good: bool, what: str) -> list[str]:
    return [] if good else [what]
