"""The ledger of features: what v1 could do, and what of this run shows that v2 still does (B12, B13).

After the verdict, before the decision: a feature that is critical and open, or dropped without anybody's
word, shuts the gate on GO. The list itself is `features.toml`. A feature is proven when every check and
journey that it names passed in this run; one that did not run, or is no more, proves nothing. Pure but for
`read`, `signed_off` and `sign_off`.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from migration import files
from migration.config import ROOT
from migration.errors import Refusal
from migration.model import Record, Verdict

LIST = Path(__file__).with_name("features.toml")
SIGN_OFFS = ROOT / "signoffs.toml"
COUNTED = 229
"""How many the project's own count names; seven it left out and 39 that v2 added are listed beside them."""

ALL_ITEMS = "[*]"


class Feature(Record):
    """One entry of the list. `by`: what can show it at best. `look`: what to look at."""

    id: str
    area: str
    name: str
    status: Literal["kept", "changed", "dropped", "new"]
    critical: bool
    counted: bool
    by: Literal["data-check", "api", "ui-smoke", "manual"]
    proof: tuple[str, ...] = ()
    look: str
    note: str = ""


class SignOff(Record):
    """A person's word that a feature is gone on purpose."""

    feature: str = Field(min_length=1)
    by: str = Field(min_length=1)
    reason: str = Field(min_length=1)


class Attestation(Record):
    """A person's word that they have seen a feature work, after this very run."""

    feature: str = Field(min_length=1)
    by: str = Field(min_length=1)
    note: str = Field(min_length=1)
    at: str


class State(StrEnum):
    """What stands for a feature."""

    PROVEN = "proven"
    ATTESTED = "attested"
    SIGNED_OFF = "signed off"
    OPEN = "open"


@dataclass(frozen=True)
class Standing:
    """A feature of a run: its state, and what it rests on or why it is open."""

    feature: Feature
    state: State
    why: str


def read(path: Path = LIST) -> list[Feature]:
    """The list, its count asserted."""
    found = [Feature.model_validate(one) for one in tomllib.loads(path.read_text("utf-8"))["feature"]]
    counted = sum(one.counted for one in found)
    if counted != COUNTED or len({one.id for one in found}) != len(found):
        raise Refusal(
            f"{path.name} names {counted} counted features, not {COUNTED}, or one of them twice.",
            next_step="Restore it from the repository.",
        )
    return found


def judge(
    features: Iterable[Feature],
    verdicts: Mapping[str, Verdict],
    attestations: Sequence[Attestation] = (),
    sign_offs: Sequence[SignOff] = (),
) -> list[Standing]:
    """Where each feature stands. `verdicts`: of each check of the run, by its id."""
    seen = {one.feature: one for one in attestations}
    gone = {one.feature: one for one in sign_offs}
    return [_standing(one, verdicts, seen.get(one.id), gone.get(one.id)) for one in features]


def _standing(
    feature: Feature, verdicts: Mapping[str, Verdict], seen: Attestation | None, gone: SignOff | None
) -> Standing:
    if feature.status == "dropped":
        if gone:
            return Standing(feature, State.SIGNED_OFF, f"dropped on purpose, says {gone.by}: {gone.reason}")
        return Standing(feature, State.OPEN, "dropped, and nobody has signed that off")
    lacking = [why for name in feature.proof if (why := _lacking(name, verdicts))]
    if feature.proof and not lacking:
        return Standing(feature, State.PROVEN, ", ".join(feature.proof))
    failed = [why for why in lacking if why.endswith("failed")]
    if seen and not failed:  # nobody's word outweighs a red check
        return Standing(feature, State.ATTESTED, f"seen by {seen.by}: {seen.note}")
    return Standing(feature, State.OPEN, "; ".join(failed or lacking) or f"to be looked at: {feature.look}")


def _lacking(name: str, verdicts: Mapping[str, Verdict]) -> str:
    """Why a check does not prove anything; empty when it does."""
    if name.endswith(ALL_ITEMS):
        family = name.removesuffix(ALL_ITEMS)
        found = [one for check, one in verdicts.items() if check.partition("[")[0] == family]
    else:
        found = [verdicts[name]] if name in verdicts else []
    if not found:
        return f"{name} has no result"
    if Verdict.FAIL in found:
        return f"{name} failed"
    return "" if set(found) == {Verdict.PASS} else f"{name} could not be judged"


def gate(standings: Iterable[Standing]) -> str:
    """`open`, or how many features shut it, with the first of them."""
    shut = [one for one in standings if one.state is State.OPEN and blocks(one.feature)]
    if not shut:
        return "open"
    named = ", ".join(one.feature.id for one in shut[:5])
    return f"{len(shut)} features are open that must not be: {named}{', ...' if len(shut) > 5 else ''}"


def blocks(feature: Feature) -> bool:
    """Whether a feature that is open stands in the way of GO."""
    return feature.critical or feature.status == "dropped"


def signed_off(path: Path) -> list[SignOff]:
    """The sign-offs; none when the file is absent; a `Refusal` for one that can not be read whole."""
    return _parsed(path, path.read_text("utf-8")) if path.exists() else []


def sign_off(one: SignOff, features: Sequence[Feature], path: Path) -> None:
    """Adds a sign-off to the file; a `Refusal` for a feature that is not listed as dropped."""
    dropped = [feature.id for feature in features if feature.status == "dropped"]
    if one.feature not in dropped:
        raise Refusal(
            f"{one.feature} is not a feature that v2 drops.", next_step=f"Those are {', '.join(dropped)}."
        )
    fields = (f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in one.model_dump().items())
    before = path.read_text("utf-8") if path.exists() else ""
    content = before + "\n".join(["", "[[sign_off]]", *fields, ""])
    _parsed(path, content)
    files.write_bytes(path, content.encode())


def _parsed(path: Path, content: str) -> list[SignOff]:
    try:
        rows = tomllib.loads(content).get("sign_off", [])
        return [SignOff.model_validate(row) for row in rows]
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise Refusal(
            f"{path.name} can not be read ({type(error).__name__}).",
            next_step="Each [[sign_off]] has feature, by and reason.",
        ) from None
