"""The right deployment (law 12): a run is pinned to one source and one target, and refused on any other.

Asked before every step that touches either side.
"""

from __future__ import annotations

import hashlib
import platform
import re
import subprocess
from typing import Any

import psycopg

from migration import source
from migration.config import ROOT
from migration.errors import Refusal
from migration.run import Run
from migration.target import Target

CODE = ("migration", "checks", "e2e", "fixtures", "reports", "verbs", "tasks.py", "requirements.txt")
"""What moves and judges the data. Pages, tests, settings and people's decisions may change without it."""


_COMMIT = re.compile(r"[0-9a-f]{40,64}")


class OtherPair(Refusal):
    """The configured pair is not the run's own: refused however far the run has come."""


def pin(run: Run, connection: psycopg.Connection, target: Target) -> None:
    """Writes who the two sides are into a new run's manifest; on a run that has it, the same as `verify`."""
    manifest = run.manifest()
    if "source" in manifest:
        verify(run, connection, target)
        return
    database, deployment = source.describe(connection), target.info()
    run.update_manifest(
        revision=revision(),
        tools={
            "python": platform.python_version(),
            "postgresql": database.server_version,
            "convex": deployment.version,
        },
        source={"identity": database.identity, "server_version": database.server_version},
        target={
            "url": deployment.url,
            "name": deployment.name,
            "instance_name": deployment.instance_name,
            "kind": deployment.kind,
            "identity": deployment.identity,
        },
        sample={"seed": int.from_bytes(hashlib.sha256(run.id.encode()).digest()[:4], "big")},
    )


def verify(run: Run, connection: psycopg.Connection | None, target: Target | None) -> None:
    """`Refusal` when a given side is not the one that the run was begun on."""
    manifest = run.manifest()
    if target is not None:
        _same(run, "target", manifest, target.info().identity)
    if connection is not None:
        _same(run, "source", manifest, source.describe(connection).identity)


def revision() -> str:
    """The commit that is checked out, with `+` when files differ from it; empty outside a repository."""
    try:
        head = _git("rev-parse", "HEAD")
        return head + ("+" if _git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return ""


def same_code(commit: str) -> bool:
    """Whether the code, as it is checked out now, is that of a commit; False where that can not be told."""
    if not _COMMIT.fullmatch(commit):
        return False
    try:
        _git("diff", "--quiet", commit, "--", *CODE)
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def _git(*arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True, timeout=10
    ).stdout.strip()


def _same(run: Run, side: str, manifest: dict[str, Any], found: str) -> None:
    pinned = manifest.get(side, {}).get("identity")
    if pinned is None:
        raise OtherPair(f"Run {run.id} has not begun to migrate.", next_step="Begin with invoke migrate.")
    if pinned != found:
        raise OtherPair(
            f"Run {run.id} was begun on another {side} than the one that is configured now.",
            next_step="Configure the run's own pair, or begin a new run with invoke migrate.",
        )
