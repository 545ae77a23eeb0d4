"""Starts the pytest process of one phase of judging and watches it. Imports no check, trusts no exit code.

What a phase came to is read from the run's results by `migration.verdict`: an all-skipped pytest run exits
with 0. So that a process that died, was killed or could not even collect leaves a trace too, each phase has
one check of its own, `harness.<phase>`: every required check has a result of this attempt.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from migration.config import ROOT, Settings
from migration.errors import RunIncomplete
from migration.model import CheckResult, Class, Finding, Kind, LedgerEntry, Outcome, Phase, StepOutcome
from migration.progress import Progress
from migration.run import Run, iso_now

POLL_SECONDS = 0.2
BROWSER = (Phase.SMOKE, Phase.CUTOVER)
"""The same suites at two addresses: the site's own, and the public one."""
ROOMS = {phase: "e2e" if phase in BROWSER else "checks" for phase in Phase}
OPTIONS = ["-c", "pyproject.toml", "--rootdir", str(ROOT), "-q", "--no-header", "--show-capture=no"]
# Only what judging needs is loaded: the plugins of the harness's own tests take a second to import, and those
# of pytest's own that have nothing to do here look at each of the hundreds of checks.
IDLE = tuple(
    f"no:{name}"
    for name in (
        *("logging", "doctest", "unittest", "cacheprovider", "junitxml"),
        *(
            "unraisableexception",
            "threadexception",
            "recwarn",
            "setuponly",
            "setupplan",
            "stepwise",
            "warnings",
        ),
    )
)
PLUGINS = {
    "checks": ("xdist", "fixtures.recorder", *IDLE),
    "e2e": ("xdist", "fixtures.recorder", "playwright"),
}
AHEAD = (sys.executable, "-m", "checks.ahead")
SELF_TEST = "harness.self_test"
ENDED_BY_ITSELF = (0, 1)  # pytest: all green, some red. 2 interrupted, 3 internal, 4 usage, 5 nothing found


def judge(settings: Settings, run: Run, phase: Phase, progress: Progress, *, workers: int = 0) -> None:
    """Runs the checks of `phase` as a process; their results are in the run when this returns.

    `workers` 0 takes the settings' number. The browser phase runs in one process: on two cores a second
    browser makes it slower (measured), and its journeys share one account. The data phase is one pytest, with
    processes beside it that work ahead (decision 0003).
    """
    harness = f"harness.{phase.value}"
    run.require(phase, [harness])
    attempt = _next_attempt(run, phase)
    wanted = 1 if phase in BROWSER else workers or settings.workers
    count = 0 if wanted == 1 or phase is Phase.DATA else wanted  # xdist's 0: in pytest's own process
    command = [*_pytest(phase), "-n", str(count), "--dist", "loadfile"]
    # what checks write for themselves, and the browser's traces, are people's data: never in a shared /tmp
    command += ["--basetemp", str(run.data / f"pytest-{phase.value}")]
    if phase in BROWSER:
        command += ["--output", str(run.data / phase.value)]
    # a browser that is ended may leave its scratch behind: it goes with a folder of its own
    with TemporaryDirectory(prefix="cutover-judge-", ignore_cleanup_errors=True) as scratch:
        public = {"CUTOVER_PUBLIC_URL": settings.live.url} if phase is Phase.CUTOVER else {}
        more = {"TMPDIR": scratch, "CUTOVER_SESSION": secrets.token_hex(8), **public}
        with ExitStack() as stack:
            started = _started(command, settings, run, f"pytest-{phase.value}", attempt, **more)
            child = stack.enter_context(started)
            if phase is Phase.DATA:
                for _ in range(wanted - 1):
                    stack.enter_context(_started(AHEAD, settings, run, "ahead", attempt, **more))
                _self_test(settings, run, progress, attempt)  # beside pytest, which is only starting
            with _entered(run, f"judge {phase.value}", progress):
                code = _watched(child, run, phase, progress)
    run.append_result(_harness_result(run, phase, harness, attempt, code))


def _self_test(settings: Settings, run: Run, progress: Progress, attempt: int) -> None:
    """Plants faults in a copy of the export and lets them be found; without its result nothing passes."""
    run.require(Phase.DATA, [SELF_TEST])
    started = _started([sys.executable, "-m", "checks.self_test"], settings, run, "self-test", attempt)
    with _entered(run, "self-test", progress), started as child:
        child.wait()


def listed(phase: Phase) -> list[str]:
    """The ids of the checks that a phase would run, without running or recording anything."""
    environment = {**_own_environment(), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [*_pytest(phase), "--collect-only"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in ENDED_BY_ITSELF:
        raise RunIncomplete(
            f"The checks of phase {phase.value} can not be collected.", next_step="./inv test"
        )
    from fixtures.recorder import check_id

    return sorted(check_id(line) for line in done.stdout.splitlines() if "::" in line)


def process(module: str, settings: Settings, run: Run, progress: Progress, *, step: str) -> None:
    """Runs `python -m module` for this run; its output goes to the evidence. Raises when it fails."""
    started = _started([sys.executable, "-m", module], settings, run, step, 1)
    with _entered(run, step, progress), started as child:
        if child.wait():
            raise RunIncomplete(
                f"The step {step} failed with code {child.returncode}.",
                touched="The target was not changed by it.",
                next_step=f"{run.folder / 'evidence' / step}.log says more.",
            )


@contextmanager
def _entered(run: Run, step: str, progress: Progress) -> Iterator[None]:
    """Shows the step and notes it in the ledger, so that judging stands in the run's timeline too."""
    run.append_ledger(LedgerEntry(step=step, outcome=StepOutcome.STARTED, at=iso_now()))
    began, outcome = time.monotonic(), StepOutcome.FAILED
    try:
        with progress.step(step):
            yield
        outcome = StepOutcome.DONE
    finally:
        took = round((time.monotonic() - began) * 1000)
        run.append_ledger(LedgerEntry(step=step, outcome=outcome, at=iso_now(), duration_ms=took))


def _pytest(phase: Phase) -> list[str]:
    room = "e2e" if phase in BROWSER else "checks"
    plugins = [part for name in PLUGINS[room] for part in ("-p", name)]
    marker = Phase.SMOKE if phase in BROWSER else phase
    return [sys.executable, "-m", "pytest", ROOMS[phase], "-m", marker.value, *plugins, *OPTIONS]


def _watched(child: subprocess.Popen[bytes], run: Run, phase: Phase, progress: Progress) -> int:
    """Waits for the child and shows how many results have come in."""
    results = run.folder / "results.jsonl"
    before = _lines(results)
    while True:
        try:
            return child.wait(timeout=POLL_SECONDS)
        except subprocess.TimeoutExpired:
            required = len(run.required().get(phase, []))
            progress.advance(_lines(results) - before, required if required > 1 else None)


def _own_environment() -> dict[str, str]:
    """This process's environment without pytest's own variables: PYTEST_ADDOPTS could leave checks out."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}


@contextmanager
def _started(
    command: Sequence[str], settings: Settings, run: Run, log: str, attempt: int, **more: str
) -> Iterator[subprocess.Popen[bytes]]:
    """A child process that knows the run by its environment, and that never outlives this one. `more`:
    variables beside."""
    environment = {
        **_own_environment(),
        **run.child_environment(settings),
        "CUTOVER_ATTEMPT": str(attempt),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONUNBUFFERED": "1",
        **more,
    }
    with (run.folder / "evidence" / f"{log}.log").open("ab") as output:
        child = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        try:
            yield child
        finally:
            _end(child)


def _end(child: subprocess.Popen[bytes]) -> None:
    """Ends a child that is still there (Ctrl-C, an error), with a chance to end its own workers."""
    if child.poll() is not None:
        return
    child.terminate()
    try:
        child.wait(timeout=10)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _harness_result(run: Run, phase: Phase, harness: str, attempt: int, code: int) -> CheckResult:
    """Whether each required check of the phase reported in this attempt, and pytest came to its own end."""
    reported = {result.id for result in run.results() if result.phase is phase and result.attempt == attempt}
    required = [name for name in run.required().get(phase, []) if name != harness]
    silent = [name for name in required if name not in reported]
    complete = bool(required) and not silent and code in ENDED_BY_ITSELF
    return CheckResult(
        id=harness,
        suite="harness",
        phase=phase,
        scope=ROOMS[phase],
        title=f"every check of phase {phase.value} reported",
        outcome=Outcome.PASS if complete else Outcome.UNKNOWN,
        attempt=attempt,
        seen=len(required),
        matched=len(required) - len(silent),
        totals={Kind.UNVERIFIABLE: len(silent)} if silent else {},
        classes={Class.INTRODUCED: len(silent)} if silent else {},
        findings=[Finding(kind=Kind.UNVERIFIABLE, key=name) for name in silent[:20]],
        error=""
        if complete
        else f"pytest ended with code {code}; evidence/pytest-{phase.value}.log says more",
    )


def _next_attempt(run: Run, phase: Phase) -> int:
    return 1 + max((result.attempt for result in run.results() if result.phase is phase), default=0)


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0
