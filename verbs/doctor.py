"""What this machine has of what Cutover needs: each component, its version, and what would help.

Looks only; nothing is installed or started. `./inv setup` installs.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fixtures import bootstrap, provision
from migration import config
from migration.errors import CutoverError


@dataclass(frozen=True)
class Finding:
    """One component. `needed`: its absence stops a rehearsal."""

    component: str
    there: bool
    detail: str
    needed: bool = True


def examine() -> list[Finding]:
    """Every component, in the order in which they build on one another."""
    return [
        Finding("Python", sys.version_info >= (3, 11), f"{platform.python_version()} {sys.executable}"),
        _python_packages(),
        _program("Node", provision.node_binary, ["--version"]),
        _npm_packages(),
        _program("PostgreSQL", lambda: provision.postgres_bin() / "postgres", ["--version"]),
        _browser(),
        _configuration(),
        _pair(),
    ]


def healthy(findings: list[Finding]) -> bool:
    """Whether a rehearsal can be started on this machine."""
    return all(finding.there or not finding.needed for finding in findings)


def table(findings: list[Finding]) -> str:
    """The findings as aligned lines."""
    marks = {True: "ok", False: "--"}
    return "\n".join(f"{marks[row.there]}  {row.component:<16} {row.detail}" for row in findings)


def _python_packages() -> Finding:
    same = bootstrap.packages_match()
    return Finding("Python packages", same, "as locked" if same else "not as locked: `./inv setup`")


def _npm_packages() -> Finding:
    same = bootstrap.npm_match()
    return Finding("npm packages", same, "as locked" if same else "not as locked: `./inv setup`")


def _program(name: str, search: Callable[[], Path], ask: list[str]) -> Finding:
    try:
        path = search()
    except CutoverError as error:
        return Finding(name, False, f"{error.happened} {error.next_step}")
    return Finding(name, True, f"{provision.version_of([str(path), *ask])} {path}")


def _browser() -> Finding:
    found = _program("browser", provision.browser_executable, ["--version"])
    if found.there and not bootstrap.browser_runs():
        return Finding("browser", False, f"{found.detail} does not start: `playwright install-deps chromium`")
    return found


def _configuration() -> Finding:
    try:
        settings = config.load()
    except CutoverError as error:
        return Finding("configuration", False, f"{error.happened} {error.next_step}", needed=False)
    return Finding(
        "configuration", True, f"environment {settings.environment}, target {settings.target.name}"
    )


def _pair() -> Finding:
    path = config.pair_file()
    if not path.exists():
        return Finding("pair", False, "none is kept; `./inv pair.up` starts one", needed=False)
    return Finding("pair", True, f"{path} (`./inv pair.status` says whether it runs)", needed=False)
