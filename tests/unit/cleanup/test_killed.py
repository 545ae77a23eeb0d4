"""A clean-up that is killed, really, at six points goes on where it was: nothing twice, nothing forgotten.

The emulator kills the process at the point, and waits for its death before it answers.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from fixtures.google.server import serving
from migration.calendar.journal import BODIES, JOURNAL
from migration.calendar.plan import NAME
from migration.config import ROOT
from migration.model import Verdict
from tests.unit.cleanup.child import EVENTS, USERS
from tests.unit.cleanup.support import Ground, ground


@dataclass(frozen=True)
class Point:
    """At the call of this kind and number; `done`: after it was carried out, before its answer."""

    kind: str
    number: int
    done: bool = False


def killed(made: Ground, command: str, point: Point) -> None:
    """Starts the command and ends it at the point."""
    emulator = made.scene.emulator
    emulator.calls.clear()
    child: list[subprocess.Popen[bytes]] = []

    def at(kind: str, number: int, done: bool) -> None:
        if Point(kind, number, done) == point:
            child[0].send_signal(signal.SIGKILL)
            child[0].wait()

    emulator.on_call = at
    with serving(emulator) as address:
        line = [sys.executable, "-m", "tests.unit.cleanup.child", str(made.folder), address, command]
        child.append(subprocess.Popen(line, cwd=ROOT))
        assert child[0].wait() == -signal.SIGKILL
    emulator.on_call = None


def prepared(folder: Path) -> Ground:
    return ground(folder, users=USERS, events=EVENTS)


def first_user(made: Ground) -> int:
    """How many events are planned for the user who comes first."""
    return len(made.scene.ids("v1") & made.scene.emulator.accounts["person.0@example.com"].events.keys())


DELETIONS: dict[str, Callable[[Ground], Point]] = {
    "while it reads, before anything is saved": lambda _: Point("get", 3),
    "with the bodies saved, before the first deletion": lambda _: Point("delete", 1),
    "after a deletion was carried out, before its answer": lambda _: Point("delete", 4, done=True),
    "between two users": lambda made: Point("get", first_user(made) + 1),
}


@pytest.mark.parametrize("where", DELETIONS)
def test_killed_run_goes_on(where: str, tmp_path: Path) -> None:
    made = prepared(tmp_path)
    before, v1 = made.scene.living(), made.scene.ids("v1")
    made.plan()
    killed(made, "delete", DELETIONS[where](made))
    before_death = made.scene.emulator.calls["delete"]
    left = made.scene.living()

    work = made.delete()
    assert work.states() == {"deleted": len(v1), "gone": 0, "refused": 0, "failed": 0, "waiting": 0}
    assert made.scene.living() == before - v1
    assert made.scene.emulator.calls["delete"] - before_death == len(v1 & left), "each asked for once"
    assert made.prove().verdict is Verdict.PASS
    assert made.restore()["back"] == len(v1)
    assert made.scene.living() == before


def test_killed_restore_goes_on(tmp_path: Path) -> None:
    made = prepared(tmp_path)
    before, v1 = made.scene.living(), made.scene.ids("v1")
    made.plan()
    made.delete()
    killed(made, "restore", Point("update", 3, done=True))
    assert made.restore() == {"back": len(v1) - 3, "there": 1, "anew": 0, "not_back": 0}
    assert made.scene.living() == before


def test_killed_plan_leaves_no_half_of_one(tmp_path: Path) -> None:
    made = prepared(tmp_path)
    killed(made, "plan", Point("list", 12))
    assert not (tmp_path / NAME).exists()
    assert len(made.plan().events) == len(made.scene.ids("v1"))


@pytest.mark.parametrize("name", [BODIES, JOURNAL])
def test_line_that_was_torn_is_taken_away(name: str, tmp_path: Path) -> None:
    made = prepared(tmp_path)
    v1 = made.scene.ids("v1")
    made.plan()
    made.delete()
    with (tmp_path / name).open("ab") as file:
        file.write(b'{"event": "half of a li')
    assert made.restore()["back"] == len(v1)
