"""`calendar.*`: v1's leftovers in people's Google calendars. What is done: `migration.calendar`.

Thin: flags, the run, one call, what it came to, and the code of the laws. E-mails and titles are shown
masked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from invoke.collection import Collection
from invoke.context import Context
from invoke.tasks import Task

from migration.errors import FAIL, PASS, UNKNOWN
from verbs.exits import leave
from verbs.flags import verb
from verbs.line import LINE
from verbs.show import answer, chosen

if TYPE_CHECKING:
    from migration.calendar.deletion import Deletion
    from migration.calendar.plan import Plan
    from migration.calendar.prove import Proof
    from migration.config import Settings
    from migration.progress import Progress
    from migration.run import Run


def _on_pair(
    name: str, title: str, act: Callable[[Settings, Run, Progress], int]
) -> Task[Callable[..., None]]:
    """The task of a command that visits calendars; `act` says what came out and gives the code."""

    def body(
        _: Context,
        env: str = "",
        production: bool = False,
        confirm: str = "",
        run: str = "",
        quiet: bool = False,
    ) -> None:
        LINE.pin(env, production=production, confirm=confirm, run=run)
        with _sealed() as (settings, current):
            code = act(settings, current, chosen(quiet=quiet))
        leave(code)

    body.__name__, body.__doc__ = name, title
    return verb(body)


def _plan(settings: Settings, run: Run, progress: Progress) -> int:
    from migration.calendar import office

    made = office.make_plan(settings, run, progress, office.Tools())
    show_plan(made)
    answer(f"In full: {run.data / 'calendar'}")
    return code_of_plan(made)


def _prove(settings: Settings, run: Run, progress: Progress) -> int:
    from migration.calendar import office
    from migration.model import EXIT_CODE

    proof = office.make_proof(settings, run, progress, office.Tools())
    show_proof(proof)
    return EXIT_CODE[proof.verdict]


def _restore(settings: Settings, run: Run, progress: Progress) -> int:
    from migration.calendar import office

    done = office.bring_back(settings, run, progress, office.Tools())
    answer(f"Restored: {counted(done) or 'nothing was deleted'}.")
    return FAIL if done["not_back"] else PASS


plan = _on_pair("plan", "Finds v1's events in every calendar; changes none.", _plan)
prove = _on_pair("prove", "Looks again: none of v1's events is left.", _prove)
restore = _on_pair("restore", "Brings back every event that was deleted.", _restore)


@verb
def approve(_: Context, digest: str, by: str = "", run: str = "") -> None:
    """Says yes to a plan, by its hash and by name."""
    from migration.calendar import office
    from verbs import work

    LINE.pin("", run=run)
    LINE.afterwards = True
    current = work.records()
    with _sealing(current):
        found = office.approve(current, digest=digest, by=by, now=datetime.now(UTC))
    answer(
        f"{by} approves {len(found.events):,} deletions, and that {len(found.unreachable()):,} users "
        "can not be reached. Next: ./inv calendar.run"
    )


@verb
def execute(
    _: Context,
    env: str = "",
    production: bool = False,
    confirm: str = "",
    run: str = "",
    dry_run: bool = False,
    quiet: bool = False,
) -> None:
    """Deletes exactly what the approved plan names."""
    from migration.calendar import office

    LINE.pin(env, production=production, confirm=confirm, run=run)
    with _sealed() as (settings, current):
        done = office.carry_out(settings, current, chosen(quiet=quiet), office.Tools(), dry=dry_run)
    show_run(done)
    leave(code_of_run(done))


@verb
def rehearse(
    _: Context, users: int = 12, events: int = 300, seed: int = 20260115, quiet: bool = False
) -> None:
    """All of that on made-up calendars, in seconds."""
    from verbs.calendar_rehearsal import CalendarRehearsal

    LINE.rehearses()
    leave(CalendarRehearsal(users, events, seed).carry_out(quiet=quiet))


def show_plan(made: Plan) -> None:
    """One line a user that has or had a calendar, what was found, and the hash that an approval must name."""
    from migration.calendar.model import Reach
    from migration.calendar.survey import found
    from migration.calendar.titles import masked_email

    for visit in made.visits:
        if visit.reach == Reach.NEVER:
            continue
        said = (
            counted(visit.counts) or "nothing"
            if visit.reach is Reach.SEEN
            else f"{visit.why} ({visit.stored} ids)"
        )
        answer(f"{visit.user}  {masked_email(visit.email):<14} {visit.reach:<13} {said}")
    reached: dict[str, int] = {}
    for visit in made.visits:
        reached[visit.reach] = reached.get(visit.reach, 0) + 1
    answer(f"{len(made.visits):,} users: {counted(reached)}")
    answer(f"Found: {counted(found(made.visits)) or 'nothing'}")
    answer(f"Planned: {len(made.events):,} events of v1's own. Hash {made.digest}")
    answer(f"Next: ./inv calendar.run --dry-run; ./inv calendar.approve {made.digest} --by NAME")


def show_run(done: Deletion) -> None:
    """What became of the plan; of a dry run also each event that would go."""
    from migration.calendar.titles import masked

    if done.dry:
        for one in done.would:
            answer(f"would delete {one.event}  {one.user}  {masked(one.title)}  {one.start}  ({one.reason})")
    answer(summary(done))
    if done.dry:
        answer("Dry run: no calendar was changed.")
    elif done.stopped:
        answer(f"Stopped at the ceiling of {done.ceiling.total:,} deletions. ./inv calendar.run goes on.")
    else:
        answer("Next: ./inv calendar.prove. The way back: ./inv calendar.restore")


def summary(done: Deletion) -> str:
    """The whole of a run in one line, zeros too."""
    from migration.calendar.survey import found

    users = len({one.user for one in done.plan.events})
    seen = sum(found(done.plan.visits).values())
    states = ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in done.states().items())
    return f"Users processed {users:,}; events found {seen:,}, planned {len(done.plan.events):,}, {states}."


def show_proof(proof: Proof) -> None:
    """The verdict, and why it is not a PASS."""
    left = sum(proof.left.values())
    answer(f"{proof.verdict}  {proof.seen:,} calendars seen again, {left:,} of v1's events left")
    for user, count in proof.left.items():
        answer(f"  {user}: {count:,} left")
    for user, why in proof.unseen.items():
        answer(f"  {user}: not seen: {why}")
    if proof.unreachable:
        answer(f"  {proof.unreachable:,} users can not be reached, as the plan says that was approved")


def code_of_plan(made: Plan) -> int:
    """0 when every calendar that can be reached was seen; 11 when one was not, or none was."""
    reached = [visit.reach for visit in made.visits]
    return UNKNOWN if "failed" in reached or "seen" not in reached else PASS


def code_of_run(done: Deletion) -> int:
    """0 only when nothing failed and nothing waits."""
    states = done.states()
    if states["failed"]:
        return FAIL
    return UNKNOWN if done.stopped or states.get("waiting") else PASS


def counted(numbers: Mapping[str, int]) -> str:
    """`12 deleted, 3 gone`: those that are not 0."""
    return ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in numbers.items() if count)


@contextmanager
def _sealed() -> Iterator[tuple[Settings, Run]]:
    """The pair and the run of this line, and the run's record sealed before and after."""
    LINE.afterwards = True
    settings = LINE.settings(of_run=True)
    current = LINE.open_run(settings)
    with _sealing(current):
        yield settings, current


@contextmanager
def _sealing(run: Run) -> Iterator[None]:
    from migration import seal

    seal.open_(run)
    try:
        yield
    finally:
        seal.close(run)


namespace = Collection("calendar")
namespace.add_task(plan)
namespace.add_task(approve)
namespace.add_task(execute, name="run")
namespace.add_task(prove)
namespace.add_task(restore)
namespace.add_task(rehearse)
