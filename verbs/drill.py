"""`rehearse --drill`: the whole of a cutover and its way back, unattended, on a pair of its own.

Migrate, break the data, see it found, roll back and prove both sides equal, migrate again, judge, cut over,
re-check. Whatever is not as it must be ends the drill with its own code; each part is timed. The cutover goes
to the pair's stand-ins of the outside, and opens no production.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from migration import flow
from migration.config import Settings
from migration.cutover import plan
from migration.errors import FAIL, RunIncomplete
from migration.model import EXIT_CODE, Verdict
from migration.progress import Progress
from migration.rollback import RESTORED
from migration.run import Run
from verbs import cutover, judging
from verbs.line import LINE
from verbs.rehearsal import Rehearsal, planted
from verbs.show import answer

FAULT = "one-cent"


@dataclass
class Drill:
    """The parts that have been carried out, with what each showed and the seconds it took."""

    settings: Settings
    progress: Progress
    workers: int
    parts: list[tuple[str, str, float]] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)

    def carry_out(self, fault: str) -> tuple[Verdict, Run]:
        """Every part; the verdict and run of the second migration. Raises when a part is not as it must."""
        self._broken(fault)
        run = self._migrated()
        with self._part("cut over", "every step done, v2 answers at the public address"):
            cutover.go_live(self.settings, run, self.progress)
        with self._part("re-check", "nothing lost since the opening"):
            with judging.concluding(run):
                verdict = judging.recheck(self.settings, run, self.progress, workers=self.workers)
            _wanted("re-check", verdict, Verdict.PASS)
        if not plan.standing(run.ledger()).live:
            raise RunIncomplete("The cutover ended, and v2 is not live.")
        for one in self.runs:
            shutil.rmtree(one.data, ignore_errors=True)  # made-up rows of a pair that ends with this
        return verdict, run

    def _broken(self, fault: str) -> None:
        """The first run: what is broken in it is found, and nothing of it is left."""
        run = self._begun()
        with judging.concluding(run):
            with self._part("migrate", "loaded, the target paused"):
                flow.migrate(self.settings, run, self.progress)
            with self._part("break", f"{fault} planted, and found by the checks"):
                planted(fault, self.settings)
                found = judging.verify(self.settings, run, self.progress, workers=self.workers)
                _wanted(f"judging {fault}", found, Verdict.FAIL)
            with self._part("roll back", "the target equals its backup, proven; v1 is open"):
                done = flow.rollback(self.settings, run, self.progress)
            if done.how != RESTORED:
                raise RunIncomplete(f"The rollback found the target {done.how}, and had to restore it.")

    def _migrated(self) -> Run:
        run = self._begun()
        with judging.concluding(run):
            with self._part("migrate again", "loaded, the target paused"):
                flow.migrate(self.settings, run, self.progress)
            with self._part("judge", "data, app and site are a PASS"):
                verdict = judging.verify(self.settings, run, self.progress, workers=self.workers)
                if verdict is Verdict.PASS:
                    verdict = judging.smoke(self.settings, run, self.progress, workers=self.workers)
                _wanted("judging the second migration", verdict, Verdict.PASS)
        return run

    def _begun(self) -> Run:
        self.runs.append(LINE.begin_run(self.settings))
        return self.runs[-1]

    @contextmanager
    def _part(self, name: str, shows: str) -> Iterator[None]:
        """Times a part; one that did not come to its end shows so."""
        began, told = time.monotonic(), "did not come to its end"
        try:
            yield
            told = shows
        finally:
            self.parts.append((name, told, time.monotonic() - began))


def carry_out(plan_: Rehearsal, *, quiet: bool) -> tuple[Verdict, Run]:
    """The drill on a pair of its own, with its summary printed, also when a part failed."""
    began, at = time.monotonic(), datetime.now(UTC)
    with plan_.pair(quiet=quiet) as (settings, progress):
        drill = Drill(settings, progress, plan_.workers)
        started = ("start the pair", "PostgreSQL, deployment, site, stand-ins", time.monotonic() - began)
        drill.parts.append(started)
        try:
            return drill.carry_out(plan_.fault or FAULT)
        finally:
            _summary(drill, at, time.monotonic() - began)


def _summary(drill: Drill, at: datetime, seconds: float) -> None:
    answer(f"Drill of {at:%Y-%m-%d %H:%M} UTC, on made-up data and local stand-ins:")
    for name, shows, took in drill.parts:
        answer(f"  {name:<15} {took:6.1f} s  {shows}")
    answer(f"  {'all parts':<15} {seconds:6.1f} s")


def _wanted(what: str, found: Verdict, wanted: Verdict) -> None:
    """A part that came out otherwise than it must: FAIL where data or site is wrong, else UNKNOWN."""
    if found is wanted:
        return
    error = RunIncomplete(
        f"The drill stopped: {what} came to {found}, and had to be {wanted}.",
        touched="Its pair is ended.",
        next_step="The run's report says more.",
    )
    error.exit_code = FAIL if wanted is Verdict.PASS and EXIT_CODE[found] == FAIL else error.exit_code
    raise error
