"""Carries the steps out, one after the other, and keeps the ledger: migrate, single steps, dry run,
resume, rollback.

What the tasks call. What a step does is in `migration.steps`; what is done between the load and the
verdict (export, open) is here too, because it changes or reads the same two sides and belongs into the
same ledger.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from migration import fence, files, pins, quarantine, snapshot, source, vault
from migration import rollback as way_back
from migration.config import Settings
from migration.context import Context, explained, opened
from migration.errors import CutoverError, Refusal, RowsQuarantined, RunIncomplete
from migration.model import ROLLBACK, LedgerEntry, StepOutcome
from migration.progress import Progress, Silent
from migration.run import Run, iso_now
from migration.standing import committed, last_done, must_not_be_half_taken_back
from migration.steps import STEPS, Done, Step, named
from migration.target import Target


@dataclass(frozen=True)
class StepReport:
    """How a step ended, for whoever shows it."""

    name: str
    title: str
    outcome: StepOutcome
    duration_ms: int
    notes: dict[str, Any] = field(default_factory=dict)


def migrate(
    settings: Settings,
    run: Run,
    progress: Progress | None = None,
    *,
    resume: bool = False,
) -> list[StepReport]:
    """Fence to load. `resume` skips what this run has already done and goes on from there.

    Raises `Refusal` before anything is touched, `RowsQuarantined` when rows need a decision, and
    `RunIncomplete` when the run had begun and can not go on; each says what to do.
    """
    must_not_be_half_taken_back(run)
    with _connected(settings, run, progress) as context, _alone(context):
        if resume and committed(run):
            return [StepReport(step.name, step.title, StepOutcome.SKIPPED, 0) for step in STEPS]
        _preflight(context)
        return [_carry(context, step, resume=resume) for step in STEPS]


def step(settings: Settings, run: Run, name: str, progress: Progress | None = None) -> StepReport:
    """One step by name, anew; a `Refusal` when a step that it builds on is not done."""
    wanted = named(name)
    must_not_be_half_taken_back(run)
    with _connected(settings, run, progress) as context, _alone(context):
        missing = [needed for needed in wanted.inputs if last_done(run, needed) is None]
        if missing:
            raise Refusal(
                f"The step {name} builds on {', '.join(missing)}, which this run has not done.",
                next_step=f"Run invoke {' '.join(_undone(run, wanted))}, or invoke migrate for all of them.",
            )
        if committed(run) and name != "load":
            raise Refusal(
                f"Run {run.id} has been loaded; its {name} must stay as it was loaded from.",
                next_step="Begin a new run with invoke migrate, or take this one back: invoke rollback.",
            )
        _preflight(context)
        return _carry(context, wanted, resume=False)


def _undone(run: Run, wanted: Step) -> list[str]:
    """`wanted` and every step before it that it builds on, directly or not, and that is not done."""
    needed = {wanted.name}
    for earlier in reversed(STEPS):
        if earlier.name in needed:
            needed |= {name for name in earlier.inputs if last_done(run, name) is None}
    return [one.name for one in STEPS if one.name in needed]


def export_target(settings: Settings, run: Run, name: str, progress: Progress | None = None) -> Path:
    """Downloads the target as it is now to `name` in the run's data folder, for the checks."""
    with acting(settings, run, progress, f"export {Path(name).stem}") as (context, notes):
        path = context.target.export(run.data / name, advance=context.advance)
        notes["bytes"] = path.stat().st_size
        return path


def open_target(settings: Settings, run: Run, progress: Progress | None = None) -> None:
    """Lets the app's functions run again, after the data was verified. The fence on the source stays."""
    with acting(settings, run, progress, "open") as (context, _):
        context.target.unpause()


def must_run(settings: Settings, run: Run) -> None:
    """`RunIncomplete` when the target is still paused: its site can not be judged then."""
    with _connected(settings, run, None, pins.verify) as context:
        state = context.target.state()
    if state != "running":
        raise RunIncomplete(
            f"The target is {state}, so its site can not be judged.",
            touched="Nothing was changed.",
            next_step="Judge the data first, which opens the target when it passes: invoke verify smoke.",
        )


def rollback(
    settings: Settings, run: Run, progress: Progress | None = None, *, step: str = ROLLBACK
) -> way_back.RolledBack:
    """Takes everything back: the target equal to its backup, proven; fence lifted, pause ended; timed.

    `step`: how the ledger names it; `REHEARSED_ROLLBACK` leaves the run's verdict as it is.
    """
    with acting(settings, run, progress, step) as (context, notes):
        done = way_back.carry_out(context)
        notes.update(asdict(done))
        return done


def unfence(settings: Settings, run: Run, progress: Progress | None = None) -> tuple[str, ...]:
    """Lifts the fence alone; the names of the tables that were fenced."""
    if not settings.fences:
        raise Refusal("A dress rehearsal fences nothing, so there is nothing to lift.")
    with acting(settings, run, progress, "unfence") as (context, notes):
        lifted = fence.lift(context.source, run.id)
        notes["tables"] = len(lifted)
        return lifted


def verify_identity(run: Run, settings: Settings) -> None:
    """`Refusal` when the configured pair is not the one that the run was begun on (law 12)."""
    with _connected(settings, run, None, pins.verify):
        pass


@contextmanager
def _connected(
    settings: Settings,
    run: Run,
    progress: Progress | None,
    meet: Callable[[Run, psycopg.Connection, Target], None] = pins.pin,
) -> Iterator[Context]:
    """Both sides, met as the run's own: `pins.pin` pins a new run to them, `pins.verify` wants a begun one.

    A side that can not be reached is a refusal of a new run, and leaves one that has begun unfinished.
    """
    vault.must_be_open(run)
    began = bool(run.ledger())
    with ExitStack() as stack:
        with explained("Connecting", touched=began):
            context = stack.enter_context(opened(settings, run, progress or Silent()))
            context.touched = began
            meet(run, context.source, context.target)
        yield context


@contextmanager
def _alone(context: Context) -> Iterator[None]:
    """Nobody else works on this target from here, and what a killed process of this run left has ended."""
    with context.written.alone():
        with explained("Taking the run over", touched=bool(context.run.ledger())):
            source.take_over(context.source, context.run.id)
        yield


@contextmanager
def acting(
    settings: Settings, run: Run, progress: Progress | None, name: str
) -> Iterator[tuple[Context, dict[str, Any]]]:
    """A ledger entry of this name on the run's own pair, and the notes that it will carry."""
    with (
        _connected(settings, run, progress, pins.verify) as context,
        _alone(context),
        entered(run, context.progress, name) as notes,
        explained(f"The step {name}", touched=True),
    ):
        yield context, notes


# ---------------------------------------------------------------- one step


def _carry(context: Context, step: Step, *, resume: bool) -> StepReport:
    run = context.run
    with explained(f"The step {step.name}", touched=context.touched):
        inputs = _inputs(context, step)
    if resume and not step.again and _current(run, step, inputs):
        run.append_ledger(LedgerEntry(step=step.name, outcome=StepOutcome.SKIPPED, at=iso_now()))
        return StepReport(step.name, step.title, StepOutcome.SKIPPED, 0)
    context.touched = context.touched or step.touches
    began = time.monotonic()
    with entered(run, context.progress, step.name) as notes:
        with explained(f"The step {step.name}", touched=context.touched):
            done = step.run(context)
        notes.update(
            done.notes, digest=done.digest, inputs=inputs, files=_files(run, step), results=run.result_lines()
        )
    return StepReport(step.name, step.title, StepOutcome.DONE, _since(began), done.notes)


@contextmanager
def entered(run: Run, progress: Progress, name: str) -> Iterator[dict[str, Any]]:
    """A ledger entry when it begins and one when it ends. `digest` in the yielded notes becomes the
    entry's."""
    run.append_ledger(LedgerEntry(step=name, outcome=StepOutcome.STARTED, at=iso_now()))
    began, notes = time.monotonic(), dict[str, Any]()
    try:
        with progress.step(name):
            yield notes
    except BaseException as error:
        # only our own sentences are kept: another exception's text may quote a row
        text = error.happened if isinstance(error, CutoverError) else type(error).__name__
        run.append_ledger(
            LedgerEntry(
                step=name, outcome=StepOutcome.FAILED, at=iso_now(), duration_ms=_since(began), error=text
            )
        )
        raise
    notes.setdefault("results", run.result_lines())
    run.append_ledger(
        LedgerEntry(
            step=name,
            outcome=StepOutcome.DONE,
            at=iso_now(),
            duration_ms=_since(began),
            digest=str(notes.pop("digest", "")),
            notes=notes,
        )
    )


def _inputs(context: Context, step: Step) -> dict[str, str]:
    """The digests that a step builds on: of its input steps, and for the transform of the decisions about
    rows."""
    found = {name: entry.digest for name in step.inputs if (entry := last_done(context.run, name))}
    if step.name == "transform":
        found["quarantine.toml"] = quarantine.load(context.settings.quarantine_file).digest
    return found


def _current(run: Run, step: Step, inputs: dict[str, str]) -> bool:
    """Whether the step's last end was a good one, on the same inputs, and its files are still the same."""
    entry = last_done(run, step.name)
    return (
        entry is not None
        and entry.notes.get("inputs") == inputs
        and set(inputs) >= set(step.inputs)
        and entry.notes.get("files") == _files(run, step)
    )


def _files(run: Run, step: Step) -> dict[str, str]:
    found = [path for pattern in step.outputs for path in sorted(run.data.glob(pattern))]
    return {str(path.relative_to(run.data)): files.sha256_of(path) for path in found}


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


# ---------------------------------------------------------------- before anything is touched


def _preflight(context: Context) -> None:
    """What can be known to fail later is refused now: layout, rights, an empty source, a key that may only
    read."""
    with explained("The preflight", touched=context.touched):
        layout = context.layout
        if context.settings.fences:
            fence.examine(context.source)
        snapshot.not_empty(context.source, layout, context.least)
        if context.target.info().read_only_key:
            raise Refusal(
                "The target's key may only read.",
                next_step="Use a deploy key that may import backups and pause.",
            )


def rehearse(settings: Settings, progress: Progress) -> list[StepReport]:
    """The dry run: every step, into a scratch folder that is removed, with nothing changed on either side."""
    with dry(settings, progress) as context:
        return [rehearsed(context, step) for step in STEPS]


@contextmanager
def dry(settings: Settings, progress: Progress) -> Iterator[Context]:
    """A context for `rehearsed` steps, on a run of nobody's that is removed afterwards."""
    with _scratch(settings) as run, _connected(settings, run, progress) as context:
        _preflight(context)
        yield context


def reach(settings: Settings) -> None:
    """A `Refusal` when either side can not be reached or is not fit to be judged. Changes nothing."""
    with _scratch(settings) as run, _connected(settings, run, None) as context:
        _preflight(context)


@contextmanager
def _scratch(settings: Settings) -> Iterator[Run]:
    """A run of nobody's: its folder is removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="dry-run-", dir=files.private_folder(settings.data_dir)))
    try:
        yield Run(folder, folder)
    finally:
        shutil.rmtree(folder)


def rehearsed(context: Context, step: Step) -> StepReport:
    """One step of a dry run: `RowsQuarantined` when rows need a decision; their list is in the run's data."""
    began = time.monotonic()
    act: Callable[[Context], Done] = step.rehearse or step.run
    try:
        with context.progress.step(step.name), explained(f"The step {step.name}", touched=False):
            done = act(context)
    except RowsQuarantined as error:
        raise RowsQuarantined(error.happened, touched="Nothing was changed: this was a dry run.") from None
    return StepReport(step.name, step.title, StepOutcome.DONE, _since(began), done.notes)
