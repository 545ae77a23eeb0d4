"""Reads a run folder for the report, as much of it as there is. Judges nothing and connects to nothing.

A report must also exist for a run that died: every record may be absent, cut short or damaged. What could not
be read is listed in `problems`, and the page shows that list; it never turns into an empty green table.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from migration.model import CHAINED_BY, CheckResult, LedgerEntry, Record

T = TypeVar("T", bound=Record)
SOMETIMES = ("recheck", "cutover", "status", "features", "preflight", "previous")
"""Records that a run may be without: none was made, or (preflight) it judged an embedded pair."""
IMAGE_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}


@dataclass
class Evidence:
    """The records of one run, in the words of `migration.model` where a model exists."""

    run_id: str
    manifest: Mapping[str, Any] = field(default_factory=dict)
    verdict: Mapping[str, Any] = field(default_factory=dict)
    decision: Mapping[str, Any] = field(default_factory=dict)
    required: Mapping[str, Any] = field(default_factory=dict)
    recheck: Mapping[str, Any] = field(default_factory=dict)
    cutover: Mapping[str, Any] = field(default_factory=dict)
    status: Mapping[str, Any] = field(default_factory=dict)
    features: Mapping[str, Any] = field(default_factory=dict)
    preflight: Mapping[str, Any] = field(default_factory=dict)
    previous: Mapping[str, Any] = field(default_factory=dict)
    results: list[CheckResult] = field(default_factory=list)
    standing: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    ledger: list[LedgerEntry] = field(default_factory=list)
    images: list[Path] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def evidence(folder: Path) -> Evidence:
    """Everything in `folder` that a report shows. Never raises for what a run left unfinished."""
    found = Evidence(run_id=folder.name)
    found.manifest = _object(folder / "manifest.json", found.problems)
    found.verdict = _object(folder / "verdict.json", found.problems)
    found.decision = _object(folder / "decision.json", found.problems)
    found.required = _object(folder / "required.json", found.problems)
    for name in SOMETIMES:
        if (folder / f"{name}.json").exists():
            setattr(found, name, _object(folder / f"{name}.json", found.problems))
    merged = _object(folder / "results.json", found.problems)
    found.standing = _standing(merged)
    found.results = _results(folder, merged, found.problems)
    found.ledger = list(_lines(folder / "ledger.jsonl", LedgerEntry, found.problems))
    found.images = sorted(
        path for path in (folder / "evidence").rglob("*") if path.suffix.lower() in IMAGE_TYPES
    )
    return found


def _standing(merged: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Verdict and reason of each check that does not stand as a pass, over all its attempts."""
    given = merged.get("standing")
    rows = given.items() if isinstance(given, dict) else ()
    return {
        str(name): (str(row.get("verdict", "")), str(row.get("reason", "")))
        for name, row in rows
        if isinstance(row, dict)
    }


def _results(folder: Path, merged: Mapping[str, Any], problems: list[str]) -> list[CheckResult]:
    """The last attempt of each check. Merged results where they exist, else the raw lines."""
    if not merged:
        return _last_attempts(_lines(folder / "results.jsonl", CheckResult, problems))
    rows = merged.get("results")
    if not isinstance(rows, list):
        problems.append("results.json holds no list of results.")
        return []
    return _last_attempts(_valid(rows, CheckResult, "results.json", problems))


def _last_attempts(results: Iterator[CheckResult]) -> list[CheckResult]:
    """Several results of one check and attempt are all kept: a check may speak about several scopes."""
    everything = list(results)
    last: dict[str, int] = {}
    for result in everything:
        last[result.id] = max(result.attempt, last.get(result.id, 0))
    kept = (result for result in everything if result.attempt == last[result.id])
    return sorted(kept, key=lambda result: (result.suite, result.id, result.scope))


def _lines(path: Path, record: type[T], problems: list[str]) -> Iterator[T]:
    if not path.exists():
        problems.append(f"{path.name} is absent.")
        return
    rows = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            row = json.loads(line)
        except ValueError:
            problems.append(f"Line {number} of {path.name} can not be read.")
            continue
        rows.append({key: row[key] for key in row if key != CHAINED_BY} if isinstance(row, dict) else row)
    yield from _valid(rows, record, path.name, problems)


def _valid(rows: list[Any], record: type[T], name: str, problems: list[str]) -> Iterator[T]:
    for number, row in enumerate(rows, start=1):
        try:
            yield record.model_validate(row)
        except ValidationError:
            problems.append(f"Record {number} of {name} is not a valid {record.__name__}.")


def _object(path: Path, problems: list[str]) -> Mapping[str, Any]:
    content = _json(path, problems)
    if content is not None and not isinstance(content, dict):
        problems.append(f"{path.name} is not an object.")
    return content if isinstance(content, dict) else {}


def _json(path: Path, problems: list[str]) -> Any:
    if not path.exists():
        problems.append(f"{path.name} is absent.")
        return None
    try:
        return json.loads(path.read_bytes())
    except ValueError:
        problems.append(f"{path.name} can not be read.")
        return None
