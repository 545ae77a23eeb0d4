"""A run of 100,000 cases with 50,000 findings still is one small page, with exact totals and full lists."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import Playwright

from fixtures import portraits
from fixtures.large_run import build
from migration import verdict
from migration.model import Class, Kind, Outcome
from migration.run import Run
from reports.listing import CSV, JSON_LINES
from reports.pictures import ROOM
from reports.render import write
from reports.suites import FIRST
from tests.unit.reports import records

LARGEST, SLOWEST_MS = 3_000_000, 1_000
FINDINGS = 50_000


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, str]:
    """The run and its page."""
    folder = tmp_path_factory.mktemp("large") / "20260115T120000Z-1a2b"
    run = build(folder, cases=100_000, findings=FINDINGS)
    assert verdict.merge(run) == "FAIL"
    return run, write(folder).read_text()


def test_the_page_stays_below_three_megabytes_pictures_included(large: tuple[Run, str]) -> None:
    run, html = large
    assert len(html.encode()) < LARGEST
    assert html.count('src="data:image/png') == 2
    assert (run.folder / "report.html").stat().st_size == len(html.encode())


def test_totals_are_exact_and_samples_are_capped(large: tuple[Run, str]) -> None:
    _, html = large
    assert f"<dt>Introduced by us</dt><dd>{FINDINGS:,}</dd>" in html
    assert f"{FINDINGS:,} differences that the migration introduced" in html
    wrong = html[html.index('id="wrong"') : html.index('id="counts"')]
    assert wrong.count('<span class="tag fail">mismatched') == FIRST
    assert len(re.findall(r'<td class="key">', html)) < 1_500


def test_every_finding_is_in_both_lists(large: tuple[Run, str]) -> None:
    run, html = large
    with (run.folder / CSV).open(newline="", encoding="utf-8") as rows:
        classes = [row["class"] for row in csv.DictReader(rows)]
    assert classes.count("introduced") == FINDINGS
    with (run.folder / JSON_LINES).open("rb") as lines:
        assert sum(1 for _ in lines) == len(classes)
    assert f"The full list of {len(classes):,} findings" in html


def test_the_verdict_is_painted_within_a_second(large: tuple[Run, str], playwright: Playwright) -> None:
    run, _ = large
    with portraits.browser(playwright) as chromium:
        assert 0 < portraits.time_to_verdict(chromium, run.folder / "report.html") < SLOWEST_MS


def test_no_check_is_left_out(large: tuple[Run, str]) -> None:
    run, html = large
    ids = {result.id.replace(" ", "_") for result in run.results()}
    assert ids <= set(re.findall(r' id="([^"]+)"', html))


def test_there_is_room_for_every_check_to_be_red_and_wordy_beside_all_pictures(tmp_path: Path) -> None:
    wordy = "text[42] #12345678 " * 6
    red = [
        records.check(
            f"suite{number % 28}.check[{number:03}]",
            title="what this check asks " * 14,
            outcome=Outcome.FAIL,
            matched=0,
            error="x" * 300,
            totals={Kind.MISMATCHED: 418},
            classes={Class.INTRODUCED: 418},
            findings=[records.finding(1, rule=wordy, expected=wordy, actual=wordy) for _ in range(20)],
        )
        for number in range(720)
    ]
    page = write(records.folder(tmp_path, red, "FAIL", "ROLLBACK", ["a reason " * 20] * 700))
    assert page.stat().st_size + ROOM * 4 / 3 < LARGEST
