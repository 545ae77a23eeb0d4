"""What code judged a run: the commit, for people, and a digest of the code itself, for comparison.

A commit says too little (a checkout may differ from it) and too much (a decision about a row is committed
too, and judges nothing): so evidence is bound to the digest of every file that moves or judges data.
Decisions kept in the checkout (quarantine.toml, acceptances.toml) are not part of it: they are bound with the
mapping (`migration.approval`). Not here: settings (cutover.toml), tests, pages.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from migration import files
from migration.config import ROOT

ROOMS = ("verbs", "migration", "checks", "e2e", "fixtures", "reports")
SINGLE = (
    "tasks.py",
    "pyproject.toml",
    "requirements.txt",
    "requirements-node.txt",
    "requirements-postgres.txt",
)
MADE = {"__pycache__", "node_modules", ".build", ".pair", "runs", "latest"}
"""Folders of the rooms that hold what was installed or recorded."""


@cache
def commit() -> str:
    """The commit that was checked out when this process first asked, with `+` when files differ from it;
    empty outside a repository."""
    try:
        head = _git("rev-parse", "HEAD")
        return head + ("+" if _git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return ""


@cache
def code() -> str:
    """A digest of the code as it was when this process first asked."""
    return digest_of_code(ROOT)


def digest_of_code(root: Path) -> str:
    """A digest of every file under `root` that moves or judges data, with its place."""
    parts = [part for path in _sources(root) for part in (str(path.relative_to(root)), path.read_bytes())]
    return files.digest_of(*parts)


def digest_of_mapping(root: Path = ROOT) -> str:
    """A digest of what turns rows into documents."""
    found = sorted((root / "migration" / "mapping").glob("*.py"))
    return files.digest_of(*(part for path in found for part in (path.name, path.read_bytes())))


def _sources(root: Path) -> Iterator[Path]:
    yield from (root / name for name in SINGLE if (root / name).is_file())
    for room in ROOMS:
        for folder, inner, names in os.walk(root / room):
            inner[:] = sorted(set(inner) - MADE)
            yield from (
                Path(folder) / name for name in sorted(names) if not name.startswith(".") and name not in MADE
            )


def _git(*arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True, timeout=10
    ).stdout.strip()
