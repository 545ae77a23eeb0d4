"""Every finding lies beside the page, for programs and for a spreadsheet, and does no harm in either."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from checks.tally import Tally
from migration import audit, seal
from migration.model import FINDINGS_LISTED, FINDINGS_SHOWN, Class, Kind, Outcome
from migration.run import Run
from reports.listing import CSV, JSON_LINES, cell
from reports.render import write
from tests.unit.migration.proven import proven
from tests.unit.migration.test_verdict import result
from tests.unit.reports import records


def cells(folder: Path) -> list[dict[str, str]]:
    with (folder / CSV).open(newline="", encoding="utf-8") as rows:
        return list(csv.DictReader(rows))


def lines(folder: Path) -> list[dict[str, str | None]]:
    return [json.loads(line) for line in (folder / JSON_LINES).read_text().splitlines()]


def test_sample_and_what_lies_beyond_it_are_listed_once_each(tmp_path: Path) -> None:
    tally = Tally()
    for number in range(FINDINGS_SHOWN + 30):
        tally.find(Kind.MISMATCHED, f"key {number}", table="cases", path="notes", expected="a", actual="b")
    red = records.check(
        "fields.field[cases.notes]",
        outcome=Outcome.FAIL,
        seen=tally.seen,
        matched=0,
        totals=dict(tally.totals),
        classes=dict(tally.classes),
        findings=tally.findings,
    )
    folder = records.folder(tmp_path, [red], "FAIL", "ROLLBACK", [])
    Run(folder, tmp_path / "data").list_findings(red, tally.further)
    html = write(folder).read_text()
    keys = [f"key {number}" for number in range(FINDINGS_SHOWN + 30)]
    assert [row["key"] for row in lines(folder)] == keys
    assert [row["key"] for row in cells(folder)] == keys
    assert cells(folder)[-1]["check"] == "fields.field[cases.notes]"
    assert f"The full list of {len(keys)} findings" in html


def test_no_personal_text_reaches_the_lists(tmp_path: Path) -> None:
    tally = Tally()
    for number in range(FINDINGS_SHOWN + 5):
        tally.find(Kind.MISMATCHED, str(number), expected="Ann Example", actual="ann@example.org")
    red = result("fail", id="data.names")
    run = Run(records.folder(tmp_path, [red], "FAIL", "ROLLBACK", []), tmp_path)
    run.list_findings(red, tally.further)
    write(run.folder)
    for name in (CSV, JSON_LINES):
        assert "Ann" not in (run.folder / name).read_text()
        assert "example" not in (run.folder / name).read_text()
    assert lines(run.folder)[-1]["expected"] == tally.findings[0].expected


@pytest.mark.parametrize("text", ["=1+1", "+1", "-2", "@SUM(A1)", "=cmd|'/C calc'!A0", "\t=1", "\r=1"])
def test_no_cell_is_taken_for_a_formula(text: str, tmp_path: Path) -> None:
    assert cell(text).startswith(("'", "\\"))
    red = records.check(
        "fields.x",
        outcome=Outcome.FAIL,
        matched=417,
        totals={Kind.MISMATCHED: 1},
        classes={Class.INTRODUCED: 1},
        findings=[records.finding(1, key=text, field=text, expected=text, actual=text, table=text)],
    )
    folder = records.folder(tmp_path, [red], "FAIL", "ROLLBACK", [])
    write(folder)
    (row,) = cells(folder)
    assert all(not value.startswith(("=", "+", "-", "@", "\t", "\r")) for value in row.values())
    assert lines(folder)[0]["key"] == text


def test_absent_and_empty_are_told_apart_in_both(tmp_path: Path) -> None:
    folder = records.failed(tmp_path)
    write(folder)
    absent = [row for row in lines(folder) if row["expected"] is None]
    assert len(absent) == 1
    assert [row["expected"] for row in cells(folder) if row["actual"].startswith("<script>")] == ["absent"]
    assert "\\u202e" in (folder / CSV).read_text()


def test_a_torn_line_is_named_and_the_others_are_listed(tmp_path: Path) -> None:
    folder = records.failed(tmp_path)
    (red,) = [one for one in records.FAILING if one.id == "fields.field[cases.pwdWageAmount]"]
    run = Run(folder, tmp_path)
    run.list_findings(red, ['{"key": "whole"}', '{"key": "to'])
    html = write(folder).read_text()
    assert [row["key"] for row in lines(folder)].count("whole") == 1
    assert f"Line 2 of {Path(red.listing).name} can not be read." in html


def test_what_a_tally_lists_is_bounded_and_its_totals_are_exact() -> None:
    tally, other = Tally(), Tally()
    for one in (tally, other):
        for number in range(FINDINGS_LISTED // 2 + 100):
            one.find(Kind.MISSING, str(number))
    tally.join(other)
    assert len(tally.findings) == FINDINGS_SHOWN
    assert len(tally.further) == FINDINGS_LISTED
    assert tally.totals[Kind.MISSING] == FINDINGS_LISTED + 200


def test_names_of_lists_are_files_of_the_run_s_own_whatever_the_check_is_called() -> None:
    hostile = records.check("../../x/[é]", scope="../y\x00" + "z" * 400)
    assert hostile.listing.startswith("evidence/findings/data/.._.._x_")
    assert hostile.listing.count("/") == 3
    assert len(hostile.listing) < 160
    assert hostile.listing != records.check("../../x/[é]", scope="../y").listing


def test_a_list_is_evidence_an_edit_of_it_is_found_and_the_drawn_lists_are_drawn_again(
    tmp_path: Path,
) -> None:
    run = proven(tmp_path)
    red = result("fail", id="data.red", attempt=2)
    run.list_findings(red, ['{"key": "k"}'])
    run.append_result(red)
    write(run.folder)
    seal.close(run)
    assert audit.examine(run.folder).tampered == ()
    drawn = {name: (run.folder / name).read_bytes() for name in (CSV, JSON_LINES)}
    for name in drawn:
        (run.folder / name).unlink()
    write(run.folder)
    assert {name: (run.folder / name).read_bytes() for name in drawn} == drawn
    assert audit.examine(run.folder).tampered == ()
    (run.folder / red.listing).write_text('{"key": "other"}\n')
    (run.folder / CSV).write_text("nothing\n")
    assert {one.file for one in audit.examine(run.folder).tampered} == {red.listing, CSV}
    assert seal.is_evidence(red.listing)
    assert not seal.is_evidence(CSV)
