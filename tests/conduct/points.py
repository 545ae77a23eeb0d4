"""Named points of the engine, and a command line that gets a signal when it comes to one of them.

The line runs in a process of its own, forked from one that has everything imported already: a tenth of what a
new interpreter costs. Each step has four points, before its beginning and after its end, with and without the
note of it; long ones have more inside.
"""

from __future__ import annotations

import importlib
import itertools
import multiprocessing
import os
import re
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migration.model import LedgerEntry, StepOutcome

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 300
PRELOADED = [
    "verbs.program",
    "verbs.work",
    "verbs.pair",
    "verbs.rehearsal",
    "migration.flow",
    "tests.conduct.points",
]


@dataclass(frozen=True)
class Point:
    """A function of the engine, at its `nth` call: before it, or `after` it has come to its end.

    step, outcome: only calls are counted that write this line into the ledger. of: only those with this
    argument.
    """

    function: str
    nth: int = 1
    after: bool = False
    step: str = ""
    outcome: str = ""
    of: str = ""

    def counts(self, given: tuple[Any, ...]) -> bool:
        """Whether a call with these arguments is one that is meant."""
        if not self.step:
            return not self.of or self.of in given
        entries = [one for one in given if isinstance(one, LedgerEntry)]
        return any((one.step, one.outcome) == (self.step, self.outcome) for one in entries)

    def install(self, act: Callable[[], None]) -> None:
        """From now on, coming to this point acts."""
        *modules, name = self.function.split(".")
        owner_name = modules.pop() if re.match("_?[A-Z]", modules[-1]) else ""
        owner: Any = importlib.import_module(".".join(modules))
        owner = getattr(owner, owner_name) if owner_name else owner
        original, count = getattr(owner, name), itertools.count(1)

        def disturbed(*given: Any, **more: Any) -> Any:
            here = self.counts(given) and next(count) == self.nth
            if here and not self.after:
                act()
            value = original(*given, **more)
            if here and self.after:
                act()
            return value

        setattr(owner, name, disturbed)


STEPS = ("fence", "pause", "backup", "export", "link", "transform", "load")
_LEDGER = "migration.run.Run.append_ledger"


def around(step: str) -> dict[str, Point]:
    """The four points of a step."""
    began, done = str(StepOutcome.STARTED), str(StepOutcome.DONE)
    return {
        f"{step}: not begun": Point(_LEDGER, step=step, outcome=began),
        f"{step}: begun": Point(_LEDGER, step=step, outcome=began, after=True),
        f"{step}: carried out, not noted": Point(_LEDGER, step=step, outcome=done),
        f"{step}: noted": Point(_LEDGER, step=step, outcome=done, after=True),
    }


_JSON = "migration.target.Target._json"
_PART, _FINISH = "/api/import/upload_part", "/api/import/finish_upload"
INSIDE = {
    "fence: tables closed, not proven": Point("migration.fence._nothing_through"),
    "fence: sessions of the API not yet ended": Point("migration.fence._close", after=True),
    "pause: paused, not noted": Point("migration.target.Target.pause", after=True),
    "backup: asked for, not finished": Point("migration.target.Target._finished_export"),
    "backup: downloaded, not named": Point("migration.target.Target._download", after=True),
    "backup: downloaded, not read back": Point("migration.backup.summarise"),
    "export: in the middle of the tables": Point("migration.snapshot.raw_file", nth=4),
    "export: in the middle of a COPY": Point("migration.snapshot._one_line", nth=25),
    "transform: users written, cases not": Point("migration.transform._CasePass.write"),
    "load: ZIP built, nothing sent": Point("migration.written.Written.prepare"),
    "load: record of what will be written not named": Point("migration.written.Written._point"),
    "load: upload begun, no part sent": Point(_JSON, of=_PART),
    "load: in the middle of the upload": Point(_JSON, of=_FINISH),
    "load: uploaded, not noted": Point("migration.target.Target._upload_once", after=True),
    "load: noted, not confirmed": Point("migration.target.Target.perform"),
    "load: confirmed, not ended": Point("migration.target.Target.ended"),
    "load: ended, record not noted": Point("migration.written.Written.commit"),
    "load: record noted, manifest not": Point("migration.written.Written.commit", after=True),
}
OF_A_MIGRATION = {**{name: one for step in STEPS for name, one in around(step).items()}, **INSIDE}

OF_A_ROLLBACK = {
    **around("rollback"),
    "rollback: load settled": Point("migration.load.settle", after=True),
    "rollback: paused, not compared": Point("migration.rollback._exported"),
    "rollback: in the middle of the upload": Point(_JSON, of=_FINISH),
    "rollback: uploaded, not noted": Point("migration.target.Target.upload", after=True),
    "rollback: noted, not confirmed": Point("migration.target.Target.perform"),
    "rollback: restore confirmed, not ended": Point("migration.target.Target.ended"),
    "rollback: restored, not compared": Point("migration.target.Target.perform", after=True),
    "rollback: equal, not noted": Point("migration.rollback._equal", after=True),
    "rollback: fence lifted": Point("migration.fence.lift", after=True),
    "rollback: opened, not noted": Point("migration.target.Target.unpause", after=True),
}


def typed(
    arguments: tuple[str, ...], environment: Mapping[str, str], folder: Path, point: Point, number: int
) -> int:
    """Types a line that gets signal `number` at `point`; its code, or minus the signal that ended it.

    What it says is in `out` and `err` of `folder`.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    process = context.Process(target=_line, args=(arguments, dict(environment), folder, point, number))
    process.start()
    process.join(PATIENCE)
    if process.exitcode is None:
        process.kill()
        process.join()
        raise AssertionError(f"{arguments} did not end within {PATIENCE} s")
    return process.exitcode


def _line(
    arguments: tuple[str, ...], environment: dict[str, str], folder: Path, point: Point, number: int
) -> None:
    """In the forked process: as a terminal would start it, and the point set."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    for descriptor, name in ((1, "out"), (2, "err")):
        opened = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = ["inv", *arguments]
    from verbs import program

    point.install(lambda: os.kill(os.getpid(), number))
    program.main()
