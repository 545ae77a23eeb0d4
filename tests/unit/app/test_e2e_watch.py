"""What a browser complains of is heard, and what is none of our concern is not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright

from e2e.watch import Watch
from fixtures.provision import browser_executable
from tests.unit.app.stage import Stage


@pytest.fixture(scope="module")
def context_of_ours(playwright: Playwright) -> Iterator[BrowserContext]:
    browser = playwright.chromium.launch(executable_path=browser_executable())
    yield browser.new_context(service_workers="block")
    browser.close()


@pytest.fixture
def watched(context_of_ours: BrowserContext, stage: Stage) -> Iterator[tuple[Page, Watch]]:
    page = context_of_ours.new_page()
    watch = Watch.on(context_of_ours, stage.app_url, stage.url)
    page.goto(f"{stage.app_url}/login")
    yield page, watch
    page.close()


def heard(watch: Watch) -> list[tuple[str, str]]:
    return [(complaint.kind, complaint.text) for complaint in watch.taken()]


def test_an_error_in_the_console_is_a_complaint(watched: tuple[Page, Watch]) -> None:
    page, watch = watched
    page.evaluate("console.error('Failed to fetch cases')")
    assert heard(watch) == [("console error", "Failed to fetch cases")]
    assert heard(watch) == []


@pytest.mark.parametrize(
    "line", ["console.error('[PWA] installed')", "console.log('x')", "console.warn('x')"]
)
def test_known_lines_and_mere_talk_are_none(watched: tuple[Page, Watch], line: str) -> None:
    page, watch = watched
    page.evaluate(line)
    assert heard(watch) == []


def test_an_allowed_line_must_begin_with_what_is_allowed(watched: tuple[Page, Watch]) -> None:
    page, watch = watched
    page.evaluate("console.error('x [PWA] installed')")
    assert heard(watch) == [("console error", "x [PWA] installed")]


def test_an_uncaught_error_is_a_complaint(watched: tuple[Page, Watch]) -> None:
    page, watch = watched
    with page.expect_event("pageerror"):
        page.evaluate("setTimeout(() => { throw new Error('broken') })")
    assert heard(watch) == [("uncaught error", "broken")]


def test_a_failed_request_to_the_site_is_a_complaint_without_its_query(
    watched: tuple[Page, Watch], stage: Stage
) -> None:
    page, watch = watched
    page.evaluate("fetch('/missing.js?token=secret').then((it) => it.text())")
    host = stage.app_url.removeprefix("http://")
    assert heard(watch) == [("failed request", f"404 {host}/missing.js")]


def test_a_failed_request_to_a_third_party_is_none(watched: tuple[Page, Watch]) -> None:
    page, watch = watched
    page.evaluate("fetch('http://127.0.0.1:9/x').catch(() => 0)")
    assert heard(watch) == []
