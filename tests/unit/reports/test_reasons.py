"""The page begins with the strongest reasons in plain words, and with what is lost on either way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from migration.model import Class, Kind, LedgerEntry, Outcome, Severity, StepOutcome
from reports.read import Evidence
from reports.reasons import reasons
from reports.stakes import stakes
from tests.unit.reports import records
from tests.unit.reports.rich import drawn

GATES = {
    "approved": "not yet approved",
    "features": "2 features are open that must not be: AUTH-01, ...",
    "fresh": "open",
    "dates.filing_window": "3 findings are not accepted",
    "statuses.refused[V-1]": "4 findings are not accepted",
}


def red(name: str, wrong: int, **changes: Any) -> Any:
    return records.check(
        name,
        outcome=Outcome.FAIL,
        matched=418 - wrong,
        totals={Kind.MISSING: wrong},
        classes={Class.INTRODUCED: wrong},
        **{"findings": [records.finding(1, kind=Kind.MISSING, actual=None)], **changes},
    )


def texts(**known: Any) -> list[str]:
    return [one.text for one in reasons(Evidence("a run", **known))]


def step(name: str) -> LedgerEntry:
    return LedgerEntry(step=name, outcome=StepOutcome.DONE, at="2026-01-15T12:05:00.000Z")


def test_critical_failures_come_before_major_ones_and_many_before_few() -> None:
    results = [red("a.few", 1), red("b.major", 400, severity=Severity.MAJOR), red("c.many", 9)]
    found = reasons(Evidence("a run", verdict={"verdict": "FAIL"}, results=results, ledger=[step("load")]))
    assert [one.check for one in found[:3]] == ["c.many", "a.few", "b.major"]
    assert found[0].text == (
        "Failed: c.many. 9 missing on the target. "
        f"First: cases {records.KEY.format(1)} pwdWageAmount, expected 85000.0, found nothing."
    )


def test_a_run_that_stopped_or_set_rows_aside_says_so_before_anything_else() -> None:
    manifest = {"stopped": "The disk is full.", "transform": {"quarantined": 1}}
    words = texts(verdict={"verdict": "FAIL"}, manifest=manifest, results=[red("a.b", 1)])
    assert words[:2] == [
        "The run stopped: The disk is full.",
        "1 row waits in quarantine for a person's decision.",
    ]


def test_what_nobody_asked_is_a_reason_of_its_own() -> None:
    silent = records.check("a.b", outcome=Outcome.UNKNOWN, seen=0, matched=0, error="ConnectError")
    words = texts(verdict={"verdict": "UNKNOWN"}, results=[silent], required={"data": ["a.b"]})
    assert words[0] == "Not judged is a.b: ConnectError."
    assert "Not judged at all: in a browser." in words
    standing = dict.fromkeys(("a.b", "a.c"), ("UNKNOWN", "required, but without a result"))
    words = texts(verdict={"verdict": "UNKNOWN"}, standing=standing, required={"data": ["a.b"]})
    assert words[0] == "2 checks could not be judged: required, but without a result."


def test_a_pass_that_waits_names_its_gates_the_weightiest_first_and_then_what_speaks_for_it() -> None:
    shut = {"dates.filing_window": 3, "statuses.refused[V-1]": 4}
    required = {phase: ["x"] for phase in ("data", "app", "smoke", "after")}
    words = texts(
        verdict={"verdict": "PASS", "gate_shut": shut},
        decision={"gates": GATES},
        required=required,
        results=[records.check("harness.self_test", seen=14, matched=14)],
    )
    assert words == [
        "The ledger of features shuts the gate: 2 features are open that must not be: AUTH-01 and others.",
        "7 differences that v1 already had or that weigh little, in 2 checks, wait to be accepted by name.",
        "Nobody has approved it: not yet approved.",
        "All 1 checks passed; 14 comparisons were made.",
        "This run's own recall: 14 of 14 planted faults.",
    ]


def test_a_go_begins_with_who_approved_it_and_no_void_word_counts() -> None:
    void = {"word": "approve", "by": "Bo", "at": "2026-01-15T12:20:00.000Z", "void": ["it expired"]}
    good = {"word": "approve", "by": "Ann", "at": "2026-01-15T12:30:00.000Z", "void": []}
    decision = {
        "decision": "GO",
        "gates": {"approved": "open"},
        "approvals": [void, {**good, "expires": "2026-01-16T12:30:00.000Z"}],
    }
    required = {phase: ["x"] for phase in ("data", "app", "smoke", "after")}
    words = texts(verdict={"verdict": "PASS"}, decision=decision, required=required)
    assert words[0] == "Ann approved it at 2026-01-15 12:30 UTC; that holds until 2026-01-16 12:30 UTC."
    assert not any("Bo" in word for word in words)


# ---------------------------------------------------------------- what is at stake


def test_going_on_names_what_would_be_lost_by_table_and_what_nobody_knows() -> None:
    silent = records.check("a.b", outcome=Outcome.UNKNOWN, seen=0, matched=0, error="ConnectError")
    found = stakes(
        Evidence("a run", manifest=records.MANIFEST, results=[red("a.x", 3), red("a.y", 1), silent])
    )
    assert found.going_on[:2] == [
        "cases: 4 differences that the migration introduced.",
        "Unknown: what 1 check would have told but could not judge.",
    ]
    assert "129 values in 2 columns of v1 stay behind on purpose (the drop list)." in found.going_on
    assert "1 rows of v1 stay behind by rule (the row accounting says which)." in found.going_on


def test_a_run_without_a_check_is_never_called_safe() -> None:
    assert stakes(Evidence("a run")).going_on == ["Nobody knows: nothing was checked."]


def test_rolling_back_loses_nothing_before_the_load_and_nobodys_work_before_the_opening() -> None:
    assert stakes(Evidence("a run", ledger=[step("backup")])).rolling_back == [
        "Nothing: this run has not changed the target."
    ]
    loaded = Evidence("a run", manifest=records.MANIFEST, ledger=[step("backup"), step("load")])
    words = stakes(loaded).rolling_back
    assert words[0].startswith("The target returns to its backup of 2026-01-15 12:05 UTC with 4 documents")
    assert "Nothing of v2's users: the target was never opened." in words


def test_after_the_opening_users_work_is_counted_or_said_to_be_unknown() -> None:
    steps = [step("backup"), step("load"), step("open")]
    unknown = " ".join(stakes(Evidence("a run", ledger=steps)).rolling_back)
    assert "since it was opened at 12:05 UTC, not counted yet" in unknown
    recheck = {"rechecks": [{"minutes_after_opening": 15.0, "by_users": 7}]}
    counted = " ".join(stakes(Evidence("a run", ledger=steps, recheck=recheck)).rolling_back)
    assert "7 documents that v2's users had written 15.0 minutes after the opening" in counted


def test_what_was_rolled_back_says_what_was_kept_of_the_users() -> None:
    manifest = {"stranded": {"documents": {"cases": {"added": 2, "changed": 1}}}}
    found = stakes(Evidence("a run", manifest=manifest, ledger=[step("load"), step("rollback")]))
    assert found.rolling_back == [
        "It was rolled back: the target is what its backup says.",
        "3 documents that users had written on v2 were kept aside for a person to carry over.",
    ]


def test_everything_that_is_said_reaches_the_page_as_text(tmp_path: Path) -> None:
    html = drawn("FAIL", tmp_path).read_text()
    for text in (
        "void: the evidence has changed since",
        "known in v1",
        "a word of the old form",
        "Lost by going on",
        "they differ",
    ):
        assert text in html
    assert records.HOSTILE not in html
    alike = drawn("PASS", tmp_path / "alike").read_text()
    assert "agree in everything but what was counted in the sample" in alike
