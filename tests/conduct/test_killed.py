"""`kill -9` at named points of a migration (law 14): `--resume` comes to the result of an undisturbed run."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest

from fixtures.pair import PairState
from tests.conduct.desk import Desk
from tests.conduct.sides import documents, look

POINTS = {
    # after the first fence was raised, before the ledger says so
    "fence": "migration.fence._nothing_through",
    # the backup is downloaded, not yet read back
    "backup": "migration.backup.summarise",
    # in the middle of the tables of the snapshot
    "export": "migration.snapshot.raw_file#4",
    # users are written, cases are not
    "transform": "migration.transform._CasePass.write",
    # the first part is sent, the upload is not finished
    "upload": "migration.target.Target._json#3",
    # uploaded and noted, never confirmed
    "confirm": "migration.target.Target.perform",
    # carried out by the deployment, not yet noted here
    "commit": "migration.written.Written.commit",
}


def dying_at(point: str) -> str:
    """Python that lets a process kill itself when it comes to a function (`#n`: for the n-th time)."""
    path, _, times = point.partition("#")
    module, owner, function = _parts(path)
    return f"""
import importlib, itertools, os
owner = importlib.import_module({module!r})
owner = getattr(owner, {owner!r}) if {owner!r} else owner
original, count = getattr(owner, {function!r}), itertools.count(1)
def dying(*args, **kwargs):
    if next(count) == {times or 1}:
        os.kill(os.getpid(), 9)
    return original(*args, **kwargs)
setattr(owner, {function!r}, dying)
"""


def _parts(path: str) -> tuple[str, str, str]:
    *module, function = path.split(".")
    owner = module.pop() if re.match("_?[A-Z]", module[-1]) else ""
    return ".".join(module), owner, function


@pytest.fixture(scope="module")
def undisturbed() -> dict[str, str]:
    """What a run that nobody disturbed came to: filled by the first test of this worker."""
    return {}


def _came_to(desk: Desk, state: PairState) -> dict[str, str]:
    manifest = desk.record("manifest.json")
    written = {name: table["digest"] for name, table in manifest["transform"]["tables"].items()}
    return {**written, "target": documents(state, desk.folder)}


@pytest.mark.parametrize("point", POINTS)
def test_a_run_killed_at_any_point_is_resumed_to_the_same_result(
    point: str, kept: Desk, pair: tuple[Path, PairState], undisturbed: dict[str, str]
) -> None:
    _, state = pair
    if not undisturbed:
        assert kept.say("migrate", "--quiet").code == 0
        undisturbed.update(_came_to(kept, state))
        assert kept.say("rollback", "--quiet").code == 0
    begun = len(kept.runs())
    killed = kept.line("migrate", "--quiet", before=dying_at(POINTS[point]))
    assert killed.code == -signal.SIGKILL
    assert len(kept.runs()) == begun + 1
    assert kept.say("decide").code == 11
    resumed = kept.say("migrate", "--resume", "--quiet")
    assert resumed.code == 0, resumed
    assert _came_to(kept, state) == undisturbed
    record = kept.say("audit")
    assert (record.code, "A command that was killed" in record.answered) == (0, True), record
    assert len(kept.runs()) == begun + 1
    now = look(state, kept.folder)
    assert (now.state, "public.cases" in now.fenced) == ("paused", True)
