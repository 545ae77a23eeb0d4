"""The detail page of each of the canary's cases shows what the source holds, dates as computed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from e2e.expected import Expected, key_of
from e2e.journey import travel
from e2e.pages import CaseDetail, CaseList
from e2e.shown import compare
from e2e.watch import Watch
from fixtures.recorder import Recorder

pytestmark = pytest.mark.smoke


def test_every_field_of_every_case_is_shown(
    record: Recorder, signed_in: Page, watch: Watch, expected: Expected, evidence: Callable[[str], Path]
) -> None:
    title = "each case of the canary shows every displayed field as the source has it"
    with travel(record, watch, scope="cases", title=title) as journey:
        detail = CaseDetail(signed_in)
        for case in expected.live:
            detail.open(case["_id"])
            journey.sees(detail.sections.or_(detail.not_found), f"case {key_of(case)}")
            journey.equal(key_of(case), "found", "yes", "no" if detail.not_found.count() else "yes")
            if detail.not_found.count():
                continue
            # textContent as stored: inner_text would fold blanks and line ends.
            journey.equal(key_of(case), "title", case["employerName"], detail.title.text_content() or "")
            compare(journey, key_of(case), case, detail.read())
        signed_in.screenshot(path=evidence("case_detail"), full_page=True, animations="disabled")


def test_deleted_cases_are_not_shown(
    record: Recorder, signed_in: Page, watch: Watch, expected: Expected
) -> None:
    title = "the list holds the canary's living cases only, and a soft-deleted one is not found"
    with travel(record, watch, scope="cases", title=title) as journey:
        cases, detail = CaseList(signed_in), CaseDetail(signed_in)
        cases.open_all()
        journey.sees(cases.cards, "the list of cases")
        journey.equal("list", "cases", str(len(expected.live)), cases.number())
        for case in expected.deleted:
            detail.open(case["_id"])
            journey.sees(detail.not_found.or_(detail.actions), f"case {key_of(case)}")
            journey.equal(key_of(case), "shown", "no", "no" if detail.not_found.count() else "yes")
