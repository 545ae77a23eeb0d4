"""Verify, smoke and conclude: which phases are judged in which order, and what is written at the end.

Thin: the checks judge, `migration.verdict` merges, `migration.case` decides, `reports.render` draws. What
is fixed here is the order, and that a run which ends, red or green, leaves verdict, decision and report.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from migration import case, flow, seal, standing, verdict
from migration import recheck as rechecks
from migration.config import Settings
from migration.errors import REFUSED, CutoverError, Refusal, RunIncomplete
from migration.model import Phase, Verdict
from migration.progress import Progress
from migration.run import Run
from reports import previous
from reports.published import write_junit
from reports.render import write
from verbs import suites
from verbs.exits import log
from verbs.line import LINE

VERIFY = (Phase.DATA, Phase.APP)
SMOKE = (Phase.SMOKE, Phase.AFTER)


def verify(settings: Settings, run: Run, progress: Progress, *, workers: int = 0) -> Verdict:
    """Judges the data while the target is paused; only a PASS opens it, and then the app is judged.

    Asked again once it is open, the data is that of the export from before: what users and the canary have
    written since is no fault of the migration, and must not become what `smoke` is compared with.
    """
    with progress.step("verify"):
        standing.must_be_loaded(run)
        if not standing.was_opened(run):
            flow.export_target(settings, run, "verified.zip", progress)
        suites.judge(settings, run, Phase.DATA, progress, workers=workers)
        if (data := verdict.merge(run, [Phase.DATA])) is not Verdict.PASS:
            return data
        flow.open_target(settings, run, progress)
        suites.judge(settings, run, Phase.APP, progress, workers=workers)
    return verdict.merge(run, VERIFY)


def smoke(settings: Settings, run: Run, progress: Progress, *, workers: int = 0) -> Verdict:
    """Judges the site in a browser as the canary, then that nothing but the canary's documents changed."""
    with progress.step("smoke"):
        standing.must_be_loaded(run)
        flow.must_run(settings, run)
        suites.process("checks.canary", settings, run, progress, step="canary")
        suites.judge(settings, run, Phase.SMOKE, progress)
        flow.export_target(settings, run, "after_smoke.zip", progress)
        suites.judge(settings, run, Phase.AFTER, progress, workers=workers)
    return verdict.merge(run, SMOKE)


def in_public(settings: Settings, run: Run, progress: Progress) -> Verdict:
    """Judges the site once more, through the address that people open. What it leaves behind is not compared:
    people are at work by now."""
    suites.judge(settings, run, Phase.CUTOVER, progress)
    return verdict.judge_phase(run, Phase.CUTOVER)


def recheck(settings: Settings, run: Run, progress: Progress, *, workers: int = 0) -> Verdict:
    """Judges the open target again: is anything lost since, can everybody get in?"""
    with progress.step("recheck"):
        standing.must_be_loaded(run)
        flow.must_run(settings, run)
        flow.export_target(settings, run, "recheck.zip", progress)
        suites.judge(settings, run, Phase.RECHECK, progress, workers=workers)
    return rechecks.conclude(run)


def conclude(run: Run) -> Verdict:
    """Writes verdict, decision and report from the records, and returns the verdict of the whole run.

    What was judged is sealed before it is decided on, and everything at the end.
    """
    merged = verdict.merge(run)
    seal.close(run)
    case.decide(run)
    previous.note(run.folder)
    draw(run)
    return merged


def draw(run: Run) -> Path:
    """Writes what people and programs read of the run, and returns the path of its report."""
    report = write(run.folder)
    write_junit(run.folder)
    seal.close(run)
    job_summary(run.id, (run.folder / "summary.md").read_text(encoding="utf-8"))
    return report


def job_summary(run_id: str, text: str, environ: Mapping[str, str] = os.environ) -> None:
    """Puts the summary on the page of a GitHub job, where there is one: a block for each run, its newest."""
    page = environ.get("GITHUB_STEP_SUMMARY")
    if not page:
        return
    begin, end = f"<!-- cutover {run_id} -->\n", f"<!-- end of {run_id} -->\n"
    before = Path(page).read_text(encoding="utf-8") if Path(page).exists() else ""
    kept, _, rest = before.partition(begin)
    after = rest.partition(end)[2]
    Path(page).write_text(f"{kept}{begin}{text}\n{end}{after}", encoding="utf-8")


@dataclass
class Conclusion:
    """What a run came to, known when it is concluded."""

    verdict: Verdict = Verdict.UNKNOWN


@contextmanager
def concluding(run: Run) -> Iterator[Conclusion]:
    """Whatever happens inside, the run is concluded; an error inside is what the caller gets to see.

    A new run that is refused before its first step never was: no later line may take it for the latest.
    """
    conclusion = Conclusion()
    _record_open(run)
    try:
        yield conclusion
    except BaseException as failure:
        if getattr(failure, "exit_code", REFUSED) == REFUSED and LINE.take_back():
            raise
        try:
            run.update_manifest(stopped=_why(failure))
            conclude(run)
        except Exception as error:  # noqa: BLE001 - the first error matters more; this one goes to the log
            log(f"the run could not be concluded: {type(error).__name__}")
        raise
    run.update_manifest(stopped="")
    conclusion.verdict = conclude(run)


def _record_open(run: Run) -> None:
    """The record is sealed as it is found; on a full disk a new run never was, and another does nothing."""
    try:
        seal.open_(run)
    except OSError as error:
        happened = f"The run's record can not be written ({type(error).__name__} {error.errno})."
        if LINE.take_back():
            raise Refusal(happened, next_step="Make room where runs are kept, and try again.") from None
        raise RunIncomplete(
            happened,
            touched="Nothing was changed by this.",
            next_step="Make room where runs are kept, then type the same line again.",
        ) from None


def _why(failure: BaseException) -> str:
    """Our own sentence, or the kind of error only: another's words may quote people's data (law 13)."""
    if isinstance(failure, CutoverError):
        return str(failure)
    return "It was interrupted." if isinstance(failure, KeyboardInterrupt) else f"{type(failure).__name__}."


def planned(phases: Sequence[Phase]) -> list[str]:
    """One line for each check that the phases would run."""
    return [f"{phase.value}  {name}" for phase in phases for name in suites.listed(phase)]
