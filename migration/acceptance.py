"""Acceptances: a named person takes over an exact number of minor or inherited findings (law 1).

Beside the verdict, before the decision: an acceptance never changes a verdict, it opens one gate on GO, and
only while the count is exactly what was accepted. They are kept in a versioned file, so that who accepted
what, and why, outlives the run.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from migration import files
from migration.config import ROOT
from migration.errors import Refusal

ACCEPTANCES = ROOT / "acceptances.toml"


class Acceptance(BaseModel):
    """One person's acceptance of an exact number of minor or inherited findings of one check."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    check: str = Field(min_length=1)
    count: int = Field(ge=1)
    by: str = Field(min_length=1)
    reason: str = Field(min_length=1)


class _Acceptances(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    accept: list[Acceptance] = []


def read(path: Path = ACCEPTANCES) -> list[Acceptance]:
    """The acceptances of the file; none when it is absent; a `Refusal` for one that can not be read whole."""
    return _parsed(path, path.read_text()) if path.exists() else []


def add(path: Path, one: Acceptance, shut: Mapping[str, int]) -> None:
    """Adds an acceptance to the file; a later one of the same check stands in for an earlier.

    `shut`: the gates of the run that is accepted, by check, with their counts. A `Refusal` when that run has
    no such gate, or another count: nobody accepts what they have not seen.
    """
    if one.check not in shut:
        known = ", ".join(sorted(shut)) or "none"
        raise Refusal(
            f"This run has no findings of {one.check} to accept.", next_step=f"To be accepted: {known}."
        )
    if shut[one.check] != one.count:
        raise Refusal(
            f"{one.check} has {shut[one.check]} findings in this run, not {one.count}.",
            next_step="Look at them in the report, then accept their exact count.",
        )
    fields = (f"{name} = {_toml(value)}" for name, value in one.model_dump().items())
    before = path.read_text() if path.exists() else ""
    content = before + "\n".join(["", "[[accept]]", *fields, ""])
    _parsed(path, content)
    files.write_bytes(path, content.encode())


def gates(shut: Mapping[str, int], accepted: list[Acceptance]) -> dict[str, str]:
    """A gate for each check with findings to accept: open only when someone accepted their exact count."""
    counts = {one.check: one.count for one in accepted}
    return {
        check: "open" if counts.get(check) == count else f"{count} findings are not accepted"
        for check, count in shut.items()
    }


def _toml(value: str | int) -> str:
    """TOML's strings are JSON's, but for DEL, which JSON lets stand."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _parsed(path: Path, content: str) -> list[Acceptance]:
    try:
        return _Acceptances.model_validate(tomllib.loads(content)).accept
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise Refusal(
            f"{path.name} can not be read ({type(error).__name__}).",
            next_step="Each [[accept]] has check, count, by and reason.",
        ) from None
