"""Judges mutants: a process that answers one JSON line for each it is given, each tried in a process forked
for it.

    in   {"module": ..., "source": ...}
    out  {"outcome": ..., "told": [...]}

The process has imported the checks and what they need, and nothing of the engine that is mutated. So a fork
can put the mutated source in the module's place before anybody imports it; no name bound earlier is missed.
In it the engine's own steps link, transform and build run over the raw rows and the backup of a migrated
run, and the data phase judges what the import would leave on the target. `Trying` is that
process seen from outside.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import json
import os
import resource
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from checks import in_process
from checks.source.layout import MOVED
from checks.world import World
from fixtures.tamper import overlaid
from migration import config, fence, introspect, quarantine, snapshot, target
from migration.config import Settings
from migration.errors import RowsQuarantined
from migration.model import Outcome
from migration.progress import Silent
from migration.quarantine import Quarantined
from migration.run import Run

CPU_SECONDS, WALL_SECONDS = 20, 120
MEMORY = 2 << 30
BROKEN = 3
HELD = "quarantine"
"""What is told of a mutant that sets rows aside otherwise than the oracle: then nothing is loaded."""
MADE_ANEW = ("verified.zip", "transformed", "import.zip", "quarantine.jsonl", "checks")


AT_HAND = (fence, introspect, snapshot, target)
"""Parts of the engine that know nothing of the mapping: imported once, not in every fork."""

ENGINE = {f"migration.{name}" for name in ("identity", "rows", "ids", "link", "transform", "union", "steps")}


class Fate(StrEnum):
    """What became of a mutant on a set of data."""

    KILLED = "killed"  # a check is red, or the oracle would set other rows aside
    UNSEEN = "unseen"  # something else is loaded or recorded, and every check is green
    SAME = "same"  # the same bytes are loaded and the same records kept
    STOPPED = "stopped"  # it ends with an error, or not at all, before anything is loaded


UNDECIDED = (Fate.SAME, Fate.UNSEEN)
"""Fates after which other data may tell more."""


class Judge:
    """A migrated run in whose place mutants are tried."""

    def __init__(self, run: Run, settings: Settings, shared: in_process.Shared) -> None:
        self._run, self._settings, self._shared = run, settings, shared
        self._sound: dict[str, Any] = {}
        self._aside = Aside(run, settings)

    @property
    def undecided(self) -> bool:
        """Whether nobody has decided about any row."""
        return not self._settings.quarantine_file.exists()

    def begin(self) -> None:
        """Tries the engine as it is: what a mutant is compared with."""
        answer = self.tried("migration", "")
        if answer["outcome"] not in UNDECIDED:
            raise RuntimeError(f"The engine as it is does not pass: {answer['told']}")
        self._sound = answer["made"]

    def tried(self, module: str, source: str) -> dict[str, Any]:
        """The answer of a process forked for this mutant; no source is the engine as it is."""
        with tempfile.TemporaryDirectory(prefix="cutover-mutant-") as folder:
            reading, writing = os.pipe()
            child = os.fork()
            if child == 0:
                os.close(reading)
                self._answer(writing, module, source, Path(folder))
            os.close(writing)
            answered = _read(reading, time.monotonic() + WALL_SECONDS)
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == BROKEN:
                raise RuntimeError("the judge itself has failed; its message is above")
        return json.loads(answered) if answered else {"outcome": Fate.STOPPED, "told": ["no end"]}

    def _answer(self, writing: int, module: str, source: str, folder: Path) -> None:
        """In the child: writes the answer and ends the process, whatever the mutant does."""
        try:
            answer = self._carried_out(module, source, _copy(self._run, folder))
            with os.fdopen(writing, "w") as pipe:
                json.dump(answer, pipe)
            os._exit(0)
        except BaseException:  # noqa: BLE001 - no mutant: an error of this module
            traceback.print_exc()
            os._exit(BROKEN)

    def _carried_out(self, module: str, source: str, run: Run) -> dict[str, Any]:
        _limit()
        try:
            if source:
                _put_in_place(module, source)
            made = _built(run, self._settings)
        except RowsQuarantined:
            return self._held(run)
        except BaseException as error:  # noqa: BLE001 - whatever a mutant raises, it has stopped
            return {"outcome": Fate.STOPPED, "told": [type(error).__name__]}
        if made == self._sound:
            return {"outcome": Fate.SAME, "told": []}
        overlaid(self._run.data / "verified.zip", run.data / "import.zip", run.data / "verified.zip")
        results = in_process.judged(run, self._settings, run.data, shared=self._untouched(made))
        red = [result.id for result in results if result.outcome is not Outcome.PASS]
        return {"outcome": Fate.KILLED if red else Fate.UNSEEN, "told": red, "made": made}

    def _held(self, run: Run) -> dict[str, Any]:
        """The answer for rows in quarantine: the checks' oracle knows which must be there, and why."""
        rows = quarantine.read(run.data / "quarantine.jsonl")
        made = {"rows": [str(row) for row in rows], "transform": run.manifest()["transform"]}
        if not self._aside.agrees(rows):
            return {"outcome": Fate.KILLED, "told": [HELD], "made": made}
        return {"outcome": Fate.SAME if made == self._sound else Fate.UNSEEN, "told": [], "made": made}

    def _untouched(self, made: Mapping[str, Any]) -> in_process.Shared:
        """The products that this mutant can not have changed. The accounts are judged by the manifest too."""
        books, sound = ({**one.get("transform", {}), "tables": None} for one in (made, self._sound))
        return {name: it for name, it in self._shared.items() if name != "accounts" or books == sound}


def _copy(run: Run, folder: Path) -> Run:
    """The run under another folder, with what it read and without what it made of it."""
    copy = Run(folder / run.id, folder / "data")
    for place in (copy.folder, copy.data):
        place.mkdir()
    shutil.copy(run.folder / "manifest.json", copy.folder)
    for path in run.data.iterdir():
        if path.name not in MADE_ANEW:
            (copy.data / path.name).symlink_to(path)
    return copy


def _built(run: Run, settings: Settings) -> dict[str, Any]:
    """Carries out link and transform and builds the import, with the engine's own steps; returns what came of
    it, for comparison."""
    steps, context = (importlib.import_module(f"migration.{name}") for name in ("steps", "context"))
    opened = context.Context(settings, run, Silent(), None, None)
    done = [steps.named(name).run(opened) for name in ("link", "transform")]
    done.append(steps.named("load").rehearse(opened))
    told = run.manifest()
    return {"digests": [one.digest for one in done], "link": told["link"], "transform": told["transform"]}


class Aside:
    """The rows that the checks' oracle puts into quarantine: how many by table and reason; of the first of
    each also their keys, and the column that decides where one does."""

    def __init__(self, run: Run, settings: Settings) -> None:
        with World.of(run, settings) as world:
            _ = world.expected_people
            for _ in world.expected_cases():
                pass
            self._counts, self._keys = world.refusals.set_aside(MOVED), dict(world.refusals.keys)

    def agrees(self, rows: Sequence[Quarantined]) -> bool:
        """Whether these are the rows, for these reasons."""
        if Counter((row.table, row.reason) for row in rows) != self._counts:
            return False
        told = {(row.table, row.reason, row.key): row.where for row in rows}
        return all(
            column in ("", told.get((*of, key))) and (*of, key) in told
            for of, keys in self._keys.items()
            for key, column in keys.items()
        )


def _put_in_place(module: str, source: str) -> None:
    """Makes `source` the module, before anybody has imported it."""
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise RuntimeError(f"no module: {module}")
    made = importlib.util.module_from_spec(spec)
    sys.modules[module] = made
    exec(compile(source, spec.origin, "exec"), made.__dict__)  # noqa: S102 - our own source, changed
    package, _, name = module.rpartition(".")
    setattr(sys.modules[package], name, made)


def _limit() -> None:
    """An endless loop ends, and one that fills the memory too."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    with contextlib.suppress(ValueError, OSError):  # macOS knows no such limit
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def _read(reading: int, until: float) -> str:
    """All that comes through the pipe, or nothing when it does not end in time."""
    parts: list[bytes] = []
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        while select.select([pipe], [], [], max(0.0, until - time.monotonic()))[0]:
            part = pipe.read(1 << 16)
            if not part:
                return b"".join(parts).decode()
            parts.append(part)
    return ""


class Trying:
    """The process of this module, seen from outside: it judges mutants on one set of data."""

    def __init__(self, settings: Settings, run: Run, decisions: Sequence[Path]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, run.id, *map(str, decisions)],
            cwd=config.ROOT,
            env={**os.environ, **run.child_environment(settings)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait()

    def fate(self, module: str, source: str) -> tuple[Fate, list[str]]:
        """What becomes of the mutant, and the checks that are red or the error."""
        asked = json.dumps({"module": module, "source": source})
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the judge was started without its pipes")
        self._process.stdin.write(f"{asked}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("the judge has ended")
        return Fate(json.loads(answer)["outcome"]), json.loads(answer)["told"]


def main(run_id: str, *decisions: str) -> None:
    """Answers line by line until the input ends: for each mutant the first fate that tells it apart."""
    early = [name for name in sys.modules if name in ENGINE or name.startswith("migration.mapping")]
    if early:
        raise RuntimeError(f"imported before it could be mutated: {early}")
    settings = config.load("embedded")
    run = Run.open(settings, run_id)
    shared = in_process.shared_products(run, settings)
    judges = []
    for file in decisions:
        judges.append(Judge(run, settings.model_copy(update={"quarantine_file": Path(file)}), shared))
        judges[-1].begin()
    for line in sys.stdin:
        asked = json.loads(line)
        found = _first(judges, asked["module"], asked["source"])
        sys.stdout.write(json.dumps({"outcome": found["outcome"], "told": found["told"]}) + "\n")
        sys.stdout.flush()


def _first(judges: Sequence[Judge], module: str, source: str) -> dict[str, Any]:
    """The first answer that tells the mutant apart, else what was unseen, else that all was the same.

    One that deals with undecided rows as the sound engine does needs no trial with some of them decided.
    """
    told: dict[str, Any] = {"outcome": Fate.SAME, "told": []}
    for judge in judges:
        answer = judge.tried(module, source)
        if answer["outcome"] not in UNDECIDED:
            return answer
        if answer["outcome"] == Fate.UNSEEN:
            told = answer
        elif judge.undecided:
            break
    return told


if __name__ == "__main__":
    main(*sys.argv[1:])
