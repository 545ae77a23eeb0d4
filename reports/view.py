"""Arranges a run's evidence for the page: what comes first, what belongs together, what is counted.

Pure functions from `reports.read.Evidence` to plain dataclasses; the template only lays them out. Nothing is
judged here: the verdict and the decision are shown as recorded, and a record that contradicts them is named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from migration.model import JUDGED, CheckResult, Class, Outcome, Phase, Severity, Verdict
from reports import tables
from reports.counted import Group, Piece, groups, pieces
from reports.ledger import Ledger, ledger
from reports.live import Live, live
from reports.pictures import Picture, pictures
from reports.preflight import Preflight, preflight
from reports.previous import Previous, previous
from reports.read import Evidence
from reports.reasons import OF_THE_RUN, PHASES, Reason, gates_of, reasons, recall, silences
from reports.said import Said, said
from reports.stakes import Stakes, stakes
from reports.suites import Difference, Known, Suite, differences, known, suites
from reports.timeline import Bar, Window, bars, window

BANNERS = {
    "embedded": "Embedded pair: a rehearsal on made-up data. It says nothing about production.",
    "test": "Test pair: a rehearsal. It opens no production gate by itself.",
    "dress": "Dress rehearsal: production's rows in the test target. It decides nothing by itself.",
    "production": "PRODUCTION pair",
}
CHAPTERS = (
    (
        "sample",
        "The sample",
        "A seeded choice of cases, asked for through the app as their owners.",
        ("sample",),
    ),
    (
        "dates",
        "Dates",
        "Every stored and derived date, worked out again by a second implementation.",
        ("dates",),
    ),
    (
        "mails",
        "What happens by itself at the opening",
        "Mails that v2 would send, jobs that wait.",
        ("exposure",),
    ),
)
"""Suites that a release manager asks for by name: anchor, title, what it says, its suites."""


@dataclass(frozen=True)
class PhaseView:
    """One stage of judging and what it came to."""

    title: str
    verdict: str
    checks: int
    required: int


@dataclass(frozen=True)
class Chapter:
    """Some suites told together. `notes`: what its checks counted that is no finding."""

    id: str
    title: str
    text: str
    checks: list[CheckResult]
    notes: list[tuple[str, Any]]


@dataclass
class Page:
    """Everything the templates show."""

    run_id: str
    banner: str
    environment: str
    pair: list[tuple[str, str]]
    verdict: str
    decision: str
    sentence: str
    reasons: list[Reason]
    recorded: list[str]
    stakes: Stakes
    gates: list[tuple[str, str]]
    shut: list[tuple[list[tuple[str, str]], str]]
    said: Said
    phases: list[PhaseView]
    totals: Mapping[str, int]
    wrong: list[Difference]
    silent: list[tuple[str, str]]
    counts: list[Group]
    accounts: list[tuple[tables.Account, list[Piece]]]
    suites: list[Suite]
    chapters: list[Chapter]
    journeys: list[CheckResult]
    recall: list[CheckResult]
    known: list[Known]
    dropped: list[tuple[str, int]]
    bars: list[Bar]
    window: Window | None
    pictures: list[Picture]
    identity: list[tuple[str, str]]
    documents: list[tables.Written]
    preflight: Preflight | None = None
    ledger: Ledger | None = None
    previous: Previous | None = None
    listed: int = 0
    live: Live | None = None
    rechecks: Sequence[Mapping[str, Any]] = ()
    problems: list[str] = field(default_factory=list)


def page(found: Evidence, listed: int = 0) -> Page:
    """The page of one run. `listed`: the findings in the full list beside it."""
    results, verdict, totals = found.results, _verdict(found), _totals(found)
    environment = str(found.manifest.get("environment", "unknown"))
    silent = silences(found)
    return Page(
        run_id=found.run_id,
        banner=BANNERS.get(environment, "It is not recorded which pair was judged."),
        environment=environment,
        pair=tables.pair(found.manifest),
        verdict=verdict,
        decision=str(found.decision.get("decision", "HOLD")),
        sentence=f"{_sentence(verdict, totals)} {recall(found)}".rstrip(),
        reasons=reasons(found),
        recorded=_recorded(found),
        stakes=stakes(found),
        gates=gates_of(found),
        shut=_shut(found),
        said=said(found),
        phases=[_phase(phase, found) for phase in JUDGED],
        totals=totals,
        wrong=differences(results),
        silent=list(silent.items()),
        counts=groups(results),
        accounts=[(one, pieces(one)) for one in tables.accounts(found.manifest)],
        suites=suites(results, found.standing.keys()),
        chapters=_chapters(results),
        journeys=[one for one in results if one.phase is Phase.SMOKE and one.suite != "harness"],
        recall=[one for one in results if one.id == "harness.self_test"],
        known=known(results),
        dropped=tables.dropped(found.manifest),
        bars=bars(found.ledger),
        window=window(found.ledger),
        pictures=pictures(found.images),
        identity=tables.identity(found.manifest),
        documents=tables.documents(found.manifest),
        preflight=preflight(found.preflight),
        ledger=ledger(found.features),
        previous=previous(found.previous),
        listed=listed,
        live=live(found),
        rechecks=[tables.mapping(one) for one in found.recheck.get("rechecks") or []],
        problems=[*found.problems, *_contradictions(found)],
    )


def _verdict(found: Evidence) -> str:
    recorded = str(found.verdict.get("verdict", ""))
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


def _recorded(found: Evidence) -> list[str]:
    """The reasons of decision and verdict, word for word."""
    rows: list[str] = []
    for record in (found.decision, found.verdict):
        given = record.get("reasons")
        rows += [str(reason) for reason in given] if isinstance(given, list) else []
    return list(dict.fromkeys(rows))


def _shut(found: Evidence) -> list[tuple[list[tuple[str, str]], str]]:
    """The gates of the run as a whole, then under a title those that wait for an acceptance by count."""
    shut = [gate for gate in gates_of(found) if gate[1] != "open"]
    counted = [gate for gate in shut if gate[0] not in OF_THE_RUN]
    return [
        ([gate for gate in shut if gate[0] in OF_THE_RUN], ""),
        (counted, "wait to be accepted by their count"),
    ]


def _phase(phase: Phase, found: Evidence) -> PhaseView:
    verdicts, required = tables.mapping(found.verdict.get("by_phase")), found.required.get(phase.value)
    return PhaseView(
        title=PHASES[phase.value],
        verdict=str(verdicts.get(phase.value, "not judged")),
        checks=len({result.id for result in found.results if result.phase is phase}),
        required=len(required) if isinstance(required, list) else 0,
    )


def _totals(found: Evidence) -> Mapping[str, int]:
    """The merged counts of checks where there are some, else those of the results as they are."""
    results, stats = found.results, tables.mapping(found.verdict.get("stats"))
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


def _chapters(results: list[CheckResult]) -> list[Chapter]:
    rows = []
    for name, title, text, asked in CHAPTERS:
        own = [result for result in results if result.suite in asked]
        notes = [note for result in own for note in sorted(result.notes.items())]
        rows += [Chapter(name, title, text, own, notes)] if own else []
    return rows


def _contradictions(found: Evidence) -> list[str]:
    """A page must not show a green verdict above red records."""
    if _verdict(found) != Verdict.PASS:
        return []
    red = [result.id for result in found.results if result.outcome is not Outcome.PASS]
    minor = {result.id for result in found.results if result.severity is Severity.MINOR}
    serious = [name for name in red if name not in minor]
    return [f"verdict.json says PASS, but {serious[0]} did not pass."] if serious else []
