"""The dashboard's numbers are those of the canary's cases in the source."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from e2e.expected import Expected
from e2e.journey import travel
from e2e.pages import Dashboard
from e2e.watch import Watch
from fixtures.recorder import Recorder

pytestmark = pytest.mark.smoke

TILES = ("pwd", "recruitment", "eta9089", "i140", "complete", "closed")


def test_the_counts_are_those_of_the_source(
    record: Recorder, signed_in: Page, watch: Watch, expected: Expected, evidence: Callable[[str], Path]
) -> None:
    title = "every tile and the total show the canary's counts"
    with travel(record, watch, scope="dashboard", title=title) as journey:
        dashboard = Dashboard(signed_in)
        dashboard.open()
        # A signed-out query answers zeros, so a number is read only beside a greeting.
        journey.sees(dashboard.greeting, "the greeting")
        journey.sees(dashboard.counts, "the counts")
        signed_in.screenshot(path=evidence("dashboard"), full_page=True, animations="disabled")
        for tile in TILES:
            journey.equal("dashboard", tile, str(expected.summary[tile]), dashboard.count(tile))
        duplicates = expected.summary["duplicates"]  # v2 shows this tile only when there are some
        shown = str(duplicates) if duplicates else "no tile"
        journey.equal("dashboard", "duplicates", shown, dashboard.count("duplicates"))
        journey.equal("dashboard", "total", str(expected.summary["total"]), dashboard.total())
