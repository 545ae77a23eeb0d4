"""The reasoning in plain words, and two runs held against each other."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from migration import case, decision
from migration.case import Said
from migration.model import LedgerEntry, StepOutcome
from migration.run import Run
from reports.compare import Comparison, compare, lines
from reports.explain import explain
from reports.read import evidence
from tests.unit.migration.proven import conclude, proven, terms_of
from tests.unit.migration.test_verdict import result
from tests.unit.reports import records


def told(run: Run, **terms: Any) -> str:
    """What explain prints under these terms."""
    gathered = case.gather(run, terms_of(run, **terms))
    return "\n".join(
        explain(evidence(run.folder), decision.as_record(decision.may_cut_over(gathered), gathered.standings))
    )


def test_a_pass_that_waits_says_for_what_and_what_would_open_it(tmp_path: Path) -> None:
    run = proven(tmp_path)
    words = told(run)
    assert words.startswith(f"Run {run.id}, test pair: PASS, HOLD.")
    assert "Decision HOLD: gate approved: not yet approved." in words
    assert "  gate fresh: open" in words
    assert "  approved opens by: ./inv approve --by NAME" in words
    assert "decision.json still says" not in words
    assert "of 1 required checks reported, 0 failed" in words


def test_who_said_what_until_when_and_why_it_counts_no_more(tmp_path: Path) -> None:
    run = proven(tmp_path)
    case.approve(run, Said("Ann", "looked at it"), terms_of(run))
    conclude(run)
    words = told(run)
    assert f"Run {run.id}, test pair: PASS, GO." in words
    assert "Ann approved it at 2026-01-15T12:30:00.000Z (looked at it), holds until 2026-01-16T12:30" in words
    late = told(run, after=timedelta(days=2))
    assert "decision.json still says GO; ./inv decide writes it anew." in late
    assert "void: it expired at 2026-01-16T12:30:00.000Z" in late
    assert "fresh opens by: judge the target as it is now: ./inv verify smoke" in late


def test_findings_of_v1_name_the_command_that_accepts_them(tmp_path: Path) -> None:
    run = proven(tmp_path)
    run.append_result(result(id="data.old", inherited=5))
    conclude(run)
    words = told(run)
    assert "data.old opens by: ./inv accept data.old --count 5 --by NAME --reason TEXT" in words
    assert "5 differences are already so in v1: listed, no failures" in words


def test_a_failure_says_what_is_wrong_and_the_way_back(tmp_path: Path) -> None:
    run = proven(tmp_path)
    run.append_result(result("fail", id="data.red"))
    conclude(run)
    words = told(run)
    assert "FAIL, ROLLBACK." in words
    assert "data data.red: failed" in words
    assert "./inv rollback takes the target back to its backup." in words


@pytest.mark.parametrize("name", ["manifest.json", "verdict.json", "required.json", "results.json"])
def test_a_record_that_is_gone_is_no_reason_to_say_nothing(name: str, tmp_path: Path) -> None:
    run = proven(tmp_path)
    (run.folder / name).unlink()
    assert "HOLD" in told(run)
    assert f"{name}: was deleted" in told(run)


# ---------------------------------------------------------------- two runs


def compared(first: Path, second: Path) -> Comparison:
    return compare(evidence(first), evidence(second))


@pytest.fixture
def twice(tmp_path: Path) -> tuple[Path, Path]:
    """The folder of a failed run, and a copy."""
    first = records.failed(tmp_path / "one")
    shutil.copytree(first, tmp_path / "two" / first.name)
    return first, tmp_path / "two" / first.name


def change(folder: Path, name: str, *place: str, to: object) -> None:
    """Sets one value of a JSON record."""
    content = json.loads((folder / name).read_text())
    inner = content
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = to
    records.write(folder / name, content)


def test_two_that_agree_exactly_are_told_so_however_long_they_took(twice: tuple[Path, Path]) -> None:
    entry = LedgerEntry(
        step="fence", outcome=StepOutcome.DONE, at="2026-01-15T12:00:09.000Z", duration_ms=9000
    )
    with (twice[1] / "ledger.jsonl").open("a") as ledger:
        ledger.write(f"{entry.model_dump_json()}\n")
    found = compared(*twice)
    assert found.agree
    assert [str(one) for one in found.durations] == ["fence: 0.4 -> 9.0"]
    assert "They agree exactly" in "\n".join(lines(found, "a", "b"))


def test_a_check_that_changed_is_named_with_both_outcomes_and_counts(tmp_path: Path) -> None:
    found = compared(records.passed(tmp_path / "one"), records.failed(tmp_path / "two"))
    assert not found.agree
    words = "\n".join(lines(found, "a", "b"))
    assert "verdict: PASS -> FAIL" in words
    assert "decision: HOLD -> ROLLBACK" in words
    assert "  fields.field[cases.pwdWageAmount]: absent -> fail" in words
    assert "  sample.profiles: absent -> unknown" in words
    assert "fields.field[cases.pwdWageAmount] mismatched: absent -> 2" in words
    assert "They agree" not in words


@pytest.mark.parametrize(
    ("name", "place", "to", "words"),
    [
        ("verdict.json", ("verdict",), "UNKNOWN", "verdict: FAIL -> UNKNOWN"),
        ("verdict.json", ("by_phase", "data"), "UNKNOWN", "phase data: FAIL -> UNKNOWN"),
        ("decision.json", ("decision",), "HOLD", "decision: ROLLBACK -> HOLD"),
        ("manifest.json", ("transform", "accounting", "cases", "rows"), 417, "cases rows: 418 -> 417"),
        ("manifest.json", ("transform", "accounting", "cases", "merged"), 1, "cases merged: 0 -> 1"),
        ("manifest.json", ("transform", "tables", "cases", "digest"), "c9", "cases digest: c0 -> c9"),
        (
            "manifest.json",
            ("load", "tables", "users", "added"),
            20,
            "users documents after the load: 25 -> 24",
        ),
    ],
)
def test_any_difference_is_no_agreement(
    name: str, place: tuple[str, ...], to: object, words: str, twice: tuple[Path, Path]
) -> None:
    change(twice[1], name, *place, to=to)
    found = compared(*twice)
    assert not found.agree
    assert words in "\n".join(lines(found, "a", "b"))


def test_another_finding_of_the_same_count_is_no_agreement(twice: tuple[Path, Path]) -> None:
    path = twice[1] / "results.jsonl"
    path.write_text(path.read_text().replace(records.KEY.format(3), records.KEY.format(9)))
    found = compared(*twice)
    assert [one.what for one in found.totals] == ["fields.field[cases.pwdWageAmount] findings shown"]
