"""Asks all the gates, takes over shut ones by name, and keeps `migrate` from beginning while one is shut.

What `invoke preflight` and `invoke migrate` call. Nothing on either side is changed: what is kept (answers,
attestations, overrides, the dump) lies in the data folder.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from typing import Any

from migration import files
from migration.context import explained
from migration.errors import CutoverError, Refusal
from migration.preflight.model import (
    Answer,
    Attestation,
    Gate,
    Outcome,
    State,
    attested,
    judged,
    not_applicable,
    overridden,
    shut,
)
from migration.preflight.records import Records
from migration.preflight.scene import Scene
from migration.preflight.table import GATES
from migration.run import Run, iso

RECORD = "preflight.json"
_SHOWN = 3
_SHORTEST = 160


def carry_out(scene: Scene, gates: Iterable[Gate] = GATES, *, anew: bool = True) -> list[Outcome]:
    """What each gate came to. `anew`: probe everything; else an open answer counts as long as its gate
    says."""
    records, outcomes = Records(scene.settings), list[Outcome]()
    for gate in gates:
        found = {one.gate for one in outcomes if one.state in {State.SHUT, State.ACCEPTED}}
        missing = [name for name in gate.waits_for if name in found]
        outcome = _outcome(gate, scene, records, missing, anew=anew)
        outcomes.append(overridden(outcome, records.overrides(), scene.now))
    files.write_json(records.folder / f"{records.environment}.json", record(scene, outcomes, records))
    return outcomes


def record(scene: Scene, outcomes: Sequence[Outcome], records: Records) -> dict[str, Any]:
    """What is kept of a preflight: which pair, when, every gate, and what people said of this pair."""
    return {
        "environment": scene.settings.environment,
        "source": scene.settings.source.name,
        "target": scene.settings.target.name,
        "at": iso(scene.now),
        "gates": [one.model_dump(mode="json") for one in outcomes],
        "attested": [_said(one) for one in records.attestations()],
    }


def attach(run: Run, scene: Scene, outcomes: Sequence[Outcome]) -> None:
    """Makes the preflight part of a run's evidence, for the report."""
    files.write_json(run.folder / RECORD, record(scene, outcomes, Records(scene.settings)))


def take_over(scene: Scene, outcomes: Sequence[Outcome], gate: str, *, by: str, reason: str) -> list[Outcome]:
    """Notes that somebody takes over a shut gate of these outcomes; the outcomes with it. A `Refusal` when
    it is not shut: nobody takes over what was not found."""
    found = next((one for one in outcomes if one.gate == gate), None)
    if found is None or found.state is not State.SHUT:
        state = "not among them" if found is None else found.state.value
        names = ", ".join(one.gate for one in shut(outcomes)) or "none"
        raise Refusal(
            f"The gate {gate} is {state}, so there is nothing to take over.", next_step=f"Shut: {names}."
        )
    records = Records(scene.settings)
    records.override(gate, found=found.detail, by=by, reason=reason, now=scene.now)
    taken = records.overrides()
    return [overridden(one, taken, scene.now) for one in outcomes]


def refuse_shut(outcomes: Sequence[Outcome]) -> None:
    """`Refusal` that names the shut gates, if there are any."""
    closed = shut(outcomes)
    if not closed:
        return
    shown = [f"{one.gate} ({_short(one.detail)})" for one in closed[:_SHOWN]]
    more = f" and {len(closed) - _SHOWN} more" if len(closed) > _SHOWN else ""
    names = "1 gate is" if len(closed) == 1 else f"{len(closed)} gates are"
    raise Refusal(
        f"{names} shut: {', '.join(shown)}{more}.",
        next_step="./inv preflight shows all of them and what opens each; a shut one is taken over by "
        "./inv preflight --accept GATE --by NAME --reason TEXT.",
    )


def _outcome(gate: Gate, scene: Scene, records: Records, missing: list[str], *, anew: bool) -> Outcome:
    if scene.settings.environment not in gate.environments:
        return not_applicable(gate)
    if missing:
        return judged(gate, Answer(False, f"Not asked while {', '.join(missing)} is shut."), at=scene.now)
    if not anew and gate.slow and (kept := records.kept(gate.name, gate.lasts, scene.now)):
        return judged(gate, kept[0], at=kept[1])
    began = time.monotonic()
    with scene.progress.step(f"ask {gate.name}") if gate.slow else nullcontext():
        answer = _asked(gate, scene)
    if answer is None:
        return attested(gate, records.attestations(gate.name), scene.now)
    if answer.open and gate.slow:
        records.keep(gate.name, answer, scene.now)
    return judged(gate, answer, at=scene.now, seconds=time.monotonic() - began)


def _asked(gate: Gate, scene: Scene) -> Answer | None:
    """The probe's answer; None: only a person knows. One that was not to be had shuts the gate (law 1)."""
    if gate.probe is None:
        return None
    try:
        with explained(f"The gate {gate.name}", touched=False):
            return gate.probe(scene)
    except CutoverError as error:
        return Answer(False, f"{error.happened} {error.next_step}".strip())


def _said(one: Attestation) -> dict[str, str]:
    return {"item": one.item, "by": one.by, "note": one.note, "at": iso(one.at)}


def _short(text: str) -> str:
    flat = text.rstrip(".")
    return flat if len(flat) <= _SHORTEST else f"{flat[:_SHORTEST].rsplit(' ', 1)[0]} ..."
