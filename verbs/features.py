"""`features`: the ledger of v1's features for one run, what a person attests, what is dropped on purpose."""

from __future__ import annotations

from collections import Counter

from invoke.collection import Collection
from invoke.context import Context
from pydantic import ValidationError

from migration import features, features_of
from migration.errors import Refusal
from migration.features import Attestation, SignOff, State
from migration.run import iso_now
from verbs import judging, work
from verbs.flags import verb
from verbs.line import LINE
from verbs.show import answer


@verb
def ledger(_: Context, every: bool = False, run: str = "") -> None:
    """Which of v1's features this run shows, and which not."""
    LINE.pin("", run=run)
    found = features_of.standings(work.records(), features.signed_off(features.SIGN_OFFS))
    for one in found:
        if every or (one.state is State.OPEN and features.blocks(one.feature)):
            weight = "critical" if one.feature.critical else one.feature.status
            answer(f"{one.feature.id:<8} {one.state:<10} {weight:<9} {one.feature.name}: {one.why}")
    counted = Counter(one.state for one in found if one.feature.counted)
    told = ", ".join(f"{counted[state]} {state}" for state in State)
    answer(f"{features.COUNTED} features: {told}; {len(found) - features.COUNTED} more beside them.")
    answer(f"Gate: {features.gate(found)}")


@verb
def attest(_: Context, ids: str, by: str = "", note: str = "", run: str = "") -> None:
    """A person has seen features work, after this run."""
    LINE.pin("", run=run)
    known, wanted = {one.id for one in features.read()}, ids.replace(",", " ").split()
    unknown = sorted(set(wanted) - known)
    if unknown or not wanted:
        raise Refusal(
            f"There is no feature {', '.join(unknown) or 'without a name'}.",
            touched="Nothing was noted.",
            next_step="`./inv features --every` lists them.",
        )
    try:
        said = [Attestation(feature=one, by=by.strip(), note=note.strip(), at=iso_now()) for one in wanted]
    except ValidationError:
        raise Refusal(
            "An attestation needs a name and what was seen.",
            touched="Nothing was noted.",
            next_step="./inv features.attest ID --by NAME --note TEXT",
        ) from None
    current = work.opened()
    for one in said:
        features_of.attest(current, one)
    judging.conclude(current)
    answer(f"{by} attests {', '.join(wanted)} of run {current.id}.")


@verb
def sign_off(_: Context, ids: str, by: str = "", reason: str = "") -> None:
    """A dropped feature is gone on purpose, by name."""
    try:
        said = [SignOff(feature=one, by=by, reason=reason) for one in ids.replace(",", " ").split()]
    except ValidationError:
        raise Refusal(
            "A sign-off needs a name and a reason.",
            next_step="./inv features.sign-off ID --by NAME --reason TEXT",
        ) from None
    listed = features.read()
    for one in said:
        features.sign_off(one, listed, features.SIGN_OFFS)
    answer(f"{by} signs off {', '.join(one.feature for one in said)}; noted in {features.SIGN_OFFS.name}.")


namespace = Collection("features")
namespace.add_task(ledger, default=True)
namespace.add_task(attest)
namespace.add_task(sign_off)
