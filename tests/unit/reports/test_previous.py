"""The page knows the run before it on the same pair, and says when both agree exactly."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from reports.previous import NAME, note, previous
from reports.render import write
from tests.unit.reports import records
from tests.unit.reports.test_explain import change


def later(first: Path, name: str = "20260116T120000Z-cd34") -> Path:
    """A run of the day after with the same records."""
    folder = first.parent / name
    shutil.copytree(first, folder)
    return folder


def test_two_that_agree_exactly_are_shown_as_such(tmp_path: Path) -> None:
    first = records.passed(tmp_path)
    second = later(first)
    note(second)
    html = write(second).read_text()
    assert f"and run <code>{first.name}</code> agree exactly" in html
    assert note(first) is None
    assert 'id="previous"' not in write(first).read_text()


def test_another_count_is_shown_with_both_numbers(tmp_path: Path) -> None:
    first = records.passed(tmp_path)
    second = later(first)
    change(second, "manifest.json", "transform", "accounting", "cases", "rows", to=417)
    note(second)
    html = write(second).read_text()
    assert "they differ" in html
    section = html[html.index('id="previous"') :]
    assert "cases rows" in section
    assert ">418</td>" in section
    assert ">417</td>" in section


def test_another_pair_is_never_compared(tmp_path: Path) -> None:
    first = records.passed(tmp_path)
    change(first, "manifest.json", "environment", to="test")
    change(first, "manifest.json", "target", "identity", to="one")
    second = later(first)
    assert note(second) is not None
    change(second, "manifest.json", "target", "identity", to="another")
    assert note(second) is None
    assert not (second / NAME).exists()


def test_the_latest_one_that_was_judged_is_taken(tmp_path: Path) -> None:
    first = records.passed(tmp_path)
    middle, third = later(first), later(first, "20260117T120000Z-ef56")
    broken = later(first, "20260116T180000Z-0000")
    (broken / "results.jsonl").unlink()
    note(third)
    assert json.loads((third / NAME).read_text())["run_id"] == middle.name


def test_the_page_is_drawn_again_where_the_earlier_run_is_not(tmp_path: Path) -> None:
    second = later(records.passed(tmp_path))
    note(second)
    page = write(second).read_bytes()
    alone = tmp_path / "elsewhere" / second.name
    shutil.copytree(second, alone)
    (alone / "report.html").unlink()
    assert write(alone).read_bytes() == page


def test_only_counts_of_the_whole_sample_pass_for_agreement() -> None:
    def told(count: int, *what: str) -> bool:
        found = previous(
            {"run_id": "x", "totals": {"count": count, "first": [[one, "1", "2"] for one in what]}}
        )
        assert found is not None
        return found.but_for_the_sample

    assert told(1, "sample.fields fields seen")
    assert not told(2, "sample.fields fields seen", "counts.documents[cases] seen")
    assert not told(60, "sample.fields fields seen")
    changed = previous({"run_id": "x", "checks": {"count": 1, "first": [["sample.fields", "pass", "fail"]]}})
    assert changed is not None
    assert not changed.but_for_the_sample


def test_a_damaged_note_claims_no_agreement() -> None:
    assert previous({}) is None
    torn = previous({"run_id": "x", "agree": True, "counts": {"count": 3, "first": "torn"}})
    assert torn is not None
    assert not torn.agree
