"""The smoke run's own cases: how they are named, and how those of an interrupted run are removed."""

from __future__ import annotations

from playwright.sync_api import Page

from e2e.pages import CaseDetail, CaseList

PREFIX = "Cutover smoke"


def employer_name(run_id: str) -> str:
    """A name that no real employer has, and that tells the run."""
    return f"{PREFIX} {run_id}"


def remove_leftovers(page: Page) -> None:
    """Delete every case whose employer's name begins with ours. Needs the canary signed in."""
    cases = CaseList(page)
    while True:
        cases.open_all(search=PREFIX)
        cases.cards.or_(cases.empty).first.wait_for()
        ours = cases.cards.filter(has_text=PREFIX)
        if ours.count() == 0:
            return
        ours.first.get_by_text("View", exact=True).click()
        detail = CaseDetail(page)
        detail.actions.wait_for()
        detail.delete()
        cases.heading.wait_for()
