"""The site that is served talks to the deployment that was migrated, and to no other."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request, Response, WebSocket

from e2e.journey import travel
from e2e.pages import Dashboard, LoginPage
from e2e.watch import Watch
from fixtures.recorder import Recorder
from migration.config import Settings

pytestmark = pytest.mark.smoke

CALL = re.compile(r"/api/(query|mutation|action)$|/api/[^/]+/sync$")


def test_the_shipped_bundle_names_the_target(
    record: Recorder, fresh: tuple[Page, Watch], settings: Settings
) -> None:
    page, watch = fresh
    scripts: list[Response] = []
    page.on("response", lambda it: scripts.append(it) if it.request.resource_type == "script" else None)
    title = "the deployment's URL is in the scripts that the site ships"
    with travel(record, watch, scope="bundle", title=title) as journey:
        LoginPage(page).open()
        journey.sees(LoginPage(page).submit, "the sign-in form")
        url = settings.target.url.rstrip("/")
        found = any(url in script.text() for script in scripts)
        journey.holds("bundle", "deployment URL", found, "the target's URL in a script")


def test_every_call_goes_to_the_target(
    record: Recorder, signed_in: Page, watch: Watch, settings: Settings, base_url: str
) -> None:
    called: set[str] = set()

    def note(seen: Request | WebSocket) -> None:
        parts = urlsplit(seen.url)
        if CALL.search(parts.path):
            called.add(parts.netloc)

    signed_in.on("request", note)
    signed_in.on("websocket", note)
    title = "the signed-in site calls the target and no other deployment"
    with travel(record, watch, scope="bundle", title=title) as journey:
        Dashboard(signed_in).open()
        journey.sees(Dashboard(signed_in).counts, "the dashboard's counts")
        target = urlsplit(settings.target.url).netloc
        journey.holds("calls", target, target in called, "at least one call")
        for other in called - {target, urlsplit(base_url).netloc}:
            journey.unexpected("calls", other, "a call to another deployment")
