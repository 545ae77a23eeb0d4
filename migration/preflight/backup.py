"""The probe of the source's backup: Supabase's word for one of its own, or a dump of ours that was restored.

Where an access token is given, the management API is asked and nothing else. Without one we dump the schemas
`public` and `auth` ourselves, restore the dump into a scratch database and compare every table, row by row:
a backup that was never restored is no backup. Not here: the dumping (`dump`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from migration.endpoints import is_local
from migration.errors import Refusal
from migration.preflight import dump
from migration.preflight.model import Answer
from migration.preflight.scene import Scene

RECENT = timedelta(hours=26)
"""Daily backups are up to a day old, and take a while."""

_PROJECT = re.compile(r"^[a-z0-9]+$")


def present(scene: Scene) -> Answer:
    """A backup of the source exists, is recent, and is known to be one."""
    if scene.settings.supabase_token is None:
        return dump.proven(scene)
    reference = scene.settings.source.name
    if not _PROJECT.match(reference):
        return Answer(False, f"SUPABASE_ACCESS_TOKEN is set, but {reference} is no project of Supabase.")
    return newest(_asked(scene, reference), scene.now)


def newest(told: Mapping[str, Any], now: datetime) -> Answer:
    """What Supabase's list of backups says: the newest one that is complete, daily or of point-in-time."""
    moments = [
        _moment(str(one.get("inserted_at", "")))
        for one in told.get("backups") or []
        if isinstance(one, dict) and one.get("status") == "COMPLETED"
    ]
    physical = (told.get("physical_backup_data") or {}).get("latest_physical_backup_date_unix")
    if isinstance(physical, int | float):
        moments.append(datetime.fromtimestamp(physical, UTC))
    last = max((moment for moment in moments if moment is not None), default=None)
    if last is None:
        return Answer(False, "Supabase lists no complete backup.")
    said = f"Supabase's newest backup is of {last:%Y-%m-%d %H:%M} UTC"
    if now - last > RECENT:
        return Answer(False, f"{said}, older than {RECENT.total_seconds() / 3600:.0f} hours.")
    return Answer(True, f"{said}.")


def _asked(scene: Scene, reference: str) -> Mapping[str, Any]:
    """GET /v1/projects/{ref}/database/backups with the personal access token."""
    token = scene.settings.supabase_token
    assert token is not None  # noqa: S101 - `present` has looked
    base = scene.settings.supabase_api.rstrip("/")
    headers = {"Authorization": f"Bearer {token.get_secret_value()}"}
    local = is_local(httpx.URL(base).host)
    with httpx.Client(timeout=20, trust_env=not local) as client:
        response = client.get(f"{base}/v1/projects/{reference}/database/backups", headers=headers)
    if response.status_code in {401, 403}:
        raise Refusal("Supabase refused the access token.", next_step="Make a new one, or unset it.")
    if not response.is_success:
        raise Refusal(f"Supabase's management API answered {response.status_code}.")
    try:
        content = response.json()
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise Refusal("What Supabase's management API answered is no list of backups.")
    return content


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
