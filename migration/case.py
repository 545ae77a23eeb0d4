"""Gathers what a decision depends on from a run's folder and the checkout, and records what people say of it.

Between the records and `migration.decision`, which is pure. Connects to nothing: a cutover hands in the
identity of the deployment that it is connected to. A record that can not be read shuts a gate; it never lets
an earlier decision stand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypeVar

from migration import (
    acceptance,
    approval,
    audit,
    bound,
    config,
    decision,
    features,
    features_of,
    files,
    recheck,
    seal,
    signing,
)
from migration.acceptance import ACCEPTANCES
from migration.approval import Approval, Rule
from migration.cutover import record
from migration.cutover_toml import ApprovalTable
from migration.decision import Case, Decision
from migration.errors import Refusal, RunIncomplete
from migration.model import LedgerEntry, StepOutcome, Verdict
from migration.run import Run
from migration.verdict import is_loaded, is_rolled_back

_R = TypeVar("_R")


@dataclass(frozen=True)
class Terms:
    """What a decision depends on beside the run's records. `rules`: who must approve (None: cutover.toml's).
    `now`: None is the present. `target`: the identity of the deployment that is connected to (None: the run's
    own, for a decision from the records alone)."""

    acceptances: Path = ACCEPTANCES
    rules: ApprovalTable | None = None
    now: datetime | None = None
    target: str | None = None
    sign_offs: Path = features.SIGN_OFFS

    @property
    def signed(self) -> list[features.SignOff]:
        """Features that are dropped on purpose."""
        return features.signed_off(self.sign_offs)

    @property
    def approval(self) -> ApprovalTable:
        """The rules as they stand."""
        return self.rules or config.read_file(config.ROOT / "cutover.toml").approval


@dataclass(frozen=True)
class Said:
    """What a person says of a run: their name, a note or a reason, and the key that they sign it with."""

    by: str
    text: str = ""
    key: Path | None = None


AS_CONFIGURED = Terms()


def gather(run: Run, terms: Terms = AS_CONFIGURED) -> Case:
    """How the run stands under these terms."""
    rules, at = terms.approval, terms.now or datetime.now(UTC)
    ledger = _read(run.ledger) or []
    manifest = _read(run.manifest) or {}
    given = _read(lambda: approval.read(run)) or []
    verdict = files.read_or_empty(run.folder / "verdict.json")
    stands = bound.now(run, terms.acceptances, target=terms.target)
    keys = _signatures(given, rules.allowed_signers)
    return Case(
        verdict=Verdict(verdict.get("verdict", Verdict.UNKNOWN)),
        loaded=is_loaded(ledger),
        rolled_back=is_rolled_back(ledger),
        environment=str(manifest.get("environment", "")),
        exported=_exported(ledger),
        record=_wrong(run.folder),
        made_by=frozenset({*seal.makers(seal.read(run.folder)), str(manifest.get("code", ""))}),
        lost_since=_read(lambda: recheck.standing(run)) is Verdict.FAIL,
        red_in_public=_read(lambda: record.site(run)) is Verdict.FAIL,
        judged_target=str((manifest.get("target") or {}).get("identity", "")),
        judged_decisions=str((manifest.get("transform") or {}).get("resolutions", "")),
        decisions=bound.resolutions(manifest),
        bound=stands,
        rule=Rule(rules.approvers, rules.signed),
        now=at,
        shut=verdict.get("gate_shut", {}),
        accepted=acceptance.read(terms.acceptances),
        features=_read(lambda: features_of.standings(run, terms.signed)) or (),
        standings=approval.judged(given, stands, at, keys, signed=rules.signed),
    )


def decide(run: Run, terms: Terms = AS_CONFIGURED) -> Decision:
    """Writes decision.json and returns what it says. The answer depends on the records and the terms; asked
    again, the same answer keeps the moment of the first."""
    found = gather(run, terms)
    features_of.write(run, list(found.features), found.environment)
    return decision.write(run, found)


def approve(run: Run, said: Said, terms: Terms = AS_CONFIGURED) -> None:
    """Records that a named person approves the run as it stands. A `Refusal`, with nothing recorded, unless
    it is a PASS on the target and every gate but the approval's own is open."""
    _named(said, "approve")
    case = gather(run, terms)
    _refuse_what_is_shut(run, decision.may_cut_over(case), loaded=case.loaded)
    if terms.approval.signed and said.key is None:
        raise Refusal(
            "Only signed approvals count (cutover.toml, [approval]).", next_step="Add --sign KEYFILE."
        )
    _record(run, "approve", said, case, terms.approval.allowed_signers)


def reject(run: Run, said: Said, terms: Terms = AS_CONFIGURED) -> None:
    """Records that a named person rejects the run, whatever its verdict: no GO until the same person approves
    it."""
    _named(said, "reject")
    if not said.text.strip():
        raise Refusal("A rejection needs its reason.", next_step="./inv reject --by NAME --reason TEXT")
    _record(run, "reject", said, gather(run, terms), terms.approval.allowed_signers)


def _record(
    run: Run, word: Literal["approve", "reject"], said: Said, case: Case, signers: Sequence[str]
) -> None:
    by = said.by.strip()
    made = approval.given(word, by, said.text, case.bound, case.now)
    if said.key is not None:
        content = approval.signed_content(made)
        made = made.model_copy(update={"signature": signing.sign(content, said.key)})
        if not signing.verified(content, made.signature, by, signers):
            raise Refusal(
                f"The key {said.key} is not a key of {by} in cutover.toml, so its signature proves nothing.",
                next_step="Add the public key to [approval] allowed_signers, in a reviewed change.",
            )
    approval.record(run, made)


def _named(said: Said, word: str) -> None:
    if not said.by.strip():
        raise Refusal("Nobody is named.", next_step=f"./inv {word} --by NAME")


def _refuse_what_is_shut(run: Run, found: Decision, *, loaded: bool) -> None:
    if found.verdict is not Verdict.PASS:
        raise Refusal(
            f"Run {run.id} is {found.verdict}: only a PASS can be approved.",
            next_step="./inv explain says why; judge it with ./inv verify smoke, or ./inv rollback.",
        )
    shut = [f"{name}: {state}" for name, state in sorted(found.gates.items()) if state != "open"]
    shut = [one for one in shut if not one.startswith("approved: ")]
    if not loaded:
        shut.insert(0, "nothing of this run is loaded on the target")
    if shut:
        raise Refusal(
            f"Run {run.id} can not be approved while gates are shut. {'. '.join(shut)}.",
            touched="No approval was recorded.",
            next_step="./inv explain says what would open them.",
        )


def _signatures(given: Sequence[Approval], signers: Sequence[str]) -> dict[int, str]:
    return {
        number: signing.verified(approval.signed_content(one), one.signature, one.by, signers)
        for number, one in enumerate(given)
        if one.signature
    }


def _exported(ledger: Sequence[LedgerEntry]) -> datetime | None:
    """When the target was last read for its judges."""
    judged = [one for one in ledger if one.step.startswith("export ") and not bound.is_later(one.step)]
    moments = [one.at for one in judged if one.outcome is StepOutcome.DONE]
    return datetime.fromisoformat(moments[-1]) if moments else None


def _wrong(folder: Path) -> list[str]:
    """What an audit says, the first few; the rest is for `invoke audit`."""
    found = audit.examine(folder)
    told = [str(one) for one in found.tampered] or list(found.open)
    return [*told[:3], *([f"and {len(told) - 3} more (invoke audit)"] if len(told) > 3 else [])]


def _read(read: Callable[[], _R]) -> _R | None:
    """What a record says, or None when it is damaged: the audit shuts the gate then."""
    try:
        return read()
    except RunIncomplete:
        return None
