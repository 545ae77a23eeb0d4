"""What the deployment answers to somebody without a session and without a key (weakness C3).

Everything is asked as a query: that never runs a mutation or an action, and tells all the same whether the
public has such a function. The positive control is a query that must answer null.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from checks.tally import Tally
from migration.config import Settings
from migration.model import Kind
from migration.run import Run

SUMMARY = "dashboard:getSummary"
ANONYMOUS: dict[str, tuple[dict[str, Any], object]] = {
    "users:currentUser": ({}, None),
    "users:currentUserProfile": ({}, None),
    "cases:list": ({}, []),
    "cases:hasAnyCases": ({}, False),
    "notifications:getUnreadCount": ({}, 0),
    SUMMARY: ({}, 0),
}
"""Queries that answer emptily without a session: arguments, and the answer (of the dashboard each count)."""

MIGRATION = tuple(
    f"migrations:{name}"
    for name in (
        "getTableCount",
        "getMigrationStats",
        "resolveUserIds",
        "clearLegacyFields",
        "clearLegacyFieldsFromProfiles",
        "clearLegacyFieldsFromCases",
        "getCaseByLegacyId",
        "getUserProfileByUserId",
        "getUserProfileByLegacyId",
        "importUserWithProfile",
        "importUsersWithProfiles",
        "importCasesWithUserResolution",
        "fixGoogleRefreshToken",
        "checkDerivedFieldsStatus",
        "backfillDerivedFields",
    )
)
INTERNAL = (
    "admin:getUserSummary",
    "admin:debugAuthAccount",
    "admin:getAuthAccountSecret",
    "admin:createTestUserAndCopyData",
    "admin:copyUserData",
    "scheduledJobs:getCasesNeedingReminders",
    "scheduledJobs:checkDeadlineReminders",
    "scheduledJobs:sendWeeklyDigest",
    "scheduledJobs:cleanupOldNotifications",
    "scheduledJobs:processExpiredDeletions",
    "scheduledJobs:permanentlyDeleteAccount",
)


def access(run: Run, settings: Settings) -> Mapping[str, Tally]:  # noqa: ARG001 - a product's signature
    """`anonymous.<function>`, and `closed.<function>` for what must not be there for the public."""
    headers = {"Convex-Client": "cutover-checks-0.1.0"}
    with httpx.Client(base_url=settings.target.url, headers=headers, timeout=30) as client:
        tallies = {f"anonymous.{path}": _empty(client, path, *asked) for path, asked in ANONYMOUS.items()}
        tallies |= {f"closed.{path}": _closed(client, path) for path in (*MIGRATION, *INTERNAL)}
    return tallies


def _ask(client: httpx.Client, path: str, args: dict[str, Any]) -> dict[str, Any]:
    answer = client.post("/api/query", json={"path": path, "args": args, "format": "json"})
    if answer.status_code == httpx.codes.NOT_FOUND:
        return {"status": "error", "errorMessage": "Could not find"}
    answer.raise_for_status()
    content: dict[str, Any] = answer.json()
    return content


def _empty(client: httpx.Client, path: str, args: dict[str, Any], wanted: object) -> Tally:
    tally, answer = Tally(), _ask(client, path, args)
    if answer["status"] != "success":
        tally.find(Kind.UNVERIFIABLE, path, rule="no answer without a session")
        return tally
    for key, value in _parts(path, answer["value"]):
        if value == wanted:
            tally.match()
        else:
            tally.find(Kind.EXTRANEOUS, key, actual=value, rule="answers without a session")
    return tally


def _parts(path: str, value: Any) -> list[tuple[str, object]]:
    """What is judged of an answer: the whole of it, of the dashboard each tile's count."""
    if path == SUMMARY:
        return [(f"{path}/{name}", tile["count"]) for name, tile in value.items()]
    return [(path, value)]


def _closed(client: httpx.Client, path: str) -> Tally:
    tally, answer = Tally(), _ask(client, path, {})
    message = str(answer.get("errorMessage", ""))
    if answer["status"] != "success" and "Could not find" in message:
        tally.match()
    elif answer["status"] != "success" and message.endswith("Server Error"):
        tally.find(Kind.UNVERIFIABLE, path, rule="the deployment does not say whether it exists")
    else:
        tally.find(Kind.EXTRANEOUS, path, rule="the public can call it")
    return tally
