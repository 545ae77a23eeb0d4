"""Probes of the source and of this machine: that every row can be read and fenced, that the versions fit,
that the disk has room, that the site answers.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import httpx
from psycopg import sql

from migration import fence, snapshot, source
from migration.cutover.gate import equipped
from migration.endpoints import is_local
from migration.errors import Refusal
from migration.preflight.model import Answer
from migration.preflight.scene import Scene
from migration.snapshot import Least

OLDEST_POSTGRES = 14  # the fence's triggers are made by CREATE OR REPLACE TRIGGER
TIMES_THE_SOURCE = 20
"""Raw rows, documents, the import, and four exports of the target, each up to thrice the tables' size."""

_MB = 1 << 20


def readable(scene: Scene) -> Answer:
    """v1's tables are there, this role sees every row and may fence, and the database takes writes."""
    connection, settings = scene.source, scene.settings
    fenced = fence.examine(connection) if settings.fences else ()
    snapshot.not_empty(
        connection,
        scene.layout,
        Least(settings.minimum_users, settings.minimum_cases, settings.canary_email),
    )
    row = connection.execute("SHOW default_transaction_read_only").fetchone()
    if settings.fences and row is not None and row[0] == "on":
        return Answer(False, "The database is in read-only mode, so the fence could not be put up.")
    role = source.describe(connection).role
    told = f"may fence {len(fenced)}" if settings.fences else "fences none"
    return Answer(True, f"{role} reads {len(scene.layout.moved)} tables and {told}.")


def versions(scene: Scene) -> Answer:
    """Which versions meet: server, deployment, and this machine's programs."""
    return fitting(source.describe(scene.source).server_version, scene.info.version)


def fitting(postgres: str, convex: str) -> Answer:
    """Whether these versions are known and fit."""
    major = postgres.split(".", maxsplit=1)[0]
    if not major.isdigit() or int(major) < OLDEST_POSTGRES:
        return Answer(False, f"PostgreSQL {postgres or 'of no version'} is older than {OLDEST_POSTGRES}.")
    if convex.strip().lower() in {"", "unknown"}:
        return Answer(False, "The deployment does not tell its version.")
    return Answer(True, f"PostgreSQL {postgres}, Convex {convex}.")


def going_live(scene: Scene) -> Answer:
    """What a cutover would be refused for is known days before it."""
    try:
        equipped(scene.settings)
    except Refusal as error:
        return Answer(False, error.happened)
    return Answer(True, f"{scene.settings.live.name} would be pointed at v2.")


def room(scene: Scene) -> Answer:
    """The disks of the data folder and of the evidence hold what a run is estimated to write."""
    estimate = _size(scene) * TIMES_THE_SOURCE // _MB + 1
    asked = estimate + scene.settings.preflight.free_mb
    for what, folder in (("data folder", scene.settings.data_dir), ("runs folder", scene.settings.runs_dir)):
        free = shutil.disk_usage(_existing(folder)).free // _MB
        if free < asked:
            return Answer(
                False,
                f"The disk of the {what} has less than the {asked:,} MB that a run may take ({estimate:,}) "
                f"and that must stay free ({scene.settings.preflight.free_mb:,}).",
            )
    return Answer(True, f"A run may take {estimate:,} MB; there is room.")


def site(scene: Scene) -> Answer:
    """The site that the smoke suite opens answers, and there is a canary to sign in."""
    url = scene.settings.app_url
    if url is None:
        return Answer(False, "CUTOVER_APP_URL is not set, so no browser could judge the site.")
    if scene.settings.canary_password is None:
        return Answer(False, "No canary is configured (CUTOVER_CANARY_EMAIL and _PASSWORD).")
    local = is_local(httpx.URL(url).host)
    with httpx.Client(timeout=10, follow_redirects=True, trust_env=not local) as client:
        status = client.get(url).status_code
    return Answer(status < 400, f"{url} answers {status}.")


def _size(scene: Scene) -> int:
    """Bytes of the moved tables, with what PostgreSQL keeps out of line."""
    total = 0
    for table in scene.layout.moved:
        name = sql.Identifier(table.schema, table.relation).as_string(scene.source)
        row = scene.source.execute("SELECT pg_table_size(%s::regclass)", (name,)).fetchone()
        total += int(row[0]) if row else 0
    return total


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next(one for one in (folder, *folder.parents) if one.exists())
