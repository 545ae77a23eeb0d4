"""Hand-made run folders for the report's tests: one that passed, one that failed, ones that died."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from migration.model import (
    CheckResult,
    Class,
    Finding,
    Kind,
    LedgerEntry,
    Outcome,
    Phase,
    Severity,
    StepOutcome,
)

HOSTILE = '<script>alert("x")</script>\u202e|`*\u0007'
KEY = "0c9f5c1e-0000-4000-8000-00000000000{}"

MANIFEST: dict[str, Any] = {
    "run_id": "20260115T120000Z-ab12",
    "environment": "embedded",
    "revision": "3f2c1d0",
    "clock": "2026-01-15T12:00:00.000Z",
    "tools": {"python": "3.11.7", "node": "20.20.2", "postgresql": "15.18"},
    "source": {"identity": "127.0.0.1:5501/postgres", "server_version": "15.18", "users_table": "users"},
    "target": {"url": "http://127.0.0.1:5502", "instance_name": "embedded", "kind": "embedded"},
    "snapshot": {"tables": {"cases": {"rows": 418, "digest": "9b1d"}, "public.users": {"rows": 26}}},
    "backup": {"digest": "77aa", "tables": {"users": {"number": 10001, "documents": 4}}},
    "transform": {
        "tables": {"cases": {"documents": 418, "digest": "c0"}, "users": {"documents": 26, "digest": "c1"}},
        "accounting": {
            "cases": {"rows": 418, "migrated": 418, "merged": 0, "excluded": {}, "quarantined": {}},
            "auth.users": {"rows": 29, "migrated": 26, "merged": 2, "excluded": {"no profile row": 1}},
        },
        "dropped_columns": {"users.google_refresh_token": 9, "cases.calendar_event_ids": 120},
    },
    "load": {
        "import_id": "k1",
        "tables": {"users": {"added": 21, "replaced": 5, "removed": 0, "documents": 30}},
    },
    "sample": {"seed": 20260115},
}


def check(name: str, **changes: Any) -> CheckResult:
    """A passing check of the data phase, unless `changes` say otherwise."""
    suite = name.partition(".")[0]
    values: dict[str, Any] = {
        "id": name,
        "suite": suite,
        "phase": Phase.DATA,
        "scope": "",
        "outcome": Outcome.PASS,
        "seen": 418,
        "matched": 418,
        "duration_ms": 12,
    }
    return CheckResult(**{**values, **changes})


def finding(number: int, **changes: Any) -> Finding:
    """A mismatched wage offer, unless `changes` say otherwise."""
    values: dict[str, Any] = {
        "kind": Kind.MISMATCHED,
        "table": "cases",
        "key": KEY.format(number),
        "field": "pwdWageAmount",
        "expected": "85000.0",
        "actual": "85000.01",
    }
    return Finding(**{**values, **changes})


SHORT = check(
    "counts.documents[cases]",
    outcome=Outcome.FAIL,
    matched=415,
    totals={Kind.MISSING: 2, Kind.EXTRANEOUS: 1},
    classes={Class.INTRODUCED: 3},
)
"""417 cases in the source, 416 in the target."""

PASSING = [
    *(check(f"fields.field[cases.field{number:02}]") for number in range(60)),
    check("counts.table[cases]", notes={"source": 418, "target": 418}),
    check("counts.table[users]", seen=26, matched=26, notes={"source": 26, "target": 26}),
    check(
        "dates.filing_window",
        matched=415,
        totals={Kind.MISMATCHED: 3},
        classes={Class.INHERITED: 3},
        findings=[finding(1, cls=Class.INHERITED, rule="stored date kept", field="filingWindowOpens")],
    ),
    check(
        "settings.enforcement",
        seen=26,
        matched=20,
        totals={Kind.MISMATCHED: 6},
        classes={Class.DECLARED: 6},
        findings=[finding(2, cls=Class.DECLARED, rule="autoDeadlineEnforcementEnabled is false")],
    ),
    check("sample.cases", phase=Phase.APP, seen=50, matched=50),
    check("sign_in.dashboard", phase=Phase.SMOKE, seen=8, matched=8),
    check("after.untouched", phase=Phase.AFTER, seen=444, matched=444),
]
FAILING = [
    *PASSING,
    check(
        "fields.field[cases.pwdWageAmount]",
        outcome=Outcome.FAIL,
        matched=416,
        totals={Kind.MISMATCHED: 2},
        classes={Class.INTRODUCED: 2},
        findings=[finding(3), finding(4, expected=None, actual=HOSTILE)],
    ),
    check(
        "sample.profiles",
        phase=Phase.APP,
        outcome=Outcome.UNKNOWN,
        seen=0,
        matched=0,
        severity=Severity.MAJOR,
        error="ConnectError",
    ),
]
LEDGER = [
    LedgerEntry(step="fence", outcome=StepOutcome.STARTED, at="2026-01-15T12:00:00.000Z"),
    LedgerEntry(step="fence", outcome=StepOutcome.DONE, at="2026-01-15T12:00:00.400Z", duration_ms=400),
    LedgerEntry(step="snapshot", outcome=StepOutcome.STARTED, at="2026-01-15T12:00:00.400Z"),
    LedgerEntry(step="snapshot", outcome=StepOutcome.DONE, at="2026-01-15T12:00:03.000Z", duration_ms=2600),
    LedgerEntry(step="load", outcome=StepOutcome.STARTED, at="2026-01-15T12:00:03.100Z"),
]


def folder(parent: Path, results: list[CheckResult], verdict: str, decision: str, reasons: list[str]) -> Path:
    """A complete run folder with these results."""
    run = parent / str(MANIFEST["run_id"])
    (run / "evidence").mkdir(parents=True)
    required: dict[str, list[str]] = {}
    for result in results:
        required.setdefault(result.phase.value, []).append(result.id)
    by_phase = dict.fromkeys(required, verdict)
    lines = "".join(f"{result.model_dump_json(by_alias=True)}\n" for result in results)
    write(run / "manifest.json", MANIFEST)
    write(run / "required.json", required)
    write(run / "verdict.json", {"verdict": verdict, "by_phase": by_phase, "reasons": reasons})
    write(run / "decision.json", {"decision": decision, "verdict": verdict, "reasons": reasons, "gates": []})
    (run / "results.jsonl").write_text(lines)
    (run / "ledger.jsonl").write_text("".join(f"{entry.model_dump_json()}\n" for entry in LEDGER))
    return run


def passed(parent: Path) -> Path:
    """A run that passed and waits for approval."""
    return folder(parent, PASSING, "PASS", "HOLD", ["not yet approved"])


def failed(parent: Path) -> Path:
    """A run with a wrong cent, a hostile value and a check that could not run."""
    reasons = ["2 wage amounts differ", "sample.profiles could not be judged", f"a reason with {HOSTILE}"]
    return folder(parent, FAILING, "FAIL", "ROLLBACK", reasons)


def write(path: Path, content: Any) -> None:
    """A JSON record."""
    path.write_text(json.dumps(content))
