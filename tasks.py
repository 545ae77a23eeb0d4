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

from verbs import calendar, cutover, decommission, features, harness, pair, preflight, quarantine, record
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
    drill: bool = False,
    quiet: bool = False,
) -> None:
    """The whole cutover on a pair of its own, with a report."""
    from verbs.rehearsal import Rehearsal
    from verbs.work import conclusion

    LINE.rehearses()
    plan = Rehearsal(users, cases, seed, hazards=hazards, fault=fault, keep=keep, workers=workers)
    if drill:
        from verbs import drill as rehearsed

        conclusion(*rehearsed.carry_out(plan, quiet=quiet))
        return
    conclusion(*plan.carry_out(quiet=quiet))


@verb
def faults(_: Context, names: bool = False, write_docs: bool = False) -> None:
    """Corruptions that rehearse --fault plants and must find."""
    from fixtures.faults import FAULTS

    if write_docs:
        from verbs import quality

        answer(f"Wrote {quality.write_detection()}.")
        return
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
    """All the steps below in one run; target stays paused."""
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
    auto_rollback: bool = False,
    workers: int = 0,
    quiet: bool = False,
) -> None:
    """Judges the data, opens the target, judges the app."""
    from verbs import work

    LINE.pin(env, production=production, confirm=confirm, run=run)
    work.verify(dry_run=dry_run, auto_rollback=auto_rollback, workers=workers, quiet=quiet)


@verb
def smoke(
    _: Context,
    env: str = "",
    production: bool = False,
    confirm: str = "",
    run: str = "",
    dry_run: bool = False,
    auto_rollback: bool = False,
    workers: int = 0,
    quiet: bool = False,
) -> None:
    """Judges the site in a browser, and what that left behind."""
    from verbs import work

    LINE.pin(env, production=production, confirm=confirm, run=run)
    work.smoke(dry_run=dry_run, auto_rollback=auto_rollback, workers=workers, quiet=quiet)


@verb
def recheck(
    _: Context,
    env: str = "",
    production: bool = False,
    confirm: str = "",
    run: str = "",
    workers: int = 0,
    quiet: bool = False,
) -> None:
    """Some time after the opening: loss, or users' own work?"""
    from verbs import work

    LINE.pin(env, production=production, confirm=confirm, run=run)
    work.recheck(workers=workers, quiet=quiet)


@verb
def decide(_: Context, run: str = "") -> None:
    """Verdict and decision of a run, from its records alone."""
    from verbs import work

    LINE.pin("", run=run)
    work.decide()


@verb
def report(_: Context, run: str = "") -> None:
    """Writes a run's report.html and summary.md anew."""
    from verbs import work

    LINE.pin("", run=run)
    work.report()


@verb
def dates(_: Context, vectors: str = "") -> None:
    """A file of date vectors through both implementations."""
    from verbs.vectors import judge

    leave(judge(vectors))


@verb
def runs(_: Context) -> None:
    """Lists the runs with verdict and decision."""
    from verbs import work

    work.runs()


@verb
def accept(_: Context, check: str, count: int = 0, by: str = "", reason: str = "", run: str = "") -> None:
    """Takes over what v1 already had wrong, by name."""
    from verbs import work

    LINE.pin("", run=run)
    work.accept(check=check, count=count, by=by, reason=reason)


def _step(name: str, title: str, *, begins: bool = False) -> Task[Callable[..., None]]:
    """The task of one step of `migrate`."""

    def body(_: Context, env: str = "", run: str = "", confirm: str = "", quiet: bool = False) -> None:
        from verbs import work

        LINE.pin(env, confirm=confirm, run=run)
        work.step(name, begins=begins, quiet=quiet)

    body.__name__, body.__doc__ = name, title
    return verb(body)


STEPS = {
    "fence": _step("fence", "Begins a run; blocks the source's writes and proves it.", begins=True),
    "pause": _step("pause", "Stops the target's functions."),
    "backup": _step("backup", "Downloads the whole target and reads it back."),
    "export": _step("export", "Reads the source in one snapshot."),
    "link": _step("link", "Finds whom the target knows already."),
    "transform": _step("transform", "Turns rows into documents; accounts for every row."),
    "load": _step("load", "Imports everything at once, all or nothing."),
}


@verb
def unfence(_: Context, env: str = "", run: str = "", confirm: str = "") -> None:
    """Lets the source be written again; leaves the target alone."""
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
    """Target equal to its backup, proven; both sides open again."""
    from verbs import work

    LINE.pin(env, production=production, confirm=confirm, run=run)
    work.rollback(quiet=quiet)


CHAPTERS = {
    "Rehearse, on made-up data": ["rehearse", "faults", "pair.up", "pair.status", "pair.seed", "pair.down"],
    "Before the window": ["preflight", "attest"],
    "Move the data": ["migrate", *STEPS, "quarantine.rows", "quarantine.resolve"],
    "Judge it": ["verify", "smoke", "recheck", "accept", "decide", "report", "runs", "dates"],
    "Decide, and trust the record": [
        *("features.ledger", "features.attest", "features.sign-off"),
        *("explain", "approve", "reject", "compare", "audit", "encrypt", "decrypt", "purge"),
    ],
    "Go live, and back": ["cutover", "status", "rollback", "unfence"],
    "Tidy up after v1": [
        *("calendar.plan", "calendar.approve", "calendar.run", "calendar.prove"),
        *("calendar.restore", "calendar.rehearse"),
    ],
    "End v1": [f"decommission.{name}" for name in ("status", "plan", "attest", "run", "code")],
    "Work on the harness": [
        "setup",
        "doctor",
        "test",
        "contract",
        "bench",
        "gallery",
        "soak",
        "check",
        "lint",
        "types",
        "schema",
        "lock",
    ],
}

namespace = Collection(
    rehearse, faults, preflight.preflight, preflight.attest, migrate, verify, smoke, recheck, accept, decide,
    report, runs, dates, cutover.cutover, cutover.status, rollback, unfence,
    record.explain, record.approve, record.reject, record.compare, record.audit, record.encrypt,
    record.decrypt, record.purge, record.schema,
    *harness.TASKS,
    calendar.namespace, decommission.namespace, features.namespace, pair.namespace,
    quarantine.namespace, **STEPS,
)  # fmt: skip
namespace.configure({CHAPTERS_KEY: CHAPTERS})
