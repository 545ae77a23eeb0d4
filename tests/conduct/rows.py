"""The table of disturbances: a point or a fault, what is done, and what must come of it.

`./inv soak conduct` plays all rows and writes them down; `./inv test` plays those of `test_rows.py`. A row
raises AssertionError when anything is lost, doubled or said wrongly.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any
from unittest.mock import patch

from fixtures.relay import Cut, Fault
from tests.conduct.desk import Desk, Said
from tests.conduct.points import OF_A_MIGRATION, OF_A_ROLLBACK, Point
from tests.conduct.stage import Stage

MIGRATE = ("migrate", "--quiet")
REASON = b'{"code": "Overloaded", "message": "busy"}'
NO_KEY = b'{"code": "BadAdminKey", "message": "The key is not valid."}'


@dataclass(frozen=True)
class Row:
    """`play` returns the outcome as the page shows it."""

    group: str
    name: str
    done: str
    play: Callable[[Stage], str]


def all_rows() -> list[Row]:
    """Every row that needs nothing but a stage."""
    return [*killed(), *interrupted(), *answers(), *lost(), *database(), *disk()]


# ---------------------------------------------------------------- signals


def killed() -> Iterable[Row]:
    """SIGKILL at every point of a migration, and of a rollback."""
    for name, point in OF_A_MIGRATION.items():
        yield Row("kill -9", name, "SIGKILL, then --resume", partial(_killed, name, point))
    for name, point in OF_A_ROLLBACK.items():
        yield Row("kill -9", name, "SIGKILL, then rollback again", partial(_rollback_killed, name, point))


def _killed(name: str, point: Point, stage: Stage) -> str:
    desk = stage.desk()
    said = stage.strike(desk, point, *MIGRATE)
    assert said.code == -signal.SIGKILL, said
    if not any((run / "ledger.jsonl").exists() for run in desk.runs()):
        # before the first line of its ledger a run has touched nothing
        assert stage.look(desk) == stage.initial
    _came_so_far(desk, name)
    assert desk.say("decide").code == 11
    return stage.resumed(desk)


def _came_so_far(desk: Desk, name: str) -> None:
    """The point lies where its name says: in the step that was begun last."""
    step, _, where = name.partition(": ")
    if where != "not begun":
        assert re.findall(r'"step":"(\w+)"', desk.ledgers())[-1] == step


def _rollback_killed(name: str, point: Point, stage: Stage) -> str:
    desk = stage.desk()
    assert desk.say(*MIGRATE).code == 0
    said = stage.strike(desk, point, "rollback", "--quiet")
    assert said.code == -signal.SIGKILL, said
    _came_so_far(desk, name)
    if point.outcome and (point.outcome, point.after) != ("started", True):
        told = ""
    else:
        told = _refused_meanwhile(desk)
    return told + stage.taken_back(desk)


def _refused_meanwhile(desk: Desk) -> str:
    """While a rollback is half done, nothing else goes on with the run."""
    for line in (("migrate", "--resume"), ("verify",), ("load",)):
        said = desk.say(*line, "--quiet")
        assert (said.code, "./inv rollback --run" in said.words) == (11, True), said
    return "resume, verify and load refused (11) until the rollback was repeated; "


def interrupted() -> Iterable[Row]:
    """Ctrl-C, a polite kill and a closed terminal at points where they hurt most."""
    for number, name in (
        (signal.SIGINT, "pause: paused, not noted"),
        (signal.SIGINT, "export: in the middle of a COPY"),
        (signal.SIGINT, "load: in the middle of the upload"),
        (signal.SIGINT, "load: confirmed, not ended"),
        (signal.SIGINT, "load: ended, record not noted"),
        (signal.SIGTERM, "backup: downloaded, not read back"),
        (signal.SIGHUP, "transform: users written, cases not"),
        (signal.SIGHUP, "load: noted, not confirmed"),
    ):
        title = signal.Signals(number).name
        yield Row(title, name, f"{title}, then --resume", partial(_interrupted, name, number))
    name = "rollback: restore confirmed, not ended"
    act = partial(_rollback_interrupted, OF_A_ROLLBACK[name])
    yield Row("SIGINT", name, "SIGINT, then rollback again", act)


def _interrupted(name: str, number: int, stage: Stage) -> str:
    desk = stage.desk()
    said = stage.strike(desk, OF_A_MIGRATION[name], *MIGRATE, number=number)
    assert said.code == 11, said
    _came_so_far(desk, name)
    assert "Interrupted. The run is judged UNKNOWN." in said.words
    return f"exit 11, {offered(desk, said)}" + stage.resumed(desk)


def offered(desk: Desk, said: Said) -> str:
    """Once an import was noted, whatever goes wrong says how to take it back."""
    begun = bool(desk.record("manifest.json").get("load", {}).get("import_id"))
    offer = f"./inv rollback --run {desk.run().name}"
    assert (offer in said.words) == begun, said
    return "the restore offered at once; " if begun else ""


def _rollback_interrupted(point: Point, stage: Stage) -> str:
    desk = stage.desk()
    assert desk.say(*MIGRATE).code == 0
    said = stage.strike(desk, point, "rollback", "--quiet", number=signal.SIGINT)
    assert said.code == 11, said
    return f"exit 11, {offered(desk, said)}{_refused_meanwhile(desk)}{stage.taken_back(desk)}"


# ---------------------------------------------------------------- what the deployment, or a gateway, answers

ROUTES = {
    "state query": r"POST /api/query$",
    "pause": "POST /api/v1/pause",
    "export request": "POST /api/export/request",
    "export download": "GET /api/export/zip",
    "start_upload": "POST /api/import/start_upload",
    "upload_part": "POST /api/import/upload_part",
    "finish_upload": "POST /api/import/finish_upload",
    "perform_import": "POST /api/perform_import",
}


def answers() -> Iterable[Row]:
    """429, 503, 502 and 401 on each route, passing and staying."""
    for title, route in ROUTES.items():
        busy = Fault(route, answer=(503, {"Retry-After": "1"}, REASON), skip=title == "state query")
        yield _passing("503 with Retry-After", title, busy)
    for title in ("export download", "upload_part", "perform_import"):
        limited = Fault(ROUTES[title], answer=(429, {"Retry-After": "1"}, REASON))
        yield _passing("429 with Retry-After", title, limited)
    for title in ("export request", "upload_part", "finish_upload", "perform_import"):
        yield _passing("502 of a gateway", title, Fault(ROUTES[title], answer=(502, {}, b"<html>")))
    for title in ("pause", "export request", "upload_part", "perform_import"):
        stays = Fault(ROUTES[title], answer=(503, {}, REASON), times=99)
        yield _staying("503 that stays", title, stays, "503 Overloaded")
    for title in ("pause", "export download", "upload_part", "finish_upload", "perform_import"):
        refused = Fault(ROUTES[title], answer=(401, {}, NO_KEY), times=99)
        yield _staying("401 in the middle", title, refused, "refused the admin key")
    page = Fault(ROUTES["start_upload"], answer=(200, {}, b"<html>Sign in</html>"), times=99)
    yield _staying("a page of somebody between", "start_upload", page, "is not a Convex deployment")


def lost() -> Iterable[Row]:
    """Lines that are cut in the middle, and answers that never come."""
    for title, route in ROUTES.items():
        yield _passing("answer lost", title, Fault(route, lost=True, skip=title == "state query"))
    cut = ROUTES["upload_part"]
    yield _passing("upload cut once", "after 1,000 bytes", Fault(cut, sent=1000))
    yield _passing("upload cut twice", "after 1,000 bytes", Fault(cut, sent=1000, times=2))
    yield _staying("upload cut always", "after 1,000 bytes", Fault(cut, sent=1000, times=99), "was lost")
    yield _staying("upload cut always", "at its first byte", Fault(cut, sent=0, times=99), "was lost")
    down = ROUTES["export download"]
    yield _passing("download cut once", "after 1,000 bytes", Fault(down, received=1000))
    yield _staying(
        "download cut always", "after 1,000 bytes", Fault(down, received=1000, times=99), "was lost"
    )
    silent = Fault(ROUTES["perform_import"], lost=True, silent=True)
    yield _passing("no answer within the timeout", "perform_import", silent)
    silent = Fault(ROUTES["upload_part"], lost=True, silent=True, times=99)
    yield _staying("no answer within the timeout", "upload_part", silent, "was lost")


def _passing(group: str, title: str, fault: Fault) -> Row:
    """A fault that passes: the line goes on by itself and says nothing of it."""
    return Row(group, title, "migrate goes on by itself", partial(_passed, fault))


def _passed(fault: Fault, stage: Stage) -> str:
    desk = stage.desk()
    one = _armed(stage, fault)
    with _short_timeout(fault):
        said = desk.say(*MIGRATE)
    assert said.code == 0, said
    assert (one.happened, one.times) == (fault.times, 0)
    return f"exit 0, same digests; {stage.loaded_once(desk)}"


def _staying(group: str, title: str, fault: Fault, words: str) -> Row:
    """A fault that stays: the line gives up within bounds and says why; when it is over, --resume."""
    return Row(group, title, "migrate; when it was over, --resume", partial(_stayed, fault, words))


def _stayed(fault: Fault, words: str, stage: Stage) -> str:
    desk = stage.desk()
    one = _armed(stage, fault)
    with _short_timeout(fault), patch("migration.wire.pause", lambda *_: 0.001):
        said = desk.say(*MIGRATE)
    assert said.code == 11, said
    assert words in said.words, said
    assert 1 <= one.happened <= 18, one.happened  # three transfers of six attempts each
    stage.deployment.faults = []
    return f'exit 11 "{words}" after {one.happened} requests; {offered(desk, said)}' + stage.resumed(desk)


def _armed(stage: Stage, fault: Fault) -> Fault:
    one = Fault(**{name: getattr(fault, name) for name in fault.__dataclass_fields__})
    stage.deployment.faults = [one]
    return one


def _short_timeout(fault: Fault) -> Any:
    """A minute of silence is a second here."""
    import httpx

    return patch("migration.wire._TIMEOUT", httpx.Timeout(1.0 if fault.silent else 60.0))


# ---------------------------------------------------------------- the database

COPY = b"COPY (SELECT row_to_json"


def database() -> Iterable[Row]:
    """Connections to the source that are cut, and a database that is not ready yet."""
    for name, cut in {
        "in the proof of what was possible": Cut(b"DO $probe$"),
        "while the tables are closed": Cut(b"CREATE OR REPLACE TRIGGER", nth=4),
        "in the proof of the fence": Cut(b"DO $probe$", nth=2),
        "at the beginning of the snapshot": Cut(b"BEGIN ISOLATION LEVEL REPEATABLE READ"),
        "in the middle of the first COPY": Cut(COPY, after=600),
        "in the middle of the fourth COPY": Cut(COPY, nth=4, after=600),
        "while drift is asked for": Cut(b"hashtextextended", nth=9),
    }.items():
        yield Row("database connection cut", name, "migrate, then --resume", partial(_cut, cut))
    yield Row("database starting", "the first three connections", "migrate goes on by itself", _starting)


def _cut(cut: Cut, stage: Stage) -> str:
    desk = stage.desk()
    one = Cut(cut.statement, cut.nth, cut.after, cut.then)
    stage.database.cuts = [one]
    said = desk.say(*MIGRATE)
    assert (said.code, one.happened) == (11, 1), said
    assert "OperationalError" in said.words
    stage.database.cuts = []
    return f"exit 11; {offered(desk, said)}" + stage.resumed(desk)


def _starting(stage: Stage) -> str:
    desk = stage.desk()
    stage.database.starting = 3
    said = desk.say(*MIGRATE)
    assert (said.code, stage.database.starting) == (0, 0), said
    return f"exit 0, same digests; {stage.loaded_once(desk)}"


# ---------------------------------------------------------------- the disk


def disk() -> Iterable[Row]:
    """The system refuses to write on, in the middle of a file: of the backup, of rows, of the ZIP, of a
    record."""
    for name, size in {
        "in the middle of the backup": 2_000,
        "a little later in the backup": 12_000,
        "in the middle of a table's rows": 16_000,
    }.items():
        yield Row("disk full", name, f"files end at {size:,} bytes; then --resume", partial(_full, size))


def _full(size: int, stage: Stage) -> str:
    import resource

    desk = stage.desk()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        said = desk.say(*MIGRATE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert said.code == 11, said
    assert "OSError 27" in said.words, said
    where = [line for line in desk.ledgers().splitlines() if '"started"' in line][-1]
    step = where.split('"step":"')[1].split('"')[0]
    return f"exit 11 in {step}; {offered(desk, said)}" + stage.resumed(desk)
