"""Where each feature stands in one run: from its merged results, what people attested, and the sign-offs.

Between the records and `migration.features`, which is pure. `features.json` is made anew with each decision.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from migration import chain, features, files
from migration.errors import RunIncomplete
from migration.features import Attestation, SignOff, Standing
from migration.model import Verdict
from migration.run import Run

ATTESTED = "attested.jsonl"
RECORD = "features.json"
SITES = {
    "embedded": "a stand-in of v2's site, on the embedded pair",
    "test": "the test site",
    "dress": "the test site, with production's rows",
}
"""What a journey was made on; evidence from the stand-in never counts for production (law 12)."""


def standings(run: Run, sign_offs: list[SignOff]) -> list[Standing]:
    """Every feature of the list."""
    return features.judge(features.read(), verdicts(run.folder), attested(run), sign_offs)


def verdicts(folder: Path) -> dict[str, Verdict]:
    """What each check of the run came to; one that is required and has no result is UNKNOWN."""
    merged = files.read_or_empty(folder / "results.json")
    rows, others = merged.get("results") or [], merged.get("standing") or {}
    found = {str(row["id"]): Verdict.PASS for row in rows}
    return found | {str(name): Verdict(one["verdict"]) for name, one in others.items()}


def attested(run: Run) -> list[Attestation]:
    """What people said that they saw after this run; `RunIncomplete` when a line can not be read."""
    path = run.folder / ATTESTED
    lines = chain.lines(path.read_bytes()) if path.exists() else []
    try:
        return [Attestation.model_validate(chain.content_of(line)) for line in lines]
    except ValueError as error:
        raise RunIncomplete(
            f"What was attested of run {run.id} can not be read.", next_step="invoke audit names the damage."
        ) from error


def attest(run: Run, one: Attestation) -> None:
    """Adds a person's word to the run's record."""
    chain.append(run.folder / ATTESTED, one.model_dump(mode="json"))


def write(run: Run, found: list[Standing], environment: str) -> None:
    """Writes features.json, for the page and for programs."""
    rows: list[dict[str, Any]] = [
        {
            **one.feature.model_dump(mode="json", exclude={"proof"}),
            "state": one.state,
            "why": one.why,
            "blocks": one.state is features.State.OPEN and features.blocks(one.feature),
        }
        for one in found
    ]
    site = SITES.get(environment, "v2's own site")
    files.write_json(run.folder / RECORD, {"site": site, "counted": features.COUNTED, "features": rows})
