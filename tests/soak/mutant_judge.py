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
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from checks import in_process
from fixtures.tamper import overlaid
from migration import config
from migration.config import Settings
from migration.errors import RowsQuarantined
from migration.model import Outcome
from migration.progress import Silent
from migration.run import Run

CPU_SECONDS, WALL_SECONDS = 20, 120
MEMORY = 2 << 30
MADE_ANEW = ("verified.zip", "transformed", "import.zip", "quarantine.jsonl", "checks")


class Fate(StrEnum):
    """What became of a mutant on a set of data."""

    KILLED = "killed"  # it loads, and a check is red
    UNSEEN = "unseen"  # it loads something else, and every check is green
    SAME = "same"  # it loads the same bytes and keeps the same records
    STOPPED = "stopped"  # it ends with an error, or not at all, before anything is loaded
    HELD = "held"  # it puts rows into quarantine: nothing is loaded until a person decides


UNDECIDED = (Fate.SAME, Fate.UNSEEN)
"""Fates after which other data may tell more."""


class Judge:
    """A migrated run in whose place mutants are tried."""

    def __init__(self, run: Run, settings: Settings, shared: in_process.Shared) -> None:
        self._run, self._settings, self._shared = run, settings, shared
        self._sound: dict[str, Any] = {}

    @property
    def undecided(self) -> bool:
        """Whether nobody has decided about any row."""
        return not self._settings.quarantine_file.exists()

    def begin(self) -> None:
        """Tries the engine as it is: what a mutant is compared with. It passes, or holds rows back."""
        answer = self.tried("migration", "")
        if answer["outcome"] not in (Fate.UNSEEN, Fate.HELD):
            raise RuntimeError(f"The engine as it is does not pass: {answer}")
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
            os.waitpid(child, 0)
        return json.loads(answered) if answered else {"outcome": Fate.STOPPED, "told": ["no end"]}

    def _answer(self, writing: int, module: str, source: str, folder: Path) -> None:
        """In the child: writes the answer and ends the process, whatever the mutant does."""
        try:
            _limit()
            if source:
                _put_in_place(module, source)
            answer = self._carried_out(folder)
        except BaseException as error:  # noqa: BLE001 - whatever a mutant raises, it has stopped
            answer = {"outcome": Fate.STOPPED, "told": [type(error).__name__]}
        with os.fdopen(writing, "w") as pipe:
            json.dump(answer, pipe)
        os._exit(0)

    def _carried_out(self, folder: Path) -> dict[str, Any]:
        run = _copy(self._run, folder)
        try:
            made = _built(run, self._settings)
        except RowsQuarantined:
            made = {"held": _set_aside(run)}
            fate = Fate.SAME if "held" in self._sound else Fate.HELD
            told = [] if made == self._sound else [f"sets aside otherwise: {len(made['held']) - 1} rows"]
            return {"outcome": fate, "told": told, "made": made}
        if made == self._sound:
            return {"outcome": Fate.SAME, "told": []}
        overlaid(self._run.data / "verified.zip", run.data / "import.zip", run.data / "verified.zip")
        results = in_process.judged(run, self._settings, run.data, shared=self._untouched(made))
        red = [result.id for result in results if result.outcome is not Outcome.PASS]
        return {"outcome": Fate.KILLED if red else Fate.UNSEEN, "told": red, "made": made}

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


def _set_aside(run: Run) -> list[str]:
    """The rows in quarantine, and the digests of what became of the others."""
    rows = (run.data / "quarantine.jsonl").read_text("utf-8").splitlines()
    return [*rows, json.dumps(run.manifest()["transform"], sort_keys=True)]


def _put_in_place(module: str, source: str) -> None:
    """Makes `source` the module, before anybody has imported it."""
    loaded = [name for name in sys.modules if name == module or name.startswith("migration.mapping")]
    if loaded:
        raise RuntimeError(f"already imported: {loaded}")
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
        if answer["outcome"] == Fate.UNSEEN or not told["told"]:
            told = answer
        if judge.undecided and not answer["told"]:
            break
    return told


if __name__ == "__main__":
    main(*sys.argv[1:])
