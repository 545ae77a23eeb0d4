"""`cutover` and `status`: going live and coming back on one line, and what a rollback would cost by now.

Thin: `migration.cutover` decides and acts, `verbs.judging` judges the public site; this prints.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from invoke.context import Context

from migration import case
from migration.case import Terms
from migration.config import Settings
from migration.cutover import conduct, gate, plan, record, stranded
from migration.cutover.clock import Clock, spoken
from migration.cutover.conduct import Ground
from migration.errors import Refusal
from migration.progress import Progress
from migration.run import Run
from reports.read import evidence
from verbs import judging, show, work
from verbs.flags import verb
from verbs.line import LINE
from verbs.show import answer

SHOWN = 100


@verb
def cutover(
    _: Context,
    env: str = "",
    production: bool = False,
    confirm: str = "",
    run: str = "",
    back: bool = False,
    announced: bool = False,
    dry_run: bool = False,
    quiet: bool = False,
) -> None:
    """Goes live with an approved run; back to v1 when it fails."""
    LINE.pin(env, production=production, confirm=confirm, run=run)
    settings, current = work.of_run()
    gate.typed(settings, confirm or LINE.confirm)
    gate.equipped(settings)
    progress = show.chosen(quiet=quiet)
    if back:
        return_(settings, current, progress)
    else:
        go_live(settings, current, progress, announced=announced, dry_run=dry_run)


@verb
def status(
    _: Context,
    env: str = "",
    production: bool = False,
    confirm: str = "",
    run: str = "",
    quiet: bool = False,
) -> None:
    """How the run stands, and what a rollback would take by now."""
    LINE.pin(env, production=production, confirm=confirm, run=run)
    settings, current = work.of_run()
    with judging.concluding(current):
        found = stranded.count(settings, current, show.chosen(quiet=quiet))
    said = evidence(current.folder)
    answer(
        f"Run {current.id}: {said.verdict.get('verdict', '?')}, "
        f"decision {said.decision.get('decision', '?')}; {_where(current)}."
    )
    answer(stranded.spoken(found))


def go_live(
    settings: Settings, run: Run, progress: Progress, *, announced: bool = False, dry_run: bool = False
) -> dict[str, Any]:
    """Admits the run and carries the cutover out, or says what it would do; what it came to."""
    ahead = plan.ahead(plan.standing(run.ledger()))
    with conduct.alone_at(settings, run) as identity:
        _admitted(run, identity, ahead)
        if dry_run:
            _would(ahead, conduct.clock_of(settings, run))
            return {}
        with judging.concluding(run):
            return _carried_out(settings, run, progress, announced=announced)


def return_(settings: Settings, run: Run, progress: Progress) -> None:
    """Points the domain back at v1."""
    with conduct.alone_at(settings, run), judging.concluding(run):
        conduct.go_back(_ground(settings, run, progress))
        record.write(run, conduct.clock_of(settings, run), settings.live.url, settings.runs_dir)
    answer("The domain leads to v1 again. v1 is still fenced: ./inv rollback opens it.")


def _carried_out(settings: Settings, run: Run, progress: Progress, *, announced: bool) -> dict[str, Any]:
    clock = conduct.clock_of(settings, run)
    try:
        conduct.go_live(_ground(settings, run, progress), clock, announced=announced)
    finally:
        found = record.write(run, clock, settings.live.url, settings.runs_dir)
        _summary(found)
    return found


def _ground(settings: Settings, run: Run, progress: Progress) -> Ground:
    return Ground(settings, run, progress, lambda: judging.in_public(settings, run, progress), answer)


def _admitted(run: Run, identity: str, ahead: Sequence[plan.Name]) -> None:
    """A `Refusal` without a GO; not asked when people are on v2 and only the announcement is left."""
    if not ahead:
        raise Refusal(f"Run {run.id} is live: every step of its cutover is done.", next_step="./inv recheck")
    if list(ahead) == [plan.Name.ANNOUNCE]:
        return
    try:
        admission = gate.admitted(case.gather(run, Terms(target=identity)))
    except Refusal as refusal:
        if not plan.standing(run.ledger()).moved:
            raise
        raise Refusal(
            refusal.happened,
            touched="The domain leads to v2, or may.",
            next_step="./inv cutover --back points it back; ./inv explain says what would open it.",
        ) from None
    if admission.rehearsal:
        answer(
            "A rehearsal on the pair's own stand-ins; it opens no production. "
            f"{len(admission.left_open)} gates that only people open would be shut in production: "
            f"{textwrap.shorten(', '.join(admission.left_open), SHOWN, placeholder=' ...')}."
        )


def _would(ahead: Sequence[plan.Name], clock: Clock) -> None:
    for name in ahead:
        answer(f"{name.value:<18} would {plan.TITLES[name]}")
    answer(f"Rollback: {clock.rollback.basis}. Dry run: nothing was changed.")


def _summary(found: dict[str, Any]) -> None:
    """Each step with the time it took beside the time that was expected, and where people are now."""
    for one in found["steps"]:
        expected = f"  expected {one['expected_s']:.1f} s" if one["expected_s"] is not None else ""
        answer(f"  {one['outcome']:<8} {one['title']:<58} {one['seconds']:6.1f} s{expected}")
    window = found["window"]
    answer(f"  {spoken(window['used_s'])} of the window of {window['minutes']:g} min used")
    answer(f"v2 is live at {found['url']}." if found["live"] else f"The domain leads to {found['domain']}.")


def _where(run: Run) -> str:
    found = plan.standing(run.ledger())
    return (
        "v2 is live" if found.live else "the domain leads to v2" if found.moved else "the domain leads to v1"
    )
