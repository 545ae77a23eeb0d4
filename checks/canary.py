"""`python -m checks.canary`: what the canary must see in the browser, worked out from the source.

Writes `expected_canary.json` into the run's data folder, before the smoke phase. The browser suites compare
pages with it and compute nothing.
"""

from __future__ import annotations

import sys
from typing import Any

import orjson

from checks.oracle.dashboard import tiles
from checks.oracle.rules import fold
from checks.process import concluded
from checks.world import World
from migration.config import Settings, load
from migration.errors import RunIncomplete
from migration.run import Run

NAME = "expected_canary.json"


def expected_canary(run: Run, settings: Settings) -> dict[str, Any]:
    """The canary's case documents as the target must hold them, and its dashboard's counts."""
    wanted = fold(settings.canary_email)
    with World.of(run, settings) as world:
        person = next((each for each in world.people.carried() if wanted and each.email == wanted), None)
        if person is None:
            raise RunIncomplete(
                "The canary is not among the source's users.",
                next_step="Plant it (pair.seed) or set CUTOVER_CANARY_EMAIL to one that is.",
            )
        cases = [
            expected.document
            for expected in world.expected_cases()
            if expected.document["legacyUserId"] == person.key
        ]
        own = {case["_id"] for case in cases}
        cases += [
            case
            for case in world.before.documents("cases")
            if case["userId"] == person.user_id and case["_id"] not in own
        ]
    return {"email": person.email, "cases": cases, "summary": tiles(cases), "convex_url": settings.target.url}


def write() -> None:
    """Writes the file."""
    run = Run.from_environment()
    expected = expected_canary(run, load(run.settings_environment()))
    path = run.data / NAME
    path.touch(mode=0o600)
    path.write_bytes(orjson.dumps(expected, option=orjson.OPT_INDENT_2))


if __name__ == "__main__":
    sys.exit(concluded(write))
