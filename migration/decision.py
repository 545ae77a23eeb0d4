"""The decision that follows from a verdict: GO, NO-GO, ROLLBACK or HOLD (DESIGN, Records).

Last step of a run, and again whenever it is asked for: it reads the run's records and nothing else, so it
gives the same answer twice. It never acts. GO needs a PASS and every gate open: a real pair, fresh evidence,
a record that holds, the same code and mapping as now, the same deployment, findings of v1 accepted, and the
approval of those who must give it. `may_cut_over` is that answer, pure; `migration.case` gathers what it is
asked about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from migration import acceptance, approval, features, files
from migration.acceptance import Acceptance
from migration.approval import Bound, Rule, Standing
from migration.model import Choice, Verdict
from migration.run import Run, iso_now

FRESH = timedelta(hours=4)
"""How long a verdict may be acted on: after that the target has lived on, and is judged again first."""


@dataclass(frozen=True)
class Decision:
    """What to do, why, and the state of each gate (`open` or what shuts it)."""

    choice: Choice
    verdict: Verdict
    reasons: list[str]
    gates: dict[str, str]


@dataclass(frozen=True)
class Case:
    """Everything that a decision depends on.

    exported: when the target that was judged was last read. lost_since: a re-check found a loss after the
    opening. red_in_public: the site failed through its public address. shut: findings to be accepted, by
    check. record: what an audit found wrong. made_by: digests of the code that moved and judged. judged:
    deployment and decisions about rows that the run worked with; `bound`: how these and all else stand now.
    features: where each of v1's features stands.
    """

    verdict: Verdict
    loaded: bool
    rolled_back: bool
    environment: str
    exported: datetime | None
    record: Sequence[str]
    made_by: frozenset[str]
    lost_since: bool
    judged_target: str
    judged_decisions: str
    decisions: str
    bound: Bound
    rule: Rule
    now: datetime
    shut: Mapping[str, int] = field(default_factory=dict)
    accepted: Sequence[Acceptance] = ()
    standings: Sequence[Standing] = ()
    features: Sequence[features.Standing] = ()
    red_in_public: bool = False


def may_cut_over(case: Case) -> Decision:
    """GO when the run may be cut over at this moment, else what to do instead; each with its reasons."""
    found = weigh(
        case.verdict,
        loaded=case.loaded,
        rolled_back=case.rolled_back,
        gates={
            **acceptance.gates(case.shut, list(case.accepted)),
            "pair": _pair(case.environment),
            "fresh": _fresh(case.exported, case.now),
            "record": "; ".join(case.record) or "open",
            "revision": _revision(case),
            "mapping": _mapping(case),
            "deployment": _deployment(case),
            "features": features.gate(case.features),
            "approved": approval.gate(case.standings, case.rule),
        },
    )
    later = {
        "a re-check after the opening found loss or change that no user made": case.lost_since,
        "the site failed through its public address": case.red_in_public,
    }
    if case.loaded and (reasons := [reason for reason, holds in later.items() if holds]):
        return replace(found, choice=Choice.ROLLBACK, reasons=reasons)
    return found


def weigh(verdict: Verdict, *, loaded: bool, gates: Mapping[str, str], rolled_back: bool = False) -> Decision:
    """The decision itself. `loaded`: the import is on the target; `rolled_back`: it was, and is no more."""
    shut = [f"gate {name}: {state}" for name, state in sorted(gates.items()) if state != "open"]
    if verdict is Verdict.FAIL and loaded:
        reason = "the migrated data or the app failed a check"
        return Decision(Choice.ROLLBACK, verdict, [reason], dict(gates))
    if verdict is Verdict.FAIL:
        reason = (
            "it failed a check and was rolled back" if rolled_back else "it failed before anything was loaded"
        )
        return Decision(Choice.NO_GO, verdict, [reason], dict(gates))
    if verdict is Verdict.UNKNOWN:
        return Decision(Choice.HOLD, verdict, ["not everything that is required was proven"], dict(gates))
    if shut or not loaded:
        reasons = shut if loaded else ["nothing of this run is loaded on the target", *shut]
        return Decision(Choice.HOLD, verdict, reasons, dict(gates))
    return Decision(Choice.GO, verdict, ["everything passed, every gate is open"], dict(gates))


def write(run: Run, case: Case) -> Decision:
    """Writes decision.json and returns what it says. The same answer keeps the moment and the seal of the
    first, so that it is the same bytes."""
    decision, path = may_cut_over(case), run.folder / "decision.json"
    accepted = [one for one in case.accepted if one.check in case.shut]
    content, before = as_record(decision, case.standings, accepted), files.read_or_empty(path)
    same = {**content, "at": before.get("at"), "seal": before.get("seal")} == before
    made = (
        {name: before[name] for name in ("at", "seal")}
        if same
        else {"at": iso_now(), "seal": case.bound.seal}
    )
    files.write_json(path, {**content, **made})
    return decision


def as_record(
    decision: Decision, standings: Sequence[Standing], accepted: Sequence[Acceptance] = ()
) -> dict[str, Any]:
    """The decision as it is recorded and shown, with who said what and what has become of it.

    `accepted`: who took over findings of checks that this run has findings of, by their count.
    """
    return {
        "decision": decision.choice,
        "verdict": decision.verdict,
        "reasons": decision.reasons,
        "gates": decision.gates,
        "approvals": [
            {
                **one.approval.model_dump(include={"word", "by", "text", "at", "expires"}),
                "signed_with": one.key,
                "void": list(one.void),
            }
            for one in standings
        ],
        "accepted": [one.model_dump() for one in accepted],
    }


def _pair(environment: str) -> str:
    if environment == "dress":
        return "a dress rehearsal: production's rows in the test target"
    return "open" if environment in {"test", "production"} else "rehearsal on the embedded pair"


def _fresh(exported: datetime | None, now: datetime) -> str:
    """Evidence is as old as the last export of the target that was judged."""
    if exported is None:
        return "nothing was judged"
    return "open" if now - exported <= FRESH else "the evidence is past its freshness limit"


def _revision(case: Case) -> str:
    if len(case.made_by) > 1:
        return "more than one revision of Cutover moved and judged this run"
    if case.environment == "production" and not case.bound.revision.strip("+"):
        return "the code is in no commit"
    if case.environment == "production" and case.bound.revision.endswith("+"):
        return "the checkout differs from its commit"
    return "open" if case.made_by == {case.bound.code} else "judged by another revision than the one in use"


def _mapping(case: Case) -> str:
    same = case.judged_decisions == case.decisions
    return "open" if same else "the decisions about rows are others than those it was mapped with"


def _deployment(case: Case) -> str:
    same = case.judged_target == case.bound.target != ""
    return "open" if same else "another deployment was judged"
