"""What the operator's verbs do, in the order of a run: settings, run, the engine or the checks, conclusion.

Between `tasks.py` (flags) and the rooms that work. Whatever ends after a run began is concluded (verdict,
decision and report written) before the task leaves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from migration import acceptance, config, delta, flow, seal, standing
from migration.config import Settings
from migration.cutover import plan, stranded
from migration.errors import CutoverError, Refusal
from migration.flow import StepReport
from migration.model import EXIT_CODE, Class, Outcome, Phase, Verdict
from migration.progress import Silent
from migration.rollback import EARLIER, EQUAL, OTHERS, RESTORED
from migration.run import Run, find
from reports.read import Evidence, evidence
from verbs import judging, preflight, show
from verbs.exits import leave
from verbs.line import LINE
from verbs.show import answer

REASONS_SHOWN = 6
ROLLED_BACK = {
    RESTORED: "the target was restored and equals its backup ({documents} documents)",
    EQUAL: "the target was still as before and equals its backup ({documents} documents)",
    EARLIER: "an earlier rollback had restored the target; what is there now was not touched",
    OTHERS: "this run had not changed the target; what others changed since its backup was not touched",
}


def migrate(*, dry_run: bool, resume: bool, quiet: bool) -> None:
    """Moves the data, in a new run or in the latest one. A dry run begins no run and changes nothing."""
    settings = LINE.settings(of_run=resume)
    progress = show.chosen(quiet=quiet)
    if dry_run:
        for step in flow.rehearse(settings, progress):
            answer(_would(step))
        answer("Dry run: nothing was changed on either side.")
        return
    if LINE.run_id and not resume:
        raise Refusal(
            f"Without --resume, migrate begins a run of its own, but run {LINE.run_id} was named.",
            next_step="Add --resume to continue that run, or leave --run out.",
        )
    asked = None if resume else preflight.begin(settings, progress)
    run = LINE.open_run(settings) if resume else LINE.begin_run(settings)
    preflight.attach(run, asked)
    with judging.concluding(run):
        flow.migrate(settings, run, progress, resume=resume)
    answer(f"Migrated in run {run.id}; the target stays paused. Next: `./inv verify smoke`.")


def step(name: str, *, begins: bool = False, quiet: bool = False) -> None:
    """Carries out one step of the run. `begins`: in a new run, unless one is named or begun on this line."""
    new = begins and LINE.run is None and LINE.run_id is None
    settings = LINE.settings(of_run=not new)
    progress = show.chosen(quiet=quiet)
    asked = preflight.begin(settings, progress) if new else None
    run = LINE.begin_run(settings) if new else LINE.open_run(settings)
    preflight.attach(run, asked)
    with judging.concluding(run):
        done = flow.step(settings, run, name, progress)
    answer(f"{name}: {done.title}, done in {done.duration_ms / 1000:.1f} s{_counts(done)} (run {run.id})")


def verify(*, dry_run: bool, auto_rollback: bool, workers: int, quiet: bool) -> None:
    """Judges the data and the app, and leaves with their verdict."""
    if dry_run:
        _plan(judging.VERIFY)
        return
    settings, run = of_run()
    with judging.concluding(run):
        verdict = judging.verify(settings, run, show.chosen(quiet=quiet), workers=workers)
    if auto_rollback and verdict is Verdict.FAIL:
        _take_back(settings, run, quiet=quiet)
    conclusion(verdict, run)


def smoke(*, dry_run: bool, auto_rollback: bool, workers: int, quiet: bool) -> None:
    """Judges the site and what the canary left behind, and leaves with their verdict."""
    if dry_run:
        _plan(judging.SMOKE)
        return
    settings, run = of_run()
    with judging.concluding(run):
        verdict = judging.smoke(settings, run, show.chosen(quiet=quiet), workers=workers)
    if auto_rollback and verdict is Verdict.FAIL:
        _take_back(settings, run, quiet=quiet)
    conclusion(verdict, run)


def recheck(*, workers: int, quiet: bool) -> None:
    """Judges the open target again, and leaves with that verdict; the run's own stays what it was."""
    settings, run = of_run()
    with judging.concluding(run):
        verdict = judging.recheck(settings, run, show.chosen(quiet=quiet), workers=workers)
    last = evidence(run.folder).recheck["rechecks"][-1]
    answer(
        f"{verdict}  {last['minutes_after_opening']} min after the opening  decision "
        f"{evidence(run.folder).decision.get('decision', 'HOLD')}  run {run.id}"
    )
    answer(f"  {last['by_users']:,} changes by v2's users, {last['lost_or_changed']:,} by nobody")
    if called := last["functions"]:
        answer(f"  {called['errors']:,} of {called['calls']:,} calls of functions failed{_failing(called)}")
    for reason in last["reasons"][:REASONS_SHOWN]:
        answer(f"  {reason}")
    answer(f"Report: {_short(run.folder / 'report.html')}")
    leave(EXIT_CODE[verdict])


def _failing(called: Mapping[str, Any]) -> str:
    named = sorted(called["failed"].items(), key=lambda one: (-one[1], one[0]))
    return f": {', '.join(f'{name} {count:,}' for name, count in named)}" if named else ""


def rollback(*, quiet: bool) -> None:
    """Restores the target to its backup, lifts the fence, ends the pause."""
    _take_back(*of_run(), quiet=quiet)


def _take_back(settings: Settings, run: Run, *, quiet: bool) -> None:
    with judging.concluding(run):
        done = flow.rollback(settings, run, show.chosen(quiet=quiet))
    if plan.standing(run.ledger()).moved:
        answer("The domain still leads to v2. To point it back: ./inv cutover --back --confirm NAME")
    answer(f"Rolled back: {ROLLED_BACK[done.how].format(documents=f'{done.documents:,}')}.")
    if done.stranded:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(delta.total(done.stranded).items()))
        answer(f"Written on v2 since it was opened: {kinds}; kept in {run.data / delta.NAME}.")


def unfence() -> None:
    """Lets the source be written again."""
    settings, run = of_run()
    answer(f"The fence was lifted from {len(flow.unfence(settings, run))} tables.")


def decide() -> None:
    """Merges and decides from the records, and leaves with the verdict; a loss after the opening is FAIL."""
    run = opened()
    conclusion(judging.conclude(run), run)


def accept(*, check: str, count: int, by: str, reason: str) -> None:
    """Notes that a person takes over findings of the run, and decides anew."""
    try:
        one = acceptance.Acceptance(check=check, count=count, by=by, reason=reason)
    except ValidationError as error:
        wrong = error.errors()[0]
        raise Refusal(
            f"This is no acceptance: {wrong['loc'][0]}: {wrong['msg']}.",
            next_step="./inv accept CHECK --count N --by NAME --reason TEXT",
        ) from None
    run = opened()
    acceptance.add(acceptance.ACCEPTANCES, one, evidence(run.folder).verdict.get("gate_shut", {}))
    judging.conclude(run)
    answer(f"{by} accepts {count} findings of {check}; noted in {_short(acceptance.ACCEPTANCES)}.")


def report() -> None:
    """Writes the report anew from the records; of a run that went live, with what a rollback would take."""
    run = opened()
    if plan.standing(run.ledger()).moved:
        _count_what_came_since(run)
    answer(str(judging.draw(run)))


def _count_what_came_since(run: Run) -> None:
    """The report is written all the same when the target can not be asked now."""
    try:
        found = stranded.count(LINE.settings(of_run=True), run, Silent())
    except CutoverError as error:
        answer(f"What a rollback would take could not be counted now: {error.happened}")
        return
    answer(stranded.spoken(found))


def runs() -> None:
    """One line for each run."""
    for folder in sorted(path.parent for path in config.runs_dir().glob("*/manifest.json")):
        found = evidence(folder)
        environment, verdict = found.manifest.get("environment", "?"), found.verdict.get("verdict", "?")
        answer(f"{folder.name}  {environment:<10}  {verdict:<7}  {found.decision.get('decision', '?')}")


def records() -> Run:
    """The run of this line from its records alone: no pair needs to be configured to read them."""
    if LINE.run is None:
        folder = find(config.runs_dir(), LINE.run_id)
        LINE.run = Run(folder, config.data_dir() / "runs" / folder.name)
    return LINE.run


def opened() -> Run:
    """The same run, about to be changed: evidence that changed by itself since it was sealed is noted."""
    run = records()
    seal.open_(run)
    return run


def conclusion(verdict: Verdict, run: Run) -> None:
    """Says what came out and where the report is, and leaves with the verdict's code."""
    found = evidence(run.folder)
    answer(f"{verdict}  decision {found.decision.get('decision', 'HOLD')}  run {run.id}")
    if verdict is not Verdict.PASS:
        reasons = found.verdict.get("reasons")
        for line in [*_first_findings(found), *(reasons if isinstance(reasons, list) else [])][
            :REASONS_SHOWN
        ]:
            answer(f"  {line}")
    answer(f"Report: {_short(run.folder / 'report.html')}")
    if verdict is not Verdict.PASS and (offer := standing.way_back(run)):
        answer(offer)
    leave(EXIT_CODE[verdict])


def _first_findings(found: Evidence) -> list[str]:
    """What was found, where: the values are masked by the checks, and stand in the report."""
    return [
        f"{result.id}: {finding.kind} {finding.table} {finding.key} {finding.field}".rstrip()
        for result in found.results
        for finding in result.findings[:1]
        if result.outcome is Outcome.FAIL and finding.cls is Class.INTRODUCED
    ][:3]


def of_run() -> tuple[Settings, Run]:
    """The settings and the run that this line works on."""
    settings = LINE.settings(of_run=True)
    return settings, LINE.open_run(settings)


def _plan(phases: Sequence[Phase]) -> None:
    flow.reach(LINE.settings())
    checks = judging.planned(phases)
    for line in checks:
        answer(line)
    answer(f"Dry run: {len(checks)} checks would be made; nothing was changed.")


def _would(step: StepReport) -> str:
    return f"{step.name:<10} would {step.title}{_counts(step)}"


def _counts(step: StepReport) -> str:
    shown = [f"{name} {count}" for name, count in step.notes.items() if isinstance(count, int | str)]
    return f" ({', '.join(shown)})" if shown else ""


def _short(path: Path) -> Path:
    return path.relative_to(config.ROOT) if path.is_relative_to(config.ROOT) else path
