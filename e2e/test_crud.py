"""Create, edit, delete: a case of our own, stored as typed, changed only where edited, gone when deleted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from e2e.journey import Journey, travel
from e2e.leftovers import PREFIX, employer_name
from e2e.pages import CASE_ADDRESS, CaseDetail, CaseForm, CaseList
from e2e.shown import Sections, compare, values_of
from e2e.watch import Watch
from fixtures.recorder import Recorder

pytestmark = pytest.mark.smoke

# A filed PWD: the server's rules give it the status pwd / filed.
TYPED = {
    "positionTitle": "Smoke Tester",
    "beneficiaryIdentifier": "SMOKE-1",
    "caseNumber": "S-100",
    "pwdFilingDate": "2025-03-03",
    "pwdCaseNumber": "P-100-25062-000001",
}
EDITED = {"caseNumber": "S-200"}
STORED_AS = {"caseStatus": "pwd", "progressStatus": "filed", "recruitmentApplicantsCount": 0}


def test_a_case_is_created_edited_and_deleted(
    record: Recorder, signed_in: Page, watch: Watch, evidence: Callable[[str], Path]
) -> None:
    typed = {"employerName": employer_name(record.run.id), **TYPED}
    title = "a case can be created, read again, edited in one field, and deleted"
    with travel(record, watch, scope="cases", title=title) as journey:
        case_id = _create(journey, signed_in, typed)
        before = _reload(journey, signed_in, case_id)
        compare(journey, "create", {**STORED_AS, **typed}, before)
        _edit(journey, signed_in, case_id)
        after = _reload(journey, signed_in, case_id)
        signed_in.screenshot(path=evidence("edited_case"), animations="disabled")
        _only_changed(journey, values_of(before), values_of(after))
        _delete(journey, signed_in, case_id)


def _create(journey: Journey, page: Page, typed: dict[str, str]) -> str:
    form = CaseForm(page)
    form.open_new()
    journey.sees(form.save_button, "the form of a new case")
    for field, value in typed.items():
        form.fill(field, value)
    form.switch_off("calendarSync")
    form.save()
    journey.arrives(page, CASE_ADDRESS, "the new case")
    found = CASE_ADDRESS.search(page.url)
    assert found is not None  # the address was just matched
    return found.group(1)


def _reload(journey: Journey, page: Page, case_id: str) -> Sections:
    """What is stored: read from a page that was loaded anew."""
    detail = CaseDetail(page)
    detail.open(case_id)
    journey.sees(detail.sections, "the case, loaded anew")
    return detail.read()


def _edit(journey: Journey, page: Page, case_id: str) -> None:
    form = CaseForm(page)
    form.open_edit(case_id)
    journey.sees(form.save_button, "the form of the case")
    for field, value in EDITED.items():
        form.fill(field, value)
    form.save()
    journey.arrives(page, CASE_ADDRESS, "the edited case")
    journey.sees(CaseDetail(page).sections, "the edited case")


def _only_changed(journey: Journey, before: dict[str, str], after: dict[str, str]) -> None:
    for field, value in {**before, **EDITED}.items():
        journey.equal("edit", field, value, after[field])


def _delete(journey: Journey, page: Page, case_id: str) -> None:
    cases, detail = CaseList(page), CaseDetail(page)
    detail.delete()
    journey.sees(cases.heading, "the list after deletion")
    detail.open(case_id)
    journey.sees(detail.not_found, "that the case is gone")
    cases.open_all(search=PREFIX)
    journey.sees(cases.cards.or_(cases.empty), "the list of our cases")
    journey.equal("delete", "cases of ours in the list", "0", str(cases.cards.count()))
