"""Carries a cutover out: step by step, each in the ledger, and back to v1 when one fails.

After the approval; `verbs.cutover` is what a person types. What is judged (the browser suite) is handed in,
because the engine knows no test tool. Nothing is printed: `tell` gets each line as it is known.

A failure before the domain was touched leaves all as it was. One after it points the domain back, also when
it is an error nobody thought of. A kill or Ctrl-C does not: whoever did it can go on, or type the way back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from migration import dns, flow
from migration.config import Settings
from migration.context import explained
from migration.cutover import commands, durations, plan, shipped
from migration.cutover.clock import Clock, spoken
from migration.cutover.plan import TITLES, Name
from migration.cutover.vercel import Vercel
from migration.errors import CutoverError, Refusal, RunIncomplete
from migration.model import EXIT_CODE, LedgerEntry, StepOutcome, Verdict
from migration.progress import Progress
from migration.run import Run, iso_now
from migration.target import Target
from migration.written import Written

_FIRST_POLL_S = 0.25
"""The first looks follow each other closely: a name that is served already costs no wait."""


class WentBack(RunIncomplete):
    """A step failed, and the domain leads to v1 again. `exit_code`: FAIL when the site was judged red."""

    def __init__(self, error: CutoverError) -> None:
        super().__init__(
            f"{error.happened} The domain was pointed back at v1.",
            touched="The target keeps the migrated data; v1 stays fenced, so nobody can work there yet.",
            next_step=f"{error.next_step} Then ./inv cutover again; or ./inv rollback opens v1.".lstrip(),
        )
        self.exit_code = error.exit_code


class SiteIsRed(RunIncomplete):
    """The browser suite was not a PASS through the public address."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(
            f"The site is {verdict} through its public address.", next_step="The report says what was wrong."
        )
        self.exit_code = EXIT_CODE[verdict]


@dataclass(frozen=True)
class Ground:
    """What a cutover works with. `smoke`: judges the public site. `tell`: takes a line for the operator."""

    settings: Settings
    run: Run
    progress: Progress
    smoke: Callable[[], Verdict]
    tell: Callable[[str], None]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep


@contextmanager
def alone_at(settings: Settings, run: Run) -> Iterator[str]:
    """The identity of the deployment: the run's own, running, and nobody else at work on it meanwhile."""
    identity = _live_target(settings, run)
    with Written(settings.data_dir, identity[:16]).alone():
        yield identity


def _live_target(settings: Settings, run: Run) -> str:
    flow.verify_identity(run, settings)
    with explained("Connecting to the target", touched=False), Target.of(settings.target) as target:
        if (state := target.state()) != "running":
            raise Refusal(
                f"The target is {state}, so nobody could work on it.", next_step="invoke verify smoke"
            )
        return target.info().identity


def clock_of(settings: Settings, run: Run) -> Clock:
    """The window's clock: it began when v1's writes were stopped for this run."""
    ledger, manifest = run.ledger(), run.manifest()
    fences = list[str]()
    for one in ledger:
        if one.step == "fence" and one.outcome is StepOutcome.STARTED:
            fences.append(one.at)
        elif one.step == "rollback" and one.outcome is StepOutcome.DONE:
            fences.clear()  # v1 was open again
    return Clock(
        began=datetime.fromisoformat(fences[0] if fences else str(manifest["begun"])),
        window=timedelta(minutes=settings.cutover.window_minutes),
        rollback=durations.rollback(
            settings.runs_dir, settings.environment, durations.documents_of(manifest), ledger
        ),
    )


def go_live(ground: Ground, clock: Clock, *, announced: bool = False) -> None:
    """Every step that is not done yet. `announced`: somebody knows that an announcement that was cut off went
    out. Raises `WentBack` when a step failed after the domain was touched."""
    found = plan.standing(ground.run.ledger())
    _announcement_is_known(found, announced=announced)
    for name in plan.ahead(found):
        ground.tell(f"{TITLES[name]}: {clock.reads(ground.now())}")
        try:
            _take(ground, name, skip=announced and name is Name.ANNOUNCE)
        except CutoverError as error:
            if name is Name.ANNOUNCE or not plan.standing(ground.run.ledger()).moved:
                raise
            _back_after(ground, error)
        except Exception:
            if plan.standing(ground.run.ledger()).moved and name is not Name.ANNOUNCE:
                go_back(ground)
                ground.tell("The domain was pointed back at v1.")
            raise


def go_back(ground: Ground) -> None:
    """Points the domain back at v1; safe to repeat."""
    with flow.entered(ground.run, ground.progress, Name.BACK):
        _pointed(ground, back=True)


def _back_after(ground: Ground, error: CutoverError) -> None:
    ground.tell(f"{error.happened} Pointing the domain back at v1.")
    try:
        go_back(ground)
    except CutoverError as second:
        raise RunIncomplete(
            f"{error.happened} And the domain could not be pointed back: {second.happened}",
            touched="The domain may lead to v2.",
            next_step="Point it back by hand, or with ./inv cutover --back.",
        ) from error
    raise WentBack(error) from error


def _announcement_is_known(found: plan.Standing, *, announced: bool) -> None:
    if Name.ANNOUNCE in found.cut_off and not announced:
        raise RunIncomplete(
            "The announcement did not come to its end: it may have reached people, and is not sent twice.",
            touched="v2 is live; everything else is done.",
            next_step="Find out. If it did not go out, send it by hand; then: ./inv cutover --announced.",
        )


def _take(ground: Ground, name: Name, *, skip: bool) -> None:
    """One step, in the ledger. A step with nothing configured is noted as skipped."""
    configured = {Name.DEPLOY: ground.settings.live.deploy, Name.ANNOUNCE: ground.settings.live.announce}
    if skip or not configured.get(name, True):
        ground.run.append_ledger(LedgerEntry(step=name, outcome=StepOutcome.SKIPPED, at=iso_now()))
        return
    with flow.entered(ground.run, ground.progress, name) as notes, explained(TITLES[name], touched=True):
        notes.update(_ACTS[name](ground) or {})


def _deployed(ground: Ground) -> None:
    _command(ground, ground.settings.live.deploy, Name.DEPLOY)


def _pointed(ground: Ground, *, back: bool = False) -> None:
    settings, steps = ground.settings, ground.settings.live
    if not steps.vercel_to:
        _command(ground, steps.domain_back if back else steps.domain, Name.BACK if back else Name.DOMAIN)
        return
    ends = (steps.vercel_to, steps.vercel_from) if back else (steps.vercel_from, steps.vercel_to)
    token = settings.vercel_token.get_secret_value() if settings.vercel_token else ""
    with Vercel(settings.vercel_api, token, steps.vercel_team, sleep=ground.sleep) as vercel:
        vercel.move(steps.name, source=ends[0], to=ends[1])


def _resolved(ground: Ground) -> dict[str, Any]:
    """Every resolver gives the host v2's address, and none of v1's."""
    steps, wanted = ground.settings.live, set(ground.settings.live.points_to)
    late = ""
    for _ in _patiently(ground):
        told = {server: dns.asked(server, steps.name) for server in steps.resolvers}
        late = ", ".join(server for server, one in told.items() if not _leads(one, wanted))
        if not late:
            return {"resolvers": len(told)}
    raise RunIncomplete(
        f"After {_patience(ground)} {late} did not lead {steps.name} to v2.",
        next_step="Look at the domain's records and their TTL.",
    )


def _leads(told: dns.Told | None, wanted: set[str]) -> bool:
    if told is None:
        return False
    return bool(told.aliases & wanted) or (bool(told.addresses) and told.addresses <= wanted)


def _answered(ground: Ground) -> dict[str, Any]:
    """The public address serves v2, on the migrated deployment. Another deployment's is an end at once."""
    url, target = ground.settings.live.url, ground.settings.target.url
    seen = shipped.Shipped("not asked")
    for _ in _patiently(ground):
        seen = shipped.read(url, target)
        if seen.names(target):
            return {"deployments": sorted(seen.deployments)}
        if seen.deployments:
            raise RunIncomplete(
                f"The page at {url} talks to {', '.join(sorted(seen.deployments))}, "
                f"and not to {target}, which was migrated.",
                next_step="Deploy v2 with the migrated deployment's address (NEXT_PUBLIC_CONVEX_URL).",
            )
    raise RunIncomplete(
        f"After {_patience(ground)} {url} did not show v2 ({seen.problem or 'it names no deployment'}).",
        next_step="Open it in a browser.",
    )


def _judged(ground: Ground) -> None:
    verdict = ground.smoke()
    if verdict is not Verdict.PASS:
        raise SiteIsRed(verdict)


def _announced(ground: Ground) -> None:
    _command(ground, ground.settings.live.announce, Name.ANNOUNCE)


_ACTS: dict[Name, Callable[[Ground], dict[str, Any] | None]] = {
    Name.DEPLOY: _deployed,
    Name.DOMAIN: _pointed,
    Name.RESOLVERS: _resolved,
    Name.SITE: _answered,
    Name.SMOKE: _judged,
    Name.ANNOUNCE: _announced,
}


def _command(ground: Ground, command: tuple[str, ...], name: Name) -> None:
    log = ground.run.data / "cutover" / f"{name.value.partition(' ')[2]}.log"
    more = {"CUTOVER_DEPLOYMENT": ground.settings.target.name, "CUTOVER_URL": ground.settings.live.url}
    commands.run(command, log, ground.settings.cutover.patience_minutes * 60, more)


def _patiently(ground: Ground) -> Iterator[None]:
    """Again and again, ever less often, for as long as a step may take."""
    table = ground.settings.cutover
    end = ground.now() + timedelta(minutes=table.patience_minutes)
    wait = min(_FIRST_POLL_S, table.poll_seconds)
    while True:
        yield
        if ground.now() >= end:
            return
        ground.sleep(wait)
        wait = min(wait * 2, table.poll_seconds)


def _patience(ground: Ground) -> str:
    return spoken(ground.settings.cutover.patience_minutes * 60)
