"""The operator's verbs. `./inv --list` shows them in chapters; docs/runbook.md says when to use which.

Every task is a few lines: take the flags over, find the run, call the room that does the work, leave with the
code that the laws give it (0 PASS or done, 10 FAIL, 11 UNKNOWN, 12 refused before anything was touched).
Imports of the engine stand inside the tasks, so that `./inv --list` starts at once.
"""

from __future__ import annotations

from collections.abc import Callable

from invoke.collection import Collection
from invoke.context import Context
from invoke.tasks import Task

from migration.errors import PASS, REFUSED
from verbs import pair, quarantine
from verbs.exits import leave
from verbs.flags import verb
from verbs.line import LINE
from verbs.program import CHAPTERS_KEY
from verbs.show import answer


@verb
def rehearse(
    _: Context,
    users: int = 25,
    cases: int = 400,
    seed: int = 20260115,
    hazards: bool = False,
    fault: str = "",
    keep: bool = False,
    workers: int = 0,
    quiet: bool = False,
) -> None:
    """The whole cutover on an embedded pair of its own: start, migrate, verify, smoke, decide, report."""
    from verbs.rehearsal import Rehearsal
    from verbs.work import conclusion

    LINE.pin("embedded")
    plan = Rehearsal(users, cases, seed, hazards=hazards, fault=fault, keep=keep, workers=workers)
    conclusion(*plan.carry_out(quiet=quiet))


@verb
def faults(_: Context, names: bool = False) -> None:
    """Lists the corruptions that `rehearse --fault NAME` can plant, and the checks that must find them."""
    from fixtures.faults import FAULTS

    for name, fault in FAULTS.items():
        answer(name if names else f"{name:<22} {fault.summary} Found by: {', '.join(fault.must)}.")


@verb
def migrate(
    _: Context,
    env: str = "",
    production: bool = False,
    confirm: str = "",
    run: str = "",
    dry_run: bool = False,
    resume: bool = False,
    quiet: bool = False,
) -> None:
    """Fence, pause, backup, export, link, transform and load in one run; the target stays paused."""
    from verbs import work

    LINE.pin(env, production=production, confirm=confirm, run=run)
    work.migrate(dry_run=dry_run, resume=resume, quiet=quiet)


@verb
def verify(
    _: Context,
    env: str = "",
    production: bool = False,
    confirm: str = "",
    run: str = "",
    dry_run: bool = False,
    workers: int = 0,
    quiet: bool = False,
) -> None:
    """Judges the data while the target is paused, opens the target, judges it through the app's functions."""
    from verbs import work

    LINE.pin(env, production=production, confirm=confirm, run=run)
    work.verify(dry_run=dry_run, workers=workers, quiet=quiet)


@verb
def smoke(
    _: Context,
    env: str = "",
    production: bool = False,
    confirm: str = "",
    run: str = "",
    dry_run: bool = False,
    workers: int = 0,
    quiet: bool = False,
) -> None:
    """Judges the site in a browser as the canary, then that nothing but its own documents changed."""
    from verbs import work

    LINE.pin(env, production=production, confirm=confirm, run=run)
    work.smoke(dry_run=dry_run, workers=workers, quiet=quiet)


@verb
def decide(_: Context, run: str = "") -> None:
    """Merges the results of a run into its verdict and decision, from its records alone."""
    from verbs import work

    LINE.pin("", run=run)
    work.decide()


@verb
def report(_: Context, run: str = "") -> None:
    """Writes report.html and summary.md of a run, from its records alone."""
    from verbs import work

    LINE.pin("", run=run)
    work.report()


@verb
def runs(_: Context) -> None:
    """Lists the runs with their environment, verdict and decision, the newest last."""
    from verbs import work

    work.runs()


def _step(name: str, title: str, *, begins: bool = False) -> Task[Callable[..., None]]:
    """The task of one step of `migrate`."""

    def body(_: Context, env: str = "", run: str = "", confirm: str = "", quiet: bool = False) -> None:
        from verbs import work

        LINE.pin(env, confirm=confirm, run=run)
        work.step(name, begins=begins, quiet=quiet)

    body.__name__, body.__doc__ = name, title
    return verb(body)


STEPS = {
    "fence": _step("fence", "Blocks writes on the source and proves it; begins a run.", begins=True),
    "pause": _step("pause", "Stops the target's functions."),
    "backup": _step("backup", "Downloads everything the target holds and reads it back."),
    "export": _step("export", "Reads the source in one repeatable-read snapshot."),
    "link": _step("link", "Finds what the target already has of the source's people."),
    "transform": _step("transform", "Turns rows into documents and accounts for every row."),
    "load": _step("load", "Imports everything at once, all or nothing."),
}


@verb
def unfence(_: Context, env: str = "", run: str = "", confirm: str = "") -> None:
    """Lets the source be written again, and leaves the target as it is."""
    from verbs import work

    LINE.pin(env, confirm=confirm, run=run)
    work.unfence()


@verb
def rollback(
    _: Context,
    env: str = "",
    production: bool = False,
    confirm: str = "",
    run: str = "",
    quiet: bool = False,
) -> None:
    """Takes everything back: target equal to its backup, proven; fence lifted, pause ended."""
    from verbs import work

    LINE.pin(env, production=production, confirm=confirm, run=run)
    work.rollback(quiet=quiet)


@verb
def doctor(_: Context) -> None:
    """Lists every component, its version, what is missing and the command that helps."""
    from verbs.doctor import examine, healthy, table

    findings = examine()
    answer(table(findings))
    leave(PASS if healthy(findings) else REFUSED)


@verb
def setup(_: Context) -> None:
    """Installs or repairs everything (done by `./inv setup` before this task starts), then looks."""
    doctor.body(_)


@verb
def test(_: Context, path: str = "tests", select: str = "", workers: int = 2) -> None:
    """The harness's own tests."""
    from verbs import quality

    leave(quality.tests(path=path, select=select, workers=workers))


@verb
def check(_: Context, workers: int = 2) -> None:
    """Linters, types and tests: all of them, then red if any was."""
    from verbs import quality

    codes = [quality.lint(), quality.types(), quality.tests(path="tests", select="", workers=workers)]
    leave(next((code for code in codes if code), PASS))


@verb
def lint(_: Context, fix: bool = False) -> None:
    """ruff: rules and format."""
    from verbs import quality

    leave(quality.lint(fix=fix))


@verb
def types(_: Context) -> None:
    """mypy strict over the Python, tsc strict over the TypeScript."""
    from verbs import quality

    leave(quality.types())


@verb
def lock(_: Context) -> None:
    """Writes the requirements*.txt lock files anew."""
    from verbs import quality

    leave(quality.lock())


CHAPTERS = {
    "Rehearse, on made-up data": ["rehearse", "faults", "pair.up", "pair.status", "pair.seed", "pair.down"],
    "Move the data": ["migrate", *STEPS, "quarantine.rows", "quarantine.resolve"],
    "Judge it": ["verify", "smoke", "decide", "report", "runs"],
    "Go back": ["rollback", "unfence"],
    "Work on the harness": ["setup", "doctor", "test", "check", "lint", "types", "lock"],
}

namespace = Collection(
    rehearse, faults, migrate, verify, smoke, decide, report, runs, rollback, unfence,
    setup, doctor, test, check, lint, types, lock,
    pair.namespace, quarantine.namespace, **STEPS,
)  # fmt: skip
namespace.configure({CHAPTERS_KEY: CHAPTERS})
