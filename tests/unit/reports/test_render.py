"""The report is one safe file that says first what came out, whatever the run left behind."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest

from reports.render import write
from reports.text import visible
from tests.unit.reports import records

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


class Outline(HTMLParser):
    """Collects what a browser would load and what it would show in headings."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        given = dict(attrs)
        self.ids += [given["id"] or ""] if "id" in given else []
        self.loads += [given[name] or "" for name in ("src", "href", "action") if name in given]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def outline(folder: Path) -> Outline:
    """The rendered report of `folder`, parsed."""
    parser = Outline()
    parser.feed(write(folder).read_text())
    return parser


def test_passing_run_says_pass_and_that_it_was_a_rehearsal(tmp_path: Path) -> None:
    html = write(records.passed(tmp_path)).read_text()
    assert re.search(r"<h1[^>]*>.*PASS</h1>", html)
    assert "It says nothing about production." in html
    assert "<title>PASS · HOLD" in html
    assert "Nothing was found that the migration introduced" in html


def test_failing_run_shows_each_finding_with_key_field_expected_and_actual(tmp_path: Path) -> None:
    html = write(records.failed(tmp_path)).read_text()
    row = html[html.index('id="wrong"') :][:2500]
    for text in ("mismatched", "cases", "pwdWageAmount", "85000.0", "85000.01", "fields.field"):
        assert text in row
    assert "sample.profiles" in html


def test_red_suites_come_first_and_stand_open(tmp_path: Path) -> None:
    html = write(records.failed(tmp_path)).read_text()
    opened = re.findall(
        r"<details( open)?>\s*<summary><span class=\"tag (\w+)\">\w+</span>\s*<strong>(\w+)", html
    )
    assert [(bool(state), kind) for state, kind, _ in opened[:3]] == [
        (True, "fail"),
        (True, "unknown"),
        (False, "pass"),
    ]


def test_report_loads_nothing_from_outside_and_allows_no_script_but_its_own(tmp_path: Path) -> None:
    folder = records.failed(tmp_path)
    (folder / "evidence" / "dashboard.png").write_bytes(PIXEL)
    page = outline(folder)
    beside = {link for link in page.loads if not link.startswith(("#", "data:image/"))}
    assert beside == {"findings.csv", "findings.jsonl"}
    assert all((folder / name).exists() for name in beside)
    assert any(link.startswith("data:image/png") for link in page.loads)
    assert not page.tags & {"iframe", "object", "link"}
    html = (folder / "report.html").read_text()
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    assert policy.startswith("default-src 'none'; img-src data:;")
    for tag, kind in (("style", "style-src"), ("script", "script-src")):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        digest = b64encode(sha256(text.encode()).digest()).decode()
        assert f"{kind} 'sha256-{digest}'" in policy
    assert 'style="' not in html


def test_hostile_text_is_shown_and_never_executed(tmp_path: Path) -> None:
    folder = records.failed(tmp_path)
    html = write(folder).read_text()
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt;\\u202e|`*\\u0007" in html
    summary = (folder / "summary.md").read_text()
    assert "<script>alert" not in summary
    assert "\\|\\`\\*" in summary


def test_every_link_inside_the_page_leads_somewhere_and_no_id_is_given_twice(tmp_path: Path) -> None:
    page = outline(records.failed(tmp_path))
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.loads if link.startswith("#")} <= set(page.ids)


def test_same_records_give_the_same_bytes(tmp_path: Path) -> None:
    folder = records.failed(tmp_path)
    first = (write(folder).read_bytes(), (folder / "summary.md").read_bytes())
    assert (write(folder).read_bytes(), (folder / "summary.md").read_bytes()) == first


def test_empty_folder_is_reported_as_unknown_with_what_is_absent(tmp_path: Path) -> None:
    html = write(tmp_path).read_text()
    assert re.search(r"<h1[^>]*>.*UNKNOWN</h1>", html)
    assert "manifest.json is absent." in html
    assert "Nothing was checked, so nothing is proven." in html


@pytest.mark.parametrize(
    "name", ["manifest.json", "verdict.json", "decision.json", "ledger.jsonl", "results.jsonl"]
)
def test_record_cut_short_is_named_and_does_not_stop_the_report(tmp_path: Path, name: str) -> None:
    folder = records.passed(tmp_path)
    whole = (folder / name).read_text()
    (folder / name).write_text(whole[: len(whole) // 2])
    html = write(folder).read_text()
    assert re.search(rf"<li>(Line \d+ of )?{re.escape(name)} can not be read", html)
    assert "UNKNOWN" in html or name != "verdict.json"


def test_green_verdict_above_red_results_is_called_a_contradiction(tmp_path: Path) -> None:
    folder = records.folder(tmp_path, records.FAILING, "PASS", "GO", [])
    assert (
        "verdict.json says PASS, but fields.field[cases.pwdWageAmount] did not pass"
        in write(folder).read_text()
    )


def test_inherited_and_declared_differences_stand_apart_with_their_rule(tmp_path: Path) -> None:
    html = write(records.passed(tmp_path)).read_text()
    known = html[html.index('id="known"') :]
    assert "stored date kept" in known
    assert "autoDeadlineEnforcementEnabled is false" in known
    assert "users.google_refresh_token" in known


def test_step_that_never_ended_is_marked_in_the_timeline(tmp_path: Path) -> None:
    html = write(records.passed(tmp_path)).read_text()
    assert re.search(r'load <span class="tag unknown">unfinished', html)


def test_long_text_is_cut_and_its_length_told() -> None:
    assert visible("x" * 1000) == "x" * 400 + "... (1,000 characters)"


def test_lone_surrogate_in_a_record_can_still_be_written(tmp_path: Path) -> None:
    reasons = ["half a \ud83d pair"]
    html = write(records.folder(tmp_path, records.PASSING, "PASS", "HOLD", reasons)).read_text()
    assert "half a \\ud83d pair" in html


def test_check_that_turned_green_by_itself_is_shown_as_not_proven(tmp_path: Path) -> None:
    folder = records.passed(tmp_path)
    results = [result.model_dump(mode="json", by_alias=True) for result in records.PASSING]
    why = "red, then green without a load or rollback between"
    standing = {"sample.cases": {"verdict": "UNKNOWN", "reason": why}}
    records.write(folder / "results.json", {"results": results, "standing": standing, "missing": {}})
    html = write(folder).read_text()
    assert f"<code>sample.cases</code>: {why}" in html
    assert re.search(
        r"<details open>\s*<summary><span class=\"tag unknown\">unknown</span>\s*<strong>sample", html
    )


def test_merged_counts_are_shown_where_the_verdict_has_them(tmp_path: Path) -> None:
    folder = records.passed(tmp_path)
    stats = {"checks": 70, "passed": 68, "failed": 0, "unknown": 2, "seen": 900, "matched": 899}
    records.write(
        folder / "verdict.json", {"verdict": "UNKNOWN", "by_phase": {}, "reasons": [], "stats": stats}
    )
    assert "Not proven: 2 of 70 checks could not be judged" in write(folder).read_text()


def test_counts_show_how_many_each_side_has(tmp_path: Path) -> None:
    html = write(records.folder(tmp_path, [records.SHORT], "FAIL", "ROLLBACK", [])).read_text()
    row = html[html.index("Documents by table") :]
    assert re.findall(r'<td class="num">(\d+)</td>', row)[:2] == ["417", "416"]
    assert '<strong class="tag fail">-1</strong>' in row


def test_run_that_stopped_says_why_as_its_first_reason(tmp_path: Path) -> None:
    folder = records.folder(tmp_path, [], "UNKNOWN", "HOLD", ["phase data was not judged"])
    records.write(folder / "manifest.json", {**records.MANIFEST, "stopped": "The source is empty."})
    html = write(folder).read_text()
    assert re.findall(r"<li>(.*?)</li>", html)[0] == "The run stopped: The source is empty."
    assert "<li>phase data was not judged</li>" in html
