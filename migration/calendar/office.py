"""plan, run, prove and restore, each on the pair of its run: opens both sides, wires the parts, keeps the
record.

What the verbs call. Refused before anything is asked of Google: a run that is not open or was taken back,
another pair, keys that are missing or wrong, a plan that nobody approved. The private files lie in the run's
data folder (`calendar/`), what may be shown in its record: `calendar/` there holds one JSON line an event and
the summary.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from migration import files, flow, recheck, standing
from migration.calendar import known, people, plan, restore, survey
from migration.calendar.classify import Known
from migration.calendar.deletion import Ceiling, Deletion
from migration.calendar.google import Endpoints, Google
from migration.calendar.journal import Journal
from migration.calendar.model import CalendarRefusal
from migration.calendar.pace import Pace
from migration.calendar.people import Person
from migration.calendar.plan import Plan
from migration.calendar.prove import Proof, prove
from migration.calendar.record import write_events, write_seen, write_summary
from migration.calendar.survey import Look
from migration.calendar.tokens import Tokens
from migration.config import GoogleKeys, Settings
from migration.context import Context
from migration.errors import RunIncomplete
from migration.model import StepOutcome, Verdict
from migration.progress import Progress
from migration.run import Run


@dataclass(frozen=True)
class Tools:
    """What the outside lends: the way to Google (None: the network), the clocks, and how to wait."""

    transport: httpx.BaseTransport | None = None
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


@dataclass(frozen=True)
class Desk:
    """One piece of work: what both sides say now, the tokens, Google, and where to write."""

    context: Context
    people: list[Person]
    known: dict[str, Known]
    tokens: Tokens
    google: Google
    folder: Path
    notes: dict[str, Any]

    def look(self) -> list[Look]:
        """A survey of everybody."""
        return list(survey.survey(self.people, self.known, self.tokens, self.google, self.context.progress))


def make_plan(settings: Settings, run: Run, progress: Progress, tools: Tools) -> Plan:
    """Surveys every calendar and writes the plan; the older one is replaced. Changes no calendar."""
    with _at_work(settings, run, progress, tools, "calendar plan") as desk:
        looks = desk.look()
        pair = run.manifest()
        made = plan.write(
            desk.folder,
            Plan(
                run=run.id,
                source=pair["source"]["identity"],
                target=pair["target"]["identity"],
                made=tools.now().isoformat(timespec="seconds"),
                visits=tuple(look.visit for look in looks),
                events=tuple(one for look in looks for one in look.planned()),
            ),
        )
        write_seen(desk.folder, looks)
        desk.notes.update(digest=made.digest, events=len(made.events), users=len(made.visits))
        write_summary(run, "plan", {"digest": made.digest, **_counted(made)})
        return made


def carry_out(
    settings: Settings, run: Run, progress: Progress, tools: Tools, *, dry: bool = False
) -> Deletion:
    """Executes the approved plan, or (`dry`) shows what that would do. A run goes on where the last one
    ended."""
    _must_be_final(settings, run, tools, dry=dry)
    approved = plan.read(_folder(run))
    if not dry:
        plan.must_be_approved(run, approved)
    ceiling = Ceiling(settings.calendar.ceiling, settings.calendar.ceiling_per_user)
    ceiling.meet(approved)
    with _at_work(settings, run, progress, tools, "calendar dry run" if dry else "calendar run") as desk:
        work = Deletion(
            plan=approved,
            people=desk.people,
            known=desk.known,
            tokens=desk.tokens,
            google=desk.google,
            journal=Journal(desk.folder, approved.digest),
            ceiling=ceiling,
            dry=dry,
        )
        try:
            work.carry_out(progress)
        finally:
            if not dry:
                write_events(run, approved, work.journal)
        desk.notes.update(work.states(), digest=approved.digest)
        if not dry:
            write_summary(
                run, "run", {"digest": approved.digest, **_counted(approved), "done": work.states()}
            )
        return work


def make_proof(settings: Settings, run: Run, progress: Progress, tools: Tools) -> Proof:
    """The second pass, against the approved plan. Changes no calendar."""
    approved = plan.read(_folder(run))
    plan.must_be_approved(run, approved)
    with _at_work(settings, run, progress, tools, "calendar prove") as desk:
        looks = desk.look()
        proof = prove(approved, looks)
        write_seen(desk.folder, looks)
        found = survey.found(look.visit for look in looks)
        desk.notes.update(verdict=proof.verdict, left=sum(proof.left.values()), digest=approved.digest)
        said = {**asdict(proof), "found": found, "digest": approved.digest, "at": tools.now().isoformat()}
        write_summary(run, "prove", said)
        return proof


def bring_back(settings: Settings, run: Run, progress: Progress, tools: Tools) -> dict[str, int]:
    """Restores every event that was deleted, compared with what was saved."""
    with _at_work(settings, run, progress, tools, "calendar restore") as desk:
        journal = Journal(desk.folder)
        try:
            done = restore.carry_out(desk.people, desk.tokens, desk.google, journal, progress)
        finally:
            if (desk.folder / plan.NAME).exists():
                write_events(run, plan.read(desk.folder), journal)
        desk.notes.update(done)
        write_summary(run, "restore", {"done": done})
        return done


def approve(run: Run, *, digest: str, by: str, now: datetime) -> Plan:
    """Approves the run's plan, whose digest must be typed."""
    found = plan.read(_folder(run))
    plan.approve(run, found, digest=digest, by=by, now=now)
    return found


@contextmanager
def _at_work(settings: Settings, run: Run, progress: Progress, tools: Tools, name: str) -> Iterator[Desk]:
    keys = _keys(settings)
    tokens = Tokens(keys.encryption_key)
    fenced = _fenced(run)
    folder = _folder(run)
    table = settings.calendar
    pace = Pace(table.calls_per_second, table.between_users_s, tools.sleep, tools.clock)
    with (
        files.alone(folder / ".lock", "Another calendar command is at work on this run."),
        _in_our_words(),
        flow.acting(settings, run, progress, name) as (context, notes),
        Google(
            Endpoints(table.api, table.oauth),
            keys,
            pace,
            answer_within=table.answer_within_s,
            transport=tools.transport,
            now=tools.now,
            sleep=tools.sleep,
        ) as google,
    ):
        everybody = people.read(context.source)
        tokens.meet(everybody)
        export = context.target.export(folder / "target.zip", include_storage=False)
        v2 = known.read(export, fenced)
        yield Desk(context, everybody, v2.known(everybody), tokens, google, folder, notes)


@contextmanager
def _in_our_words() -> Iterator[None]:
    """An unfinished command of ours is typed again; the flow's advice to take the run back is not for it."""
    try:
        yield
    except RunIncomplete as error:
        raise RunIncomplete(
            error.happened,
            touched="What was done to calendars until then is in the journal.",
            next_step="Type the same line again when the cause is gone: it goes on where it was.",
        ) from error


def _keys(settings: Settings) -> GoogleKeys:
    if settings.google is None:
        raise CalendarRefusal(
            "v1's Google keys are not all set (GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET, ENCRYPTION_KEY).",
            next_step="Set v1's own three (.env.example); on made-up users: ./inv calendar.rehearse.",
        )
    return settings.google


def _fenced(run: Run) -> datetime:
    """When v1's writes ended. A refusal when v2 was not opened, or the run was taken back: then v1 is in
    use."""
    if not standing.committed(run) or not standing.was_opened(run):
        raise CalendarRefusal(
            f"v2 is not open by run {run.id}, so v1's events are still in use.",
            next_step="The clean-up comes 24 hours after the opening.",
        )
    return _moment(run, "fence")


def _must_be_final(settings: Settings, run: Run, tools: Tools, *, dry: bool) -> None:
    """Whether the cutover has stood long enough, without a loss: a run ends the clean way back to v1."""
    _fenced(run)
    if dry:
        return
    if recheck.standing(run) is Verdict.FAIL:
        raise CalendarRefusal(
            "A re-check of this run has failed: the cutover may have to be taken back.",
            next_step="Settle that first; v1's events do no harm meanwhile.",
        )
    since = _moment(run, "open") + timedelta(hours=settings.calendar.after_hours)
    if tools.now() < since:
        raise CalendarRefusal(
            f"v2 was opened less than {settings.calendar.after_hours:g} hours ago.",
            next_step=f"Run it after {since:%Y-%m-%d %H:%M} UTC; --dry-run is allowed at any time.",
        )


def _moment(run: Run, step: str) -> datetime:
    """When a step of the run was last begun."""
    at = [one.at for one in run.ledger() if one.step == step and one.outcome is StepOutcome.STARTED]
    if not at:
        raise CalendarRefusal(
            f"Run {run.id} has no step {step} on record.", next_step="./inv audit looks at the record."
        )
    return datetime.fromisoformat(at[-1])


def _folder(run: Run) -> Path:
    return files.private_folder(run.data / "calendar")


def _counted(made: Plan) -> dict[str, Any]:
    reached: dict[str, int] = {}
    for visit in made.visits:
        reached[str(visit.reach)] = reached.get(str(visit.reach), 0) + 1
    return {"users": reached, "found": survey.found(made.visits), "planned": len(made.events)}
