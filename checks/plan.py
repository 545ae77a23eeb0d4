"""`python -m checks.plan`: what would be checked, without a run and without touching either side.

Collects the suites as pytest does and prints, per phase and suite, how many checks there are, then each id.
"""

from __future__ import annotations

import contextlib
import io
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from fixtures.recorder import check_id, phase_of, suite_of
from migration.model import Phase

ROOT = Path(__file__).resolve().parents[1]
Planned = dict[Phase, dict[str, list[str]]]


class _Collected:
    """Takes the items as they are collected."""

    def __init__(self) -> None:
        self.plan: Planned = defaultdict(lambda: defaultdict(list))

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            if phase := phase_of(item):
                suite = suite_of(item.nodeid.partition("::")[0])
                self.plan[phase][suite].append(check_id(item.nodeid))


def plan(room: str = "checks") -> Planned:
    """Every check of a room, by phase and suite."""
    collected = _Collected()
    with contextlib.redirect_stdout(io.StringIO()):
        code = pytest.main(
            [
                "-c",
                str(ROOT / "pyproject.toml"),
                "--rootdir",
                str(ROOT),
                "--collect-only",
                "-q",
                str(ROOT / room),
            ],
            plugins=[collected],
        )
    if code != pytest.ExitCode.OK:
        raise SystemExit(f"The checks can not be collected (pytest ended with {code}).")
    return collected.plan


def main() -> int:
    """Prints the plan; `-v` also names every check."""
    every = "-v" in sys.argv[1:]
    lines = []
    for phase, suites in plan().items():
        lines.append(f"{phase}: {sum(map(len, suites.values()))} checks")
        for suite, ids in sorted(suites.items()):
            lines.append(f"  {suite:<14}{len(ids):>5}")
            lines += [f"    {identifier}" for identifier in ids if every]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
