"""Verify, smoke and conclude: which phases are judged in which order, and what is written at the end.

Thin: the checks judge, `migration.verdict` merges, `migration.decision` decides, `reports.render` draws. What
is fixed here is the order, and that a run which ends, red or green, leaves verdict, decision and report.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from migration import decision, flow, standing, verdict
from migration.config import Settings
from migration.errors import REFUSED, CutoverError
from migration.model import Phase, Verdict
from migration.progress import Progress
from migration.run import Run
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


def conclude(run: Run) -> Verdict:
    """Writes verdict, decision and report from the records, and returns the verdict of the whole run."""
    merged = verdict.merge(run)
    decision.decide(run)
    write(run.folder)
    return merged


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


def _why(failure: BaseException) -> str:
    """Our own sentence, or the kind of error only: another's words may quote people's data (law 13)."""
    if isinstance(failure, CutoverError):
        return str(failure)
    return "It was interrupted." if isinstance(failure, KeyboardInterrupt) else f"{type(failure).__name__}."


def planned(phases: Sequence[Phase]) -> list[str]:
    """One line for each check that the phases would run."""
    return [f"{phase.value}  {name}" for phase in phases for name in suites.listed(phase)]
