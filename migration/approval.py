"""Approvals and rejections: who said what about which evidence, and whether it still holds.

After the verdict, before the decision. Each is one line of `approvals.jsonl` in the run's folder, bound to
everything it was given for; when any of that is other now, it is void, with its own reason. Pure but for
`record` and `read`. Not here: whether a run may be approved at all (`migration.decision`), and signatures
(`migration.signing`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import orjson

from migration import chain
from migration.errors import RunIncomplete
from migration.model import Record
from migration.run import Run, iso

NAME = "approvals.jsonl"
LASTS = timedelta(hours=24)
"""How long an approval holds: a person answers for what they have seen today."""


class Bound(Record):
    """What an approval was given for. Digests, but for `run` and `revision` (a commit, for people).

    evidence: everything that was judged (`migration.bound`). code: of what judges and moves. mapping: the
    mapping's code, the decisions about rows, and the acceptances. seal: the last seal, so that records which
    were rewritten as a whole are found against the approval.
    """

    run: str
    evidence: str
    revision: str
    code: str
    mapping: str
    source: str
    target: str
    snapshot: str
    seal: str


class Approval(Record):
    """One person's word. `text`: the note of an approval, the reason of a rejection. `signature`: SSH's, over
    `signed_content`; empty when it was not signed."""

    word: Literal["approve", "reject"]
    by: str
    text: str = ""
    at: str
    expires: str
    bound: Bound
    signature: str = ""


@dataclass(frozen=True)
class Rule:
    """Who must approve: so many different people; `signed`: only signatures count."""

    approvers: int = 1
    signed: bool = False


@dataclass(frozen=True)
class Standing:
    """An approval or rejection and what has become of it. `void`: why it counts no more. `key`: the key that
    signed it, when the signature was verified."""

    approval: Approval
    void: tuple[str, ...] = ()
    key: str = ""


def given(word: Literal["approve", "reject"], by: str, text: str, bound: Bound, now: datetime) -> Approval:
    """A new approval or rejection of what stands now, not signed yet."""
    return Approval(word=word, by=by, text=text, at=iso(now), expires=iso(now + LASTS), bound=bound)


def signed_content(approval: Approval) -> bytes:
    """The bytes that a signature is over: the whole approval but for the signature."""
    return orjson.dumps(approval.model_dump(exclude={"signature"}), option=orjson.OPT_SORT_KEYS)


def record(run: Run, approval: Approval) -> None:
    """Adds it to the run's record."""
    chain.append(run.folder / NAME, approval.model_dump(mode="json"))


def read(run: Run) -> list[Approval]:
    """Every approval and rejection of the run, in order; `RunIncomplete` when one can not be read."""
    path = run.folder / NAME
    lines = chain.lines(path.read_bytes()) if path.exists() else []
    try:
        return [Approval.model_validate(chain.content_of(line)) for line in lines]
    except ValueError as error:
        raise RunIncomplete(
            f"The approvals of run {run.id} can not be read.", next_step="invoke audit names the damage."
        ) from error


def judged(
    approvals: Sequence[Approval],
    now: Bound,
    at: datetime,
    signatures: Mapping[int, str],
    *,
    signed: bool = False,
) -> list[Standing]:
    """What has become of each, held against what stands now. `signatures`: by place, the key of a verified
    signature; one that is absent here was not signed, or its signature does not hold."""
    return [
        Standing(
            one, tuple(_void(one, now, at, signatures.get(number, ""), signed)), signatures.get(number, "")
        )
        for number, one in enumerate(approvals)
    ]


def gate(standings: Sequence[Standing], rule: Rule) -> str:
    """`open`, or why the approvals do not suffice. Each person's last word counts; a rejection stands until
    the same person approves."""
    last = {_person(one.approval.by): one for one in standings}
    for one in last.values():
        if one.approval.word == "reject":
            return f"rejected by {one.approval.by}: {one.approval.text}"
    good = [one for one in last.values() if not one.void]
    people = len({one.key for one in good}) if rule.signed else len(good)
    if people >= rule.approvers:
        return "open"
    if people:
        return f"approved by {people} of the {rule.approvers} people that are needed"
    voided = [f"{one.approval.by}'s approval is void: {one.void[0]}" for one in last.values()]
    return "; ".join(voided) or "not yet approved"


def _void(one: Approval, now: Bound, at: datetime, key: str, signed: bool) -> list[str]:
    if one.word == "reject":
        return []
    reasons = [reason for name, reason in _OTHER.items() if getattr(one.bound, name) != getattr(now, name)]
    if at >= datetime.fromisoformat(one.expires):
        reasons.append(f"it expired at {one.expires}")
    if at < datetime.fromisoformat(one.at):
        reasons.append("it is dated in the future")
    if one.signature and not key:
        reasons.append("its signature does not hold")
    if signed and not one.signature:
        reasons.append("it is not signed")
    return reasons


_OTHER = {
    "run": "it was given for another run",
    "evidence": "the evidence has changed since",
    "code": "it was given for another revision of Cutover",
    "mapping": "the mapping has changed since, or a decision about a row, or an acceptance",
    "source": "it was given for another source",
    "target": "it was given for another deployment",
    "snapshot": "it was given for another snapshot",
}


def _person(name: str) -> str:
    return " ".join(name.split()).casefold()
