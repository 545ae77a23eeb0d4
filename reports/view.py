"""Arranges a run's evidence for the page: what comes first, what belongs together, what is counted.

Pure functions from `reports.read.Evidence` to plain dataclasses; the template only lays them out. Nothing is
judged here: the verdict and the decision are shown as recorded, and a record that contradicts them is named.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from migration.model import JUDGED, CheckResult, Class, Finding, Kind, Outcome, Phase, Severity, Verdict
from reports import tables
from reports.ledger import Ledger, ledger
from reports.live import Live, live
from reports.preflight import Preflight, preflight
from reports.read import IMAGE_TYPES, Evidence
from reports.timeline import Bar, bars

IMAGE_LIMIT = 400_000  # bytes of one screenshot, and of all of them, that are laid into the page
IMAGES_LIMIT = 5_000_000
FINDINGS_FIRST = 60
SELF_TEST = "harness.self_test"
SEVERITIES = list(Severity)
PHASE_TITLES = {
    Phase.DATA: "Data, target still paused",
    Phase.APP: "Through the app's functions",
    Phase.SMOKE: "In a browser",
    Phase.AFTER: "What smoke left behind",
}
BANNERS = {
    "embedded": "Embedded pair: a rehearsal on made-up data. It says nothing about production.",
    "test": "Test pair: a rehearsal. It opens no production gate by itself.",
    "dress": "Dress rehearsal: production's rows in the test target. It decides nothing by itself.",
    "production": "PRODUCTION pair",
}


@dataclass(frozen=True)
class PhaseView:
    """One stage of judging and what it came to."""

    title: str
    verdict: str
    checks: int
    required: int


@dataclass(frozen=True)
class Suite:
    """The checks of one file, the red ones apart."""

    name: str
    red: list[CheckResult]
    green: list[CheckResult]
    failed: int
    unknown: int
    seen: int
    matched: int


@dataclass(frozen=True)
class Difference:
    """One finding together with the check that made it."""

    check: str
    finding: Finding


@dataclass(frozen=True)
class Known:
    """The declared or inherited differences that the checks of one suite counted."""

    cls: str
    suite: str
    count: int
    checks: list[CheckResult]


@dataclass(frozen=True)
class Count:
    """One counting check, with the number on each side."""

    check: CheckResult
    source: int
    target: int


@dataclass(frozen=True)
class Picture:
    """A screenshot as a data URI, or only its name when it is too large for the page."""

    name: str
    uri: str


@dataclass
class Page:
    """Everything the templates show."""

    run_id: str
    banner: str
    environment: str
    verdict: str
    decision: str
    sentence: str
    reasons: list[str]
    gates: list[tuple[str, str]]
    phases: list[PhaseView]
    totals: Mapping[str, int]
    wrong: list[Difference]
    wrong_total: int
    silent: list[tuple[str, str]]
    counts: list[Count]
    accounts: list[tables.Account]
    suites: list[Suite]
    known: list[Known]
    dropped: list[tuple[str, int]]
    bars: list[Bar]
    pictures: list[Picture]
    identity: list[tuple[str, str]]
    documents: list[tables.Written]
    preflight: Preflight | None = None
    ledger: Ledger | None = None
    rechecks: list[Mapping[str, Any]] = field(default_factory=list)
    live: Live | None = None
    problems: list[str] = field(default_factory=list)


def page(evidence: Evidence) -> Page:
    """The page of one run."""
    results = evidence.results
    wrong = _differences(results, Class.INTRODUCED)
    environment = str(evidence.manifest.get("environment", "unknown"))
    verdict = _verdict(evidence)
    return Page(
        run_id=evidence.run_id,
        banner=BANNERS.get(environment, "It is not recorded which pair was judged."),
        environment=environment,
        verdict=verdict,
        decision=str(evidence.decision.get("decision", "HOLD")),
        sentence=f"{_sentence(verdict, _totals(evidence))} {_recall(results)}".rstrip(),
        reasons=_reasons(evidence),
        gates=_pairs(evidence.decision.get("gates")),
        phases=[_phase(phase, evidence) for phase in JUDGED],
        totals=_totals(evidence),
        wrong=wrong[:FINDINGS_FIRST],
        wrong_total=sum(result.classes.get(Class.INTRODUCED, 0) for result in results),
        silent=_silent(evidence),
        counts=_counts(results),
        accounts=tables.accounts(evidence.manifest),
        suites=_suites(evidence),
        known=_known(results),
        dropped=tables.dropped(evidence.manifest),
        bars=bars(evidence.ledger),
        pictures=_pictures(evidence.images),
        identity=tables.identity(evidence.manifest),
        documents=tables.documents(evidence.manifest),
        preflight=preflight(evidence.preflight),
        ledger=ledger(evidence.features),
        live=live(evidence),
        rechecks=[tables.mapping(one) for one in evidence.recheck.get("rechecks") or []],
        problems=[*evidence.problems, *_contradictions(evidence)],
    )


def _verdict(evidence: Evidence) -> str:
    recorded = str(evidence.verdict.get("verdict", ""))
    return recorded if recorded in set(Verdict) else Verdict.UNKNOWN.value


def _sentence(verdict: str, totals: Mapping[str, int]) -> str:
    checks, failed, unknown = totals["checks"], totals["fail"], totals["unknown"]
    if verdict == Verdict.PASS:
        return f"All {checks:,} required checks passed; {totals['seen']:,} comparisons were made."
    if verdict == Verdict.FAIL and not failed:
        return "The run failed before its data could be judged."
    if verdict == Verdict.FAIL:
        return f"{failed:,} of {checks:,} checks failed, {unknown:,} could not be judged."
    return f"Not proven: {unknown:,} of {checks:,} checks could not be judged, or a phase is missing."


def _recall(results: Iterable[CheckResult]) -> str:
    """How many of the faults that this run planted in a copy its own checks found."""
    found = next((result for result in results if result.id == SELF_TEST), None)
    return f"This run's own recall: {found.matched} of {found.seen} planted faults." if found else ""


def _reasons(evidence: Evidence) -> list[str]:
    stopped = evidence.manifest.get("stopped")
    rows = [f"The run stopped: {stopped}"] if stopped else []
    for record in (evidence.decision, evidence.verdict):
        given = record.get("reasons")
        rows += [str(reason) for reason in given] if isinstance(given, list) else []
    return list(dict.fromkeys(rows))


def _phase(phase: Phase, evidence: Evidence) -> PhaseView:
    verdicts, required = tables.mapping(evidence.verdict.get("by_phase")), evidence.required.get(phase.value)
    return PhaseView(
        title=PHASE_TITLES[phase],
        verdict=str(verdicts.get(phase.value, "not judged")),
        checks=len({result.id for result in evidence.results if result.phase is phase}),
        required=len(required) if isinstance(required, list) else 0,
    )


def _totals(evidence: Evidence) -> Mapping[str, int]:
    """The merged counts of checks where there are some, else those of the results as they are."""
    results, stats = evidence.results, tables.mapping(evidence.verdict.get("stats"))
    classes = {cls.value: sum(result.classes.get(cls, 0) for result in results) for cls in Class}
    counted = {
        "checks": len(results),
        "pass": sum(result.outcome is Outcome.PASS for result in results),
        "fail": sum(result.outcome is Outcome.FAIL for result in results),
        "unknown": sum(result.outcome is Outcome.UNKNOWN for result in results),
        "seen": sum(result.seen for result in results),
        "matched": sum(result.matched for result in results),
    }
    merged = {"pass": "passed", "fail": "failed"}
    return {
        **{name: tables.number(stats.get(merged.get(name, name), count)) for name, count in counted.items()},
        **classes,
    }


def _silent(evidence: Evidence) -> list[tuple[str, str]]:
    """Checks that stand as unknown, with the merge's reason, else their own error."""
    merged = [(name, why) for name, (verdict, why) in evidence.standing.items() if verdict == Verdict.UNKNOWN]
    own = [(result.id, result.error) for result in evidence.results if result.outcome is Outcome.UNKNOWN]
    return sorted(dict([*own, *merged]).items())


def _differences(results: Iterable[CheckResult], cls: Class) -> list[Difference]:
    return [
        Difference(result.id, finding)
        for result in sorted(results, key=_weight)
        for finding in result.findings
        if finding.cls is cls
    ]


def _suites(evidence: Evidence) -> list[Suite]:
    by_name: dict[str, list[CheckResult]] = {}
    for result in evidence.results:
        by_name.setdefault(result.suite, []).append(result)
    suites = [_suite(name, checks, evidence) for name, checks in by_name.items()]
    return sorted(suites, key=lambda suite: (suite.failed == 0, suite.unknown == 0, suite.name))


def _suite(name: str, checks: list[CheckResult], evidence: Evidence) -> Suite:
    red = [check for check in checks if check.outcome is not Outcome.PASS or check.id in evidence.standing]
    failed = sum(check.outcome is Outcome.FAIL for check in red)
    return Suite(
        name=name,
        red=sorted(red, key=_weight),
        green=[
            check for check in checks if check.outcome is Outcome.PASS and check.id not in evidence.standing
        ],
        failed=failed,
        unknown=len(red) - failed,
        seen=sum(check.seen for check in checks),
        matched=sum(check.matched for check in checks),
    )


def _weight(check: CheckResult) -> tuple[bool, int, str, str]:
    """Failures before unknowns, the weightier first."""
    return check.outcome is not Outcome.FAIL, SEVERITIES.index(check.severity), check.id, check.scope


def _known(results: list[CheckResult]) -> list[Known]:
    """Inherited first: those are what a person has to accept by their exact count."""
    rows = []
    for cls in (Class.INHERITED, Class.DECLARED):
        found = [result for result in results if result.classes.get(cls)]
        for suite in sorted({result.suite for result in found}):
            checks = [result for result in found if result.suite == suite]
            rows.append(Known(cls.value, suite, sum(check.classes[cls] for check in checks), checks))
    return rows


def _counts(results: list[CheckResult]) -> list[Count]:
    """What was counted on each side: seen is the union, so a side has all but what is missing on it."""
    return [
        Count(
            check=result,
            source=result.seen - result.totals.get(Kind.EXTRANEOUS, 0),
            target=result.seen - result.totals.get(Kind.MISSING, 0),
        )
        for result in results
        if result.suite == "counts"
    ]


def _pairs(gates: Any) -> list[tuple[str, str]]:
    if isinstance(gates, dict):
        return [(str(name), str(state)) for name, state in sorted(gates.items())]
    if isinstance(gates, list):
        rows = [tables.mapping(gate) for gate in gates]
        return [(str(row.get("name", "gate")), str(row.get("state", row))) for row in rows]
    return []


def _pictures(images: list[Path]) -> list[Picture]:
    rows, room = [], IMAGES_LIMIT
    for path in images:
        size = path.stat().st_size
        fits = size <= min(IMAGE_LIMIT, room)
        uri = ""
        if fits:
            room -= size
            kind = IMAGE_TYPES[path.suffix.lower()]
            uri = f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"
        rows.append(Picture(path.stem, uri))
    return rows


def _contradictions(evidence: Evidence) -> list[str]:
    """A page must not show a green verdict above red records."""
    if _verdict(evidence) != Verdict.PASS:
        return []
    red = [result.id for result in evidence.results if result.outcome is not Outcome.PASS]
    minor = {result.id for result in evidence.results if result.severity is Severity.MINOR}
    serious = [name for name in red if name not in minor]
    return [f"verdict.json says PASS, but {serious[0]} did not pass."] if serious else []
