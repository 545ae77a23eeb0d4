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
from migration.model import LATER
from migration.run import Run

AFTERWARDS = (
    *("purge", "encrypt", "decrypt", "export recheck", "export status"),
    *(f"judge {phase}" for phase in LATER),
    *("calendar plan", "calendar dry run", "calendar run", "calendar prove", "calendar restore"),
)
"""Steps that come after the decision and change nothing that was judged; and those of the cutover."""
JUDGED = ("results.json", "verdict.json")
CUTOVER = "cutover"
"""What the ledger's names of the cutover's steps begin with, and the files of its browser."""


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
        if name in JUDGED or (name.startswith("evidence/") and not _of_later(name))
    }
    required = files.read_or_empty(folder / "required.json")
    judged = {phase: ids for phase, ids in required.items() if phase not in set(LATER)}
    held["required.json"] = files.digest_of(_canonical(judged))
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
        if not is_later(str(content.get("step", ""))) and content.get("phase") not in set(LATER):
            found.append(_canonical(content))
    return found


def is_later(step: str) -> bool:
    """Whether a step of the ledger may come after the decision without voiding it."""
    return step in AFTERWARDS or step.partition(" ")[0] == CUTOVER


def _of_later(name: str) -> bool:
    logs = {f"evidence/pytest-{phase}.log" for phase in LATER}
    lists = (f"evidence/{CUTOVER}_", *(f"evidence/findings/{phase}/" for phase in LATER))
    return name in logs or name.startswith(lists)


def _identity(manifest: Mapping[str, Any], side: str) -> str:
    return str((manifest.get(side) or {}).get("identity", ""))


def _canonical(content: object) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
