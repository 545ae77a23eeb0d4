"""Run folders with everything that a page can show, one for each verdict, for the tests that look at it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fixtures.large_run import noise
from migration.model import Class, Kind, Outcome, Phase
from reports.render import write
from tests.unit.reports import records
from tests.unit.reports.test_ledger import RECORD as FEATURES
from tests.unit.reports.test_preflight import RECORD as PREFLIGHT

COUNTING = [
    records.check(
        "counts.documents[cases]",
        title="cases: every document of v1, and no stray one",
        outcome=Outcome.FAIL,
        matched=416,
        totals={Kind.MISSING: 2},
        classes={Class.INTRODUCED: 2},
        findings=[records.finding(5, kind=Kind.MISSING, expected="a case", actual=None)],
    ),
    records.check(
        "counts.cases_per_user[live]",
        seen=26,
        matched=26,
        notes={
            f"user {records.KEY.format(number)} {side}": 20 + number
            for number in range(5)
            for side in ("source", "target")
        },
    ),
    records.check("exposure.digest", totals={Kind.EXTRANEOUS: 4}, matched=414, classes={Class.DECLARED: 4}),
    records.check("harness.self_test", seen=14, matched=14, title="of 14 planted faults, 14 were found"),
]
SAID: dict[str, Any] = {
    "approvals": [
        {
            "word": "approve",
            "by": "Ann Example",
            "text": "looked at it",
            "at": "2026-01-15T12:30:00.000Z",
            "expires": "2026-01-16T12:30:00.000Z",
            "signed_with": "",
            "void": ["the evidence has changed since"],
        },
        {"word": "reject", "by": "Bo", "text": f"no {records.HOSTILE}", "at": "2026-01-15T12:40:00.000Z"},
    ],
    "accepted": [{"check": "dates.filing_window", "count": 3, "by": "Ann Example", "reason": "known in v1"}],
    "gates": {"approved": "not yet approved", "fresh": "open", "dates.filing_window": "3 are not accepted"},
}
RESOLVED = {
    "table": "public.cases",
    "key": records.KEY.format(8),
    "as": "value",
    "column": "case_status",
    "by": "Bo",
    "reason": "a word of the old form",
}
PREVIOUS = {
    "run_id": "20260114T120000Z-cd34",
    "agree": False,
    "totals": {"count": 1, "first": [["sample.fields fields seen", "2,238", "2,085"]]},
}
WORSE = {
    "verdicts": {"count": 1, "first": [["verdict", "PASS", "FAIL"]]},
    "checks": {"count": 1, "first": [["fields.field[cases.pwdWageAmount]", "pass", "fail"]]},
    "counts": {"count": 60, "first": [["cases rows", "417", "418"]]},
}


def passing(parent: Path) -> Path:
    """PASS, HOLD: everything was proven and waits for a person."""
    rest = [one for one in COUNTING if one.outcome is Outcome.PASS]
    return _furnished(records.folder(parent, [*records.PASSING, *rest], "PASS", "HOLD", ["not yet approved"]))


def failing(parent: Path) -> Path:
    """FAIL, ROLLBACK: a wrong cent, lost cases, a hostile value, a check that could not run."""
    reasons = ["data fields.field[cases.pwdWageAmount]: failed"]
    folder = _furnished(records.folder(parent, [*records.FAILING, *COUNTING], "FAIL", "ROLLBACK", reasons))
    records.write(folder / "previous.json", {**PREVIOUS, **WORSE})
    return folder


def unknown(parent: Path) -> Path:
    """UNKNOWN, HOLD: the browser never answered, and the run stopped."""
    silent = records.check(
        "login.password",
        phase=Phase.SMOKE,
        outcome=Outcome.UNKNOWN,
        seen=0,
        matched=0,
        error="TimeoutError",
        title="the canary signs in with its password",
    )
    folder = _furnished(records.folder(parent, [*records.PASSING, silent], "UNKNOWN", "HOLD", ["not proven"]))
    records.write(folder / "manifest.json", {**records.MANIFEST, "stopped": "It was interrupted."})
    return folder


MAKERS = {"PASS": passing, "FAIL": failing, "UNKNOWN": unknown}


def drawn(verdict: str, parent: Path) -> Path:
    """The page of a run that came to `verdict`."""
    return write(MAKERS[verdict](parent))


def _furnished(folder: Path) -> Path:
    decision = {"decision": "HOLD", "verdict": "", "reasons": [], **SAID}
    records.write(folder / "decision.json", decision | {"decision": _decision(folder)})
    transform = {**records.MANIFEST["transform"], "resolved": [RESOLVED]}
    records.write(folder / "manifest.json", {**records.MANIFEST, "transform": transform})
    records.write(folder / "features.json", FEATURES)
    records.write(folder / "preflight.json", PREFLIGHT)
    records.write(folder / "previous.json", PREVIOUS)
    recheck = {"minutes_after_opening": 15.0, "verdict": "PASS", "by_users": 7, "lost_or_changed": 0}
    records.write(folder / "recheck.json", {"verdict": "PASS", "rechecks": [recheck]})
    (folder / "evidence" / "dashboard.png").write_bytes(noise(1, 40, 30))
    return folder


def _decision(folder: Path) -> str:
    return "ROLLBACK" if '"FAIL"' in (folder / "verdict.json").read_text() else "HOLD"
