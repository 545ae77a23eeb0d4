"""The pages of the stand-in where the browser suites do not go: terms, broken rules, signing out ..."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, expect

from e2e.pages import CaseDetail, CaseForm, Dashboard, LoginPage
from fixtures import canary
from fixtures.provision import browser_executable
from tests.unit.app.stage import PASSWORD, Stage


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Any]:
    browser = playwright.chromium.launch(executable_path=browser_executable())
    yield browser
    browser.close()


@pytest.fixture
def visit(chromium: Any, stage: Stage) -> Iterator[BrowserContext]:
    context = chromium.new_context(base_url=stage.app_url, timezone_id="America/Los_Angeles")
    yield context
    context.close()


def signed_in(visit: BrowserContext, stage: Stage, **changes: dict[str, Any]) -> Page:
    """A page on the dashboard, after the documents were put back and `changes` made to the canary's own."""
    stage.fill(**changes)
    stage.soiled = True
    page = visit.new_page()
    login = LoginPage(page)
    login.open()
    login.sign_in(canary.CANARY_EMAIL, PASSWORD)
    Dashboard(page).greeting.wait_for()
    return page


def test_whoever_has_not_accepted_the_terms_is_asked_once(visit: BrowserContext, stage: Stage) -> None:
    page = signed_in(visit, stage, userProfiles={"termsAcceptedAt": None})
    accept = page.get_by_role("button", name="ACCEPT & CONTINUE")
    expect(accept).to_be_disabled()
    page.locator("#terms-modal").check()
    accept.click()
    expect(page.locator("#terms-modal")).to_have_count(0)
    page.reload()
    Dashboard(page).greeting.wait_for()
    expect(page.locator("#terms-modal")).to_have_count(0)


def test_an_edit_of_one_field_changes_that_field_alone(visit: BrowserContext, stage: Stage) -> None:
    page, case = signed_in(visit, stage), stage.cases[0]
    before = stage.query("cases:get", {"id": case["_id"]})
    edit = CaseForm(page)
    edit.open_edit(case["_id"])
    edit.fill("caseNumber", "A-2")
    edit.save()
    page.wait_for_url(re.compile(rf"/cases/{case['_id']}$"))
    after = stage.query("cases:get", {"id": case["_id"]})
    changed = {key for key in {*before, *after} if before.get(key) != after.get(key)}
    assert changed == {"caseNumber", "updatedAt"}


def test_a_broken_rule_is_shown_and_nothing_is_stored(visit: BrowserContext, stage: Stage) -> None:
    page, case = signed_in(visit, stage), stage.cases[0]
    edit = CaseForm(page)
    edit.open_edit(case["_id"])
    edit.fill("sundayAdFirstDate", "2023-06-12")
    edit.save()
    problems = page.get_by_role("alert").filter(has_text="1 Validation Error")
    expect(problems).to_contain_text("[V-REC-01] sunday_ad_first_date: First ad must run on a Sunday")
    expect(problems.locator("li")).to_have_text(re.compile("on a Sunday$"))  # and no stack trace
    assert stage.query("cases:get", {"id": case["_id"]})["sundayAdFirstDate"] == "2023-06-11"


def test_a_typed_date_fills_the_date_that_follows_from_it(visit: BrowserContext, stage: Stage) -> None:
    page = signed_in(visit, stage)
    form = CaseForm(page)
    form.open_new()
    form.fill("pwdDeterminationDate", "2025-04-02")
    expect(page.locator("#pwdExpirationDate")).to_have_value("2025-07-01")


def test_dates_do_not_move_with_the_time_zone_of_the_browser(visit: BrowserContext, stage: Stage) -> None:
    page = signed_in(visit, stage)
    detail = CaseDetail(page)
    detail.open(stage.cases[0]["_id"])
    expect(page.get_by_text("Jan 5, 2023")).to_be_visible()


def test_after_signing_out_every_page_leads_to_the_sign_in(visit: BrowserContext, stage: Stage) -> None:
    page = signed_in(visit, stage)
    page.get_by_role("button", name="Sign Out").click()
    page.wait_for_url(re.compile("/login$"))
    page.goto("/cases")
    page.wait_for_url(re.compile("/login$"))


@pytest.mark.parametrize("address", ["/cases/nonsense", "/cases/nonsense/edit"])
def test_an_address_of_no_case_says_so(visit: BrowserContext, stage: Stage, address: str) -> None:
    page = signed_in(visit, stage)
    page.goto(address)
    expect(page.get_by_role("heading", name=re.compile("case not found", re.IGNORECASE))).to_be_visible()
