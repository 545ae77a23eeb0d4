"""The right deployment (law 12): a run is pinned to one source and one target, and refused on any other.

Asked before every step that touches either side.
"""

from __future__ import annotations

import hashlib
import platform
from typing import Any

import psycopg

from migration import revision, source
from migration.errors import Refusal
from migration.run import Run
from migration.target import Target


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
        revision=revision.commit(),
        code=revision.code(),
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


def _same(run: Run, side: str, manifest: dict[str, Any], found: str) -> None:
    pinned = manifest.get(side, {}).get("identity")
    if pinned is None:
        raise OtherPair(f"Run {run.id} has not begun to migrate.", next_step="Begin with invoke migrate.")
    if pinned != found:
        raise OtherPair(
            f"Run {run.id} was begun on another {side} than the one that is configured now.",
            next_step="Configure the run's own pair, or begin a new run with invoke migrate.",
        )
