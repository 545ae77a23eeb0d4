"""What a decision about a run rests on, as digests: evidence, revision, mapping, deployment, snapshot.

Read from the run's folder and from the checkout; connects to nothing. A cutover hands in the identity of the
deployment that it is connected to, and is refused when that is another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from migration import acceptance, chain, config, files, quarantine, revision, seal
from migration.approval import Bound
from migration.errors import CutoverError
from migration.model import Phase
from migration.run import Run

AFTERWARDS = ("purge", "export recheck", "judge recheck")
"""Steps that come after the decision and change nothing that was judged."""
JUDGED = ("results.json", "verdict.json")
_RECHECK = (f"evidence/pytest-{Phase.RECHECK.value}.log", f"evidence/findings/{Phase.RECHECK.value}/")


def now(run: Run, acceptances: Path, *, target: str | None = None) -> Bound:
    """As it stands now. `target`: the identity of the deployment that is connected to (None: the run's)."""
    manifest = files.read_or_empty(run.folder / "manifest.json")
    return Bound(
        run=run.id,
        evidence=evidence(run.folder),
        revision=revision.commit(),
        code=revision.code(),
        mapping=mapping(resolutions(manifest), acceptances),
        source=_identity(manifest, "source"),
        target=_identity(manifest, "target") if target is None else target,
        snapshot=files.digest_of(_canonical(manifest.get("snapshot")), str(manifest.get("clock", ""))),
        seal=seal.read(run.folder).head,
    )


def evidence(folder: Path) -> str:
    """One digest of all that was recorded and judged. What is made from it (decision, report) is left out,
    and so is what may come after it: approvals, re-checks, the log of refusals, why a command stopped."""
    manifest = files.read_or_empty(folder / "manifest.json") | {"stopped": ""}
    held = {
        name: digest
        for name, digest in seal.listed(folder).items()
        if name in JUDGED or (name.startswith("evidence/") and not name.startswith(_RECHECK))
    }
    required = files.read_or_empty(folder / "required.json")
    held["required.json"] = files.digest_of(_canonical({**required, Phase.RECHECK.value: None}))
    records = [*_lines(folder / "ledger.jsonl"), *_lines(folder / "results.jsonl")]
    return files.digest_of(_canonical(manifest), _canonical(held), *records)


def mapping(decided: str, acceptances: Path) -> str:
    """The mapping's code, the decisions about rows (their digest) and what was accepted."""
    accepted = [one.model_dump() for one in acceptance.read(acceptances)]
    return files.digest_of(revision.digest_of_mapping(), decided, _canonical(accepted))


def resolutions(manifest: Mapping[str, Any]) -> str:
    """The digest of the decisions about rows as they stand now, or that they can not be read."""
    file = config.quarantine_file(str(manifest.get("environment", "")), Path(manifest.get("pair", "")))
    try:
        return quarantine.load(file).digest
    except CutoverError:
        return "unreadable"


def _lines(path: Path) -> list[bytes]:
    """The lines of a record without their links, so that a line that comes afterwards changes nothing."""
    found = []
    for line in chain.lines(path.read_bytes()) if path.exists() else []:
        try:
            content = chain.content_of(line)
        except ValueError:
            found.append(line)
            continue
        if content.get("step") not in AFTERWARDS and content.get("phase") != Phase.RECHECK:
            found.append(_canonical(content))
    return found


def _identity(manifest: Mapping[str, Any], side: str) -> str:
    return str((manifest.get(side) or {}).get("identity", ""))


def _canonical(content: object) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
