"""Rows that end parts of the pair, or take the disk itself: only for a stage whose pair nobody shares."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from fixtures.relay import Cut, Fault
from migration.written import Written
from tests.conduct.parts import killed, revived
from tests.conduct.points import Point
from tests.conduct.rows import COPY, MIGRATE, ROUTES, Row, offered
from tests.conduct.stage import Stage


def restart_rows(folder: Path) -> list[Row]:
    """`folder` is that of the stage's own pair."""
    return [*_databases(folder), *_deployments(folder), *_disks(), *_others()]


# ---------------------------------------------------------------- parts that die and come back


def _databases(folder: Path) -> Iterable[Row]:
    for title, number in (("kill -9", signal.SIGKILL), ("shut down", signal.SIGINT)):
        for where, cut in {
            "in the middle of the fourth COPY": Cut(COPY, nth=4, after=600),
            "while the tables are closed": Cut(b"CREATE OR REPLACE TRIGGER", nth=4),
        }.items():
            act = partial(_database_restarted, folder, cut, number)
            yield Row(f"database restarted ({title})", where, "restarted, then --resume", act)


def _database_restarted(folder: Path, cut: Cut, number: signal.Signals, stage: Stage) -> str:
    desk = stage.desk()
    one = Cut(cut.statement, cut.nth, cut.after, _restarting(folder, "postgres", number, stage))
    stage.database.cuts = [one]
    said = desk.say(*MIGRATE)
    assert (said.code, one.happened) == (11, 1), said
    stage.database.cuts = []
    return f"exit 11; {offered(desk, said)}{stage.resumed(desk)}"


def _deployments(folder: Path) -> Iterable[Row]:
    for where, fault in {
        "while the backup is downloaded": Fault(ROUTES["export download"], received=1000),
        "in the middle of the upload": Fault(ROUTES["upload_part"], sent=1000),
        "when the import was confirmed": Fault(ROUTES["perform_import"], lost=True),
    }.items():
        act = partial(_deployment_restarted, folder, fault)
        yield Row("deployment restarted (kill -9)", where, "restarted; --resume if it stopped", act)
    act = partial(_restore_restarted, folder)
    yield Row("deployment restarted (kill -9)", "when the restore was confirmed", "rollback until done", act)


def _deployment_restarted(folder: Path, fault: Fault, stage: Stage) -> str:
    desk = stage.desk()
    stage.deployment.faults = [_restarts(folder, fault, stage)]
    said = desk.say(*MIGRATE)
    if said.code == 0:
        return f"went on by itself, exit 0, same digests; {stage.loaded_once(desk)}"
    assert said.code == 11, said
    return f"exit 11; {offered(desk, said)}{stage.resumed(desk)}"


def _restore_restarted(folder: Path, stage: Stage) -> str:
    desk = stage.desk()
    assert desk.say(*MIGRATE).code == 0
    stage.deployment.faults = [_restarts(folder, Fault(ROUTES["perform_import"], lost=True), stage)]
    said = desk.say("rollback", "--quiet")
    if said.code == 0:
        assert stage.look(desk) == stage.initial
        stage.cleared(desk)
        return "went on by itself, exit 0; rolled back equal"
    assert said.code == 11, said
    return f"exit 11; {offered(desk, said)}{stage.taken_back(desk)}"


def _restarts(folder: Path, fault: Fault, stage: Stage) -> Fault:
    return Fault(
        fault.request,
        sent=fault.sent,
        received=fault.received,
        lost=fault.lost,
        then=_restarting(folder, "deployment", signal.SIGKILL, stage),
    )


def _restarting(folder: Path, part: str, number: signal.Signals, stage: Stage) -> Callable[[], None]:
    def act() -> None:
        killed(folder, part, number)
        stage.moved(revived(folder))

    return act


# ---------------------------------------------------------------- the disk itself


def _disks() -> Iterable[Row]:
    for kib in (4, 8, 16, 48, 160, 224, 352, 384, 416):
        act = partial(_small_disk, kib)
        yield Row(
            "disk full", f"runs, data and temporary files on {kib} KiB", "room made, then --resume", act
        )


def _small_disk(kib: int, stage: Stage) -> str:
    desk = stage.desk()
    with _disk(desk.folder, kib) as enlarge:
        if enlarge is None:
            stage.cleared(desk)
            return "not played: mounting is not allowed here"
        desk.temporary.mkdir()
        said = desk.say(*MIGRATE)
        enlarge()
        if not desk.runs() or not desk.ledgers():
            assert said.code == 12, said
            assert stage.look(desk) == stage.initial
            return "exit 12, nothing was touched"
        if said.code == 0:
            return f"there was room enough; {stage.loaded_once(desk)}"
        assert said.code == 11, said
        step = re.findall(r'"step":"(\w+)"', desk.ledgers())[-1]
        return f"exit 11 in {step}; {offered(desk, said)}{stage.resumed(desk)}"


@contextmanager
def _disk(folder: Path, kib: int) -> Iterator[Callable[[], None] | None]:
    """`folder` on a file system of that size, and what makes it large; None where we may not mount."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        yield None
        return

    def enlarge() -> None:
        subprocess.run(["mount", "-o", "remount,size=64m", str(folder)], check=True, capture_output=True)

    try:
        yield enlarge
    finally:
        subprocess.run(["umount", str(folder)], check=True, capture_output=True)


# ---------------------------------------------------------------- the opening, and a second command


def _others() -> Iterable[Row]:
    opening = Point("migration.target.Target.unpause", after=True)
    yield Row(
        "kill -9", "verify: opened, not noted", "SIGKILL, then verify again", partial(_opening, opening)
    )
    yield Row("two commands at once", "a second one on the same target", "all refused", _second)


def _opening(point: Point, stage: Stage) -> str:
    desk = stage.desk()
    assert desk.say(*MIGRATE).code == 0
    verify = ("verify", "--workers", "1", "--quiet")
    said = stage.strike(desk, point, *verify)
    assert said.code == -signal.SIGKILL, said
    assert desk.say("decide").code == 11
    again = desk.line(*verify)
    assert again.code in {0, 11}, again  # without smoke the whole is not proven, but the phases are
    by_phase = desk.record("verdict.json")["by_phase"]
    assert (by_phase["data"], by_phase["app"]) == ("PASS", "PASS")
    assert stage.look(desk).state == "running"
    return f"data and app PASS, target running; {stage.taken_back(desk)}"


def _second(stage: Stage) -> str:
    desk = stage.desk()
    assert desk.say("fence", "pause").code == 0
    pinned = desk.record("manifest.json")["target"]["identity"]
    with Written(desk.folder / "data", str(pinned)[:16]).alone():
        for line in (("migrate", "--resume"), ("migrate",), ("backup",), ("rollback",)):
            said = desk.say(*line)
            assert (said.code, "Another command is at work" in said.words) == (12, True), said
    return f"exit 12 four times; {stage.resumed(desk)}"
