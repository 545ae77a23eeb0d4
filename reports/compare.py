"""Two runs held against each other: what changed in verdict, checks, counts, documents and durations.

Pure, from the records of both. Two runs agree exactly when everything that was judged and moved is the same,
to the finding and to the digest of each table; how long it took is shown and never counts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from migration.model import CheckResult, StepOutcome
from reports import tables
from reports.read import Evidence
from reports.tables import mapping

_ABSENT = "absent"


@dataclass(frozen=True)
class Change:
    """One thing that is other in the second run. Values are as shown."""

    what: str
    first: str
    second: str

    def __str__(self) -> str:
        return f"{self.what}: {self.first} -> {self.second}"


@dataclass(frozen=True)
class Comparison:
    """What is other between two runs; `durations` in seconds a step, for both."""

    verdicts: list[Change]
    checks: list[Change]
    totals: list[Change]
    counts: list[Change]
    durations: list[Change]

    @property
    def agree(self) -> bool:
        """Whether everything that was judged and moved is the same."""
        return not (self.verdicts or self.checks or self.totals or self.counts)


def compare(first: Evidence, second: Evidence) -> Comparison:
    """What changed from the first run to the second."""
    one, two = _by_check(first), _by_check(second)
    return Comparison(
        verdicts=_changed(_verdicts(first), _verdicts(second)),
        checks=_changed(_each(one, _outcome), _each(two, _outcome)),
        totals=_changed(_totals(one), _totals(two)),
        counts=_changed(_counts(first), _counts(second)),
        durations=_changed(_durations(first), _durations(second)),
    )


def lines(found: Comparison, first: str, second: str) -> Iterator[str]:
    """The comparison for a terminal."""
    yield f"{first} -> {second}"
    if found.agree:
        yield "They agree exactly: verdict, every check and finding, every count, every table's digest."
    for title, changes in (
        ("verdict and decision", found.verdicts),
        ("checks", found.checks),
        ("what the checks counted", found.totals),
        ("rows and documents", found.counts),
        ("seconds", found.durations),
    ):
        if changes:
            yield f"{title}:"
            yield from (f"  {change}" for change in changes)


def _changed(first: Mapping[str, str], second: Mapping[str, str]) -> list[Change]:
    return [
        Change(name, first.get(name, _ABSENT), second.get(name, _ABSENT))
        for name in sorted({*first, *second})
        if first.get(name) != second.get(name)
    ]


def _verdicts(found: Evidence) -> dict[str, str]:
    phases = mapping(found.verdict.get("by_phase"))
    return {
        "verdict": str(found.verdict.get("verdict", _ABSENT)),
        "decision": str(found.decision.get("decision", _ABSENT)),
        **{f"phase {name}": str(verdict) for name, verdict in phases.items()},
    }


def _by_check(found: Evidence) -> dict[str, CheckResult]:
    return {f"{result.id} {result.scope}".rstrip(): result for result in found.results}


def _each(found: Mapping[str, CheckResult], of: Callable[[CheckResult], str]) -> dict[str, str]:
    return {name: of(result) for name, result in found.items()}


def _outcome(result: CheckResult) -> str:
    return result.outcome.value


def _totals(found: Mapping[str, CheckResult]) -> dict[str, str]:
    rows: dict[str, str] = {}
    for name, result in found.items():
        kinds = {kind.value: count for kind, count in result.totals.items() if count}
        classes = {cls.value: count for cls, count in result.classes.items() if count}
        for what, count in {"seen": result.seen, "matched": result.matched, **kinds, **classes}.items():
            rows[f"{name} {what}"] = f"{count:,}"
        shown = sorted(finding.model_dump_json(by_alias=True) for finding in result.findings)
        rows[f"{name} findings shown"] = f"{len(shown)} ({_fingerprint(shown)})" if shown else "0"
    return rows


def _fingerprint(texts: list[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:12]


def _counts(found: Evidence) -> dict[str, str]:
    rows = {f"{one.table} rows": _count(one.rows) for one in tables.accounts(found.manifest)}
    for one in tables.accounts(found.manifest):
        parts = {"migrated": one.migrated, "merged": one.merged, **one.excluded, **one.quarantined}
        rows |= {f"{one.table} {name}": _count(count) for name, count in parts.items()}
    for written in tables.documents(found.manifest):
        rows[f"{written.table} documents after the load"] = _count(written.after)
    for name, table in mapping(mapping(found.manifest.get("transform")).get("tables")).items():
        rows[f"{name} digest"] = str(mapping(table).get("digest", _ABSENT))[:16]
    return rows


def _count(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else "?"


def _durations(found: Evidence) -> dict[str, str]:
    """The last good end of each step; a tenth of a second is as much as two runs can be compared by."""
    return {
        entry.step: f"{entry.duration_ms / 1000:.1f}"
        for entry in found.ledger
        if entry.outcome is StepOutcome.DONE
    }
