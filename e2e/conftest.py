"""Wiring of the browser suites: browser, sign-in once, traces of what went red. Judges nothing itself.

The plugin's fixtures browser, context and page are left alone: whoever asks for one of them gets a browser's
name into the id of the check.

settings     the run's environment, with the canary's credentials
expected     what the canary's pages must show
signed_in    a page where the canary is signed in; its trace is kept in the data folder if the test goes red
watch        the complaints of that page's browser
fresh        a page where nobody is signed in, never traced, with its own watch
evidence     a function: name -> where a screenshot goes
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, StorageState, expect

from e2e.expected import Expected, read
from e2e.leftovers import remove_leftovers
from e2e.pages import Dashboard, LoginPage
from e2e.watch import Watch
from fixtures.provision import browser_executable
from fixtures.recorder import in_public
from migration import config
from migration.config import Settings
from migration.errors import RunIncomplete
from migration.model import Phase
from migration.run import Run

PATIENCE_MS = 15_000
LAST_ACTIVITY = "perm-tracker-last-activity"  # v2 signs out whoever left this behind 15 minutes ago
WENT_RED = pytest.StashKey[bool]()

expect.set_options(timeout=PATIENCE_MS)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    report = yield
    item.stash[WENT_RED] = item.stash.get(WENT_RED, False) or call.excinfo is not None
    return report


@pytest.fixture(scope="session")
def settings() -> Settings:
    return config.load()


@pytest.fixture(scope="session")
def base_url(settings: Settings) -> str:
    if public := in_public():
        return public.rstrip("/")
    if not settings.app_url:
        raise RunIncomplete("The site's address is not configured.", next_step="Set CUTOVER_APP_URL.")
    return settings.app_url.rstrip("/")


@pytest.fixture(scope="session")
def canary(settings: Settings) -> tuple[str, str]:
    if not settings.canary_email or not settings.canary_password:
        raise RunIncomplete(
            "The canary's e-mail and password are not configured.",
            next_step="Set CUTOVER_CANARY_EMAIL and CUTOVER_CANARY_PASSWORD.",
        )
    return settings.canary_email, settings.canary_password.get_secret_value()


@pytest.fixture(scope="session")
def expected(run: Run) -> Expected:
    return read(run)


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    started = playwright.chromium.launch(executable_path=browser_executable())
    yield started
    started.close()


@pytest.fixture(scope="session")
def context_options(base_url: str) -> dict[str, Any]:
    """The same world for every context: UTC, no service worker, no animation."""
    return {
        "base_url": base_url,
        "timezone_id": "UTC",
        "locale": "en-US",
        "viewport": {"width": 1280, "height": 900},
        "service_workers": "block",
        "reduced_motion": "reduce",
        "accept_downloads": True,
    }


@pytest.fixture(scope="session")
def storage_state(
    chromium: Browser, context_options: dict[str, Any], canary: tuple[str, str]
) -> StorageState:
    """The canary's session, made once; what an interrupted smoke run left behind is removed on the way."""
    context = chromium.new_context(**context_options)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    login = LoginPage(page)
    login.open()
    login.sign_in(*canary)
    Dashboard(page).greeting.wait_for()
    remove_leftovers(page)
    state = context.storage_state()
    context.close()
    for origin in state.get("origins", []):
        kept = [entry for entry in origin["localStorage"] if entry["name"] != LAST_ACTIVITY]
        origin["localStorage"] = kept
    return state


@pytest.fixture
def canary_context(
    chromium: Browser,
    context_options: dict[str, Any],
    storage_state: StorageState,
    request: pytest.FixtureRequest,
    run: Run,
) -> Iterator[BrowserContext]:
    opened = chromium.new_context(**context_options, storage_state=storage_state)
    opened.set_default_timeout(PATIENCE_MS)
    opened.tracing.start(screenshots=True, snapshots=True)
    yield opened
    if request.node.stash.get(WENT_RED, False):
        folder = run.data / "traces"
        folder.mkdir(mode=0o700, exist_ok=True)
        opened.tracing.stop(path=folder / f"{request.node.name}.zip")
    else:
        opened.tracing.stop()
    opened.close()


@pytest.fixture
def watch(canary_context: BrowserContext, base_url: str, settings: Settings) -> Watch:
    return Watch.on(canary_context, base_url, settings.target.url)


@pytest.fixture
def signed_in(canary_context: BrowserContext, watch: Watch) -> Page:
    assert watch.taken() == []  # it listens before the first page is opened
    return canary_context.new_page()


@pytest.fixture
def fresh(
    chromium: Browser, context_options: dict[str, Any], base_url: str, settings: Settings
) -> Iterator[tuple[Page, Watch]]:
    context = chromium.new_context(**context_options)
    context.set_default_timeout(PATIENCE_MS)
    watch = Watch.on(context, base_url, settings.target.url)
    yield context.new_page(), watch
    context.close()


@pytest.fixture
def evidence(run: Run) -> Callable[[str], Path]:
    of_phase = f"{Phase.CUTOVER}_" if in_public() else ""
    return lambda name: run.folder / "evidence" / f"{of_phase}{name}.png"
