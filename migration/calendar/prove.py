"""The second pass: that none of v1's events is left, told from a survey of its own, not from what the run
says.

Pure. PASS only when every calendar that the approved plan could reach was seen again and holds none of them.
Users whom nobody can reach were listed in the plan and approved with it; one who became so since is UNKNOWN.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from migration.calendar.model import Reach
from migration.calendar.plan import Plan
from migration.calendar.survey import Look
from migration.model import Verdict


@dataclass(frozen=True)
class Proof:
    """What the second pass came to. `left`: v1's events still there, by user (v1's id). `seen`: calendars
    looked at.

    `unseen`: users that could not be looked at now and are not approved as such, with the reason.
    """

    verdict: Verdict
    left: dict[str, int]
    seen: int
    unseen: dict[str, str]
    unreachable: int


def prove(plan: Plan, looks: Sequence[Look]) -> Proof:
    """The verdict of a survey, held against the plan that was approved."""
    approved = set(plan.unreachable())
    left = {look.visit.user: len(found) for look in looks if (found := look.planned())}
    others = [look.visit for look in looks if look.visit.reach not in {Reach.SEEN, Reach.NEVER}]
    unseen = {one.user: one.why for one in others if one.user not in approved or one.reach is Reach.FAILED}
    seen = sum(look.visit.reach is Reach.SEEN for look in looks)
    missing = {visit.user for visit in plan.visits} - {look.visit.user for look in looks}
    unseen |= dict.fromkeys(missing, "v1 has no such user any more")
    if left:
        verdict = Verdict.FAIL
    elif unseen or not seen:
        verdict = Verdict.UNKNOWN
    else:
        verdict = Verdict.PASS
    return Proof(
        verdict, left, seen, unseen, len(others) - len([one for one in others if one.user in unseen])
    )
