"""The list of statements is whole: its tests exist, each has tests or a reason, the page names all."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from fixtures import statements
from fixtures.statements import Judged, State, Statement

HERE = Path(__file__).parent


def existing_tests() -> set[str]:
    return {
        f"{file.stem}::{node.name}"
        for file in HERE.glob("test_*.py")
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_statement_names_only_tests_that_exist() -> None:
    named = {test for statement in statements.read() for test in statement.tests}
    assert named - existing_tests() == set()


def test_statement_without_a_test_has_a_reason() -> None:
    bare = [
        one.text for one in statements.read() if not one.tests and not one.reason.startswith("Not covered")
    ]
    assert bare == []


@pytest.mark.parametrize("section", ["0", "1", "2", "3", "6", "7"])
def test_statement_list_has_every_section(section: str) -> None:
    assert sum(one.section.startswith(f"{section} ") for one in statements.read()) > 5


def test_statement_page_names_every_statement_and_none_failed() -> None:
    page = statements.PAGE.read_text()
    missing = [one.text for one in statements.read() if one.text.replace("|", "\\|") not in page]
    assert (missing, str(State.FAILED) + ":" in page) == ([], False)


def test_statement_is_passed_only_when_a_test_ran_and_none_failed(tmp_path: Path) -> None:
    report = tmp_path / "junit.xml"
    report.write_text(
        '<testsuites><testsuite><testcase classname="t.test_a" name="test_good[1]"/>'
        '<testcase classname="t.test_a" name="test_good[2]"><skipped message="no key"/></testcase>'
        '<testcase classname="t.test_a" name="test_bad[1]"/>'
        '<testcase classname="t.test_a" name="test_bad[2]"><failure/></testcase>'
        '<testcase classname="t.test_cli" name="test_left"><skipped message="no key"/></testcase>'
        "</testsuite></testsuites>"
    )
    made = {
        "good": Statement("1", "good", ("test_a::test_good",)),
        "bad": Statement("1", "bad", ("test_a::test_good", "test_a::test_bad")),
        "left": Statement("1", "left", ("test_cli::test_left",)),
        "lost": Statement("1", "lost", ("test_a::test_gone",)),
        "open": Statement("1", "open", reason="Not covered: why"),
    }
    judged = statements.judge(list(made.values()), statements.outcomes(report))
    assert judged == [
        Judged(made["good"], State.PASSED),
        Judged(made["bad"], State.FAILED, "test_a::test_bad"),
        Judged(made["left"], State.NOT_TRIED, "no key"),
        Judged(made["lost"], State.NOT_TRIED, "did not run"),
        Judged(made["open"], State.NOT_COVERED, "Not covered: why"),
    ]
