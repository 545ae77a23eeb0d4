"""A whole cutover on an embedded pair of its own: start, migrate, judge, conclude, clean up.

The pair lives in a fresh temporary folder and ends with the rehearsal, also on Ctrl-C, a polite kill or an
error; with `keep` it lives in `fixtures/.pair` and stays. A rehearsal can plant a fault after the load, to
show that the verdict turns red. It never looks at configured deployments.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fixtures import pair
from fixtures.faults import FAULTS, plant
from fixtures.tamper import NothingToCorruptError
from fixtures.wire import WireError
from migration import config, flow
from migration.config import Settings
from migration.errors import Refusal, RunIncomplete
from migration.model import REHEARSED_ROLLBACK, Verdict
from migration.progress import Progress
from migration.run import Run
from verbs import judging, show
from verbs.line import LINE
from verbs.show import answer


@dataclass(frozen=True)
class Rehearsal:
    """What to rehearse: the size and seed of the made-up data, and what to do to it."""

    users: int
    cases: int
    seed: int
    hazards: bool = False
    fault: str = ""
    keep: bool = False
    workers: int = 0

    def carry_out(self, *, quiet: bool = False) -> tuple[Verdict, Run]:
        """Rehearses and returns verdict and run; everything it started has ended, unless `keep`."""
        with self.pair(quiet=quiet) as (settings, progress):
            run = LINE.begin_run(settings)
            with judging.concluding(run) as conclusion:
                self._cutover(settings, run, progress)
        if self.fault and conclusion.verdict is Verdict.PASS:
            raise RunIncomplete(
                f"The fault {self.fault} was planted, and no check saw it.",
                touched=f"Run {run.id} is kept; its PASS means nothing.",
                next_step="A check is missing or blind: do not migrate with this revision.",
            )
        if conclusion.verdict is Verdict.PASS and not self.keep:
            shutil.rmtree(run.data, ignore_errors=True)  # made-up rows of a pair that is gone
        return conclusion.verdict, run

    def _cutover(self, settings: Settings, run: Run, progress: Progress) -> None:
        flow.migrate(settings, run, progress)
        if self.fault:
            with progress.step(f"plant {self.fault}"):
                planted(self.fault, settings)
        if judging.verify(settings, run, progress, workers=self.workers) is Verdict.PASS:
            judging.smoke(settings, run, progress, workers=self.workers)
        if not self.keep:  # a kept pair stays as it was migrated
            flow.rollback(settings, run, progress, step=REHEARSED_ROLLBACK)

    @contextmanager
    def pair(self, *, quiet: bool) -> Iterator[tuple[Settings, Progress]]:
        """The pair, for as long as the rehearsal lasts; a `Refusal` when the fault does not exist."""
        if self.fault and self.fault not in FAULTS:
            raise Refusal(
                f"There is no fault {self.fault!r}.", next_step="`./inv faults --names` lists them."
            )
        folder, progress = self._folder(), show.chosen(quiet=quiet)
        try:
            with progress.step("start the pair"):
                pair.up(
                    folder,
                    users=self.users,
                    cases=self.cases,
                    seed=self.seed,
                    hazards=self.hazards,
                    echo=lambda _line: None,
                )
            environ = {**os.environ, "CUTOVER_PAIR": str(folder / "pair.json")}
            yield config.load("embedded", environ=environ), progress
        finally:
            if not self.keep:
                with _undisturbed(), progress.step("end the pair"):
                    pair.down(folder)
                    shutil.rmtree(folder, ignore_errors=True)

    def _folder(self) -> Path:
        if not self.keep:
            return Path(tempfile.mkdtemp(prefix="cutover-pair-"))
        kept = config.pair_file().parent
        if (kept / "pair.json").exists():
            raise Refusal(
                f"A kept pair is there already: {kept}.",
                next_step="End it with `./inv pair.down`, or rehearse without --keep.",
            )
        return kept


def planted(fault: str, settings: Settings) -> None:
    """Plants a fault, and says where; `RunIncomplete` when it can not be planted here."""
    try:
        found = plant(fault, settings)
    except NothingToCorruptError as error:
        raise RunIncomplete(
            f"The fault {fault} can not be planted in this data: {error}.",
            next_step="Rehearse it with more --cases, or another --seed.",
        ) from None
    except WireError:
        raise RunIncomplete(
            f"The deployment refused the fault {fault}, so it was not planted.",
            touched="The target holds what was loaded.",
            next_step="`./inv faults` lists those that a deployment takes.",
        ) from None
    answer(f"Planted {fault} in {found.table} {found.key} {found.field}".rstrip())


@contextmanager
def _undisturbed() -> Iterator[None]:
    """A second Ctrl-C must not leave processes behind."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
