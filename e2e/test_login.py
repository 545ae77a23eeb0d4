"""Signing in as the canary: it works, a wrong password does not, and nobody gets in without."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Response

from e2e.journey import travel
from e2e.pages import Dashboard, LoginPage
from e2e.watch import Watch
from fixtures.recorder import Recorder

pytestmark = pytest.mark.smoke

LOGIN = re.compile(r"/login([?#].*)?$")
SIGN_IN = re.compile(r"/api/(action|auth)$")
WRONG = "not the canary's password"


def test_the_canary_signs_in(
    record: Recorder, fresh: tuple[Page, Watch], canary: tuple[str, str], evidence: Callable[[str], Path]
) -> None:
    page, watch = fresh
    with travel(
        record, watch, scope="sign-in", title="the canary signs in and lands on the dashboard"
    ) as journey:
        login, dashboard = LoginPage(page), Dashboard(page)
        login.open()
        journey.sees(login.submit, "the sign-in form")
        page.screenshot(path=evidence("sign_in"), animations="disabled")
        login.sign_in(*canary)
        journey.sees(dashboard.greeting, "the dashboard")
        journey.sees(dashboard.counts, "the dashboard's counts")
        ready = dashboard.terms.count() == 0
        journey.holds("canary", "terms", ready, "the canary's profile has accepted the terms")


def test_a_wrong_password_is_refused(
    record: Recorder, fresh: tuple[Page, Watch], canary: tuple[str, str]
) -> None:
    page, watch = fresh
    # Refusing is asked for here: neither the site's own line nor the answer's status is a complaint.
    watch.tolerate("[Login Error]", "/api/action", "/api/auth")
    answers: list[Response] = []
    page.on("response", lambda it: answers.append(it) if SIGN_IN.search(it.url) else None)
    with travel(record, watch, scope="sign-in", title="a wrong password is refused") as journey:
        login = LoginPage(page)
        login.open()
        journey.sees(login.submit, "the sign-in form")
        login.sign_in(canary[0], WRONG)
        journey.sees(login.refusal, "the refusal")
        # The site words a deployment that can not be reached like a wrong password.
        journey.holds("canary", "answer", bool(answers), "the deployment answered")
        journey.holds("canary", "address", bool(LOGIN.search(page.url)), "the page stays on /login")


@pytest.mark.parametrize("route", ["/dashboard", "/cases", "/cases/new"])
def test_a_page_needs_a_session(record: Recorder, fresh: tuple[Page, Watch], route: str) -> None:
    page, watch = fresh
    with travel(record, watch, scope=route, title=f"{route} leads to /login without a session") as journey:
        page.goto(route)
        journey.arrives(page, LOGIN, "/login")
        journey.sees(LoginPage(page).submit, "the sign-in form")
