"""What waits in the target's queue and runs by itself as soon as the target is opened (weakness D2).

Asked while the deployment is paused: system queries answer then, and what is due waits. A waiting job was
there before the migration, so it is listed as inherited: GO stays shut until a person has taken over their
number.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from checks.tally import Tally
from migration.config import Settings
from migration.errors import RunIncomplete
from migration.model import Class, Kind
from migration.run import Run

QUERY = "_system/frontend/paginatedScheduledJobs"
_PAGE = 500


def jobs(run: Run, settings: Settings) -> Mapping[str, Tally]:  # noqa: ARG001 - a product's signature
    """`jobs.queued`: one unit a waiting job, found with its id, function and due time."""
    tally = Tally()
    key = settings.target.admin_key.get_secret_value()
    headers = {"Authorization": f"Convex {key}", "Convex-Client": "cutover-checks-0.1.0"}
    with httpx.Client(base_url=settings.target.url, headers=headers, timeout=30) as client:
        for job in _waiting(client):
            function = str(job["udfPath"]).replace(".js:", ":")
            tally.note(function)
            tally.find(
                Kind.EXTRANEOUS,
                str(job["_id"]),
                cls=Class.INHERITED,
                table="_scheduled_functions",
                path=function,
                actual=_instant(job["nextTs"]),
                rule="waits on the target and runs when it is opened",
            )
    return {"jobs.queued": tally}


def _waiting(client: httpx.Client) -> Iterator[Mapping[str, Any]]:
    cursor, done = None, False
    while not done:
        body = {
            "path": QUERY,
            "args": {"paginationOpts": {"numItems": _PAGE, "cursor": cursor}},
            "format": "convex_encoded_json",
        }
        answer = client.post("/api/query", json=body)
        answer.raise_for_status()
        content = answer.json()
        if content["status"] != "success":
            raise RunIncomplete("The target does not tell which jobs wait in its queue.")
        page = content["value"]
        yield from page["page"]
        cursor, done = page["continueCursor"], page["isDone"]


def _instant(tagged: Mapping[str, str]) -> str:
    """Int64 nanoseconds (contract 7.1) as UTC text to the second."""
    nanoseconds = int.from_bytes(base64.b64decode(tagged["$integer"]), "little", signed=True)
    return datetime.fromtimestamp(nanoseconds // 1_000_000_000, UTC).isoformat()
