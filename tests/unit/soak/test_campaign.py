"""The campaigns: begun again they go on, other code starts them over, and the page tells what broke."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from tests.soak import clean, convex, faults
from tests.soak.campaign import Account, Batch, Campaign


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """The code under test."""
    path = tmp_path / "judged.py"
    path.write_text("before")
    return path


def campaign(code: Path, ran: list[str], *, stop_at: str = "") -> Campaign:
    """Three batches, of which one stops the whole."""

    def run(name: str, folder: Path) -> Account:
        assert list(folder.iterdir()) == []
        ran.append(name)
        if name == stop_at:
            raise KeyboardInterrupt
        return {"tried": 5, "broken": []}

    batches = [Batch(name, partial(run, name)) for name in ("one", "two", "three")]
    return Campaign("made-up", batches, lambda _: "", [code], notes=code.parent / "notes")


def test_stopped_campaign_goes_on_where_it_was(code: Path) -> None:
    ran: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        campaign(code, ran, stop_at="two").carry_out(lambda _: None)
    accounts = campaign(code, ran).carry_out(lambda _: None)
    assert ran == ["one", "two", "two", "three"]
    assert [account["tried"] for account in accounts] == [5, 5, 5]


def test_other_code_starts_over(code: Path) -> None:
    ran: list[str] = []
    campaign(code, ran).carry_out(lambda _: None)
    campaign(code, ran).carry_out(lambda _: None)
    assert ran == ["one", "two", "three"]
    code.write_text("after")
    campaign(code, ran).carry_out(lambda _: None)
    assert ran == ["one", "two", "three"] * 2


def test_page_of_the_deployment_tells_what_broke() -> None:
    sent = {"kind": "malformed", "tried": 3, "broken": ["seed 9: 500"], "answers": {"500": 1}, "seconds": 1}
    page = convex.page([sent])
    assert "- seed 9: 500" in page
    assert "| malformed requests and imports | 3 (500: 1) | 1 |" in page


def test_page_of_the_clean_migrations_tells_what_was_refused() -> None:
    row = {"seed": 3, "kind": "one user", "users": 1, "cases": 9, "target": "nothing", "besides": "twice"}
    rows = [{**row, "verdict": "PASS", "seconds": 2.0}, {**row, "verdict": "red", "seconds": 4.0}]
    page = clean.page([{"tried": 2, "broken": ["seed 3: red"], "rows": rows, "seconds": 6.0}])
    assert "1 of 2 seeds PASS, 1 broken, 6 s." in page
    assert "- seed 3: red" in page
    assert "| one user | 2 | 1 to 1 | 9 to 9 | 1 | 3.0 |" in page


def test_page_of_the_faults_counts_what_was_planted_and_found() -> None:
    def account(controls: int, how: str, *, found: bool) -> Account:
        planted = [{"fault": "one-cent", "found": found, "how": how}]
        told = {"pair": "30,200,52", "controls": controls, "seconds": 3.0}
        return {"tried": 1, "broken": [] if found else ["one-cent: green"], "planted": planted, **told}

    page = faults.page([account(4, "teeth", found=True), account(0, "verify", found=False)])
    assert "| a document of the target | 1 planted, 1 found |" in page
    assert "1 planted in the target or the source itself, 0 found; of these 1 judged by the `verify`" in page
    assert "| `one-cent` | a document of the target | `fields.field[cases.pwdWageAmount]` | 2 | 1 |" in page


def test_a_test_that_failed_did_not_find_its_fault_and_one_that_never_ran_left_no_record(
    tmp_path: Path,
) -> None:
    record = tmp_path / "teeth.xml"
    assert faults.read(record) == ({}, ["the tests did not run to their end"], 0)
    record.write_text(
        '<testsuites><testcase name="test_a[one-cent]"/><testcase name="test_green"/>'
        '<testcase name="test_a[one-day]"><failure message="stayed green"/></testcase></testsuites>'
    )
    found = {"one-cent": True, "one-day": False}
    assert faults.read(record) == (found, ["test_a[one-day]: stayed green"], 1)
