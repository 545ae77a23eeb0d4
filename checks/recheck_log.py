"""Function errors since the opening, counted out of the deployment's own log (`convex logs`, contract 6).

The seeds' criteria for a rollback decide: a critical function that only fails is a critical feature broken,
or nobody getting in. A function that fails now and then is counted and named, no more: users mistype
passwords, and v2 refuses what its rules forbid. What an error says is never recorded: it may quote people's
data.

The log is short (Convex keeps the last thousand executions) and may be silent; so the calls that the re-check
has just made must be in it, else nothing is known. They are not counted themselves: they act as users by an
admin's key, and succeed where a user's own way in may be broken. Not here: what the app answers
(`checks.recheck_app`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import httpx

from checks.tally import Tally
from migration.config import Settings
from migration.errors import RunIncomplete
from migration.model import Class, Kind

CRITICAL = frozenset(
    {
        *("auth:signIn", "users:currentUser", "users:currentUserProfile"),
        *("cases:list", "cases:listFiltered", "cases:get", "cases:create", "cases:update", "cases:remove"),
        *("dashboard:getSummary", "dashboard:getDeadlines"),
    }
)
"""Signing in, and everybody's daily work: what the browser's journeys of the smoke suite stand on."""

ONLY_FAILS = 5
"""So many calls without one success are no accident of a single user's."""

OURS = "acting_user"
"""How the identities of an admin who acts as a user end: the harness's own calls."""

_KEPT = 1000
_TIMEOUT_S = 75.0  # the deployment answers after a minute when it has nothing to tell


def read(settings: Settings, control: str, since_ms: float) -> list[Mapping[str, Any]]:
    """What was executed, the oldest first; `RunIncomplete` unless `control` was called after `since_ms`."""
    headers = {
        "Authorization": f"Convex {settings.target.admin_key.get_secret_value()}",
        "Convex-Client": "cutover-checks-0.1.0",
    }
    with httpx.Client(base_url=settings.target.url, headers=headers, timeout=_TIMEOUT_S) as client:
        response = client.get("/api/stream_function_logs", params={"cursor": 0})
    if response.status_code == httpx.codes.FORBIDDEN:
        raise _unknown("The key may not read the deployment's log", "Use a key with deployment:logs:view.")
    if not response.is_success:
        raise _unknown(f"The deployment's log answered HTTP {response.status_code}", "Try again.")
    entries = [one for one in response.json()["entries"] if one.get("kind") == "Completion"]
    if not any(_name(one) == control and _at(one) >= since_ms for one in entries):
        raise _unknown(
            f"The deployment's log does not show the call of {control} that was just made", "Try again."
        )
    return entries


def judged(entries: Iterable[Mapping[str, Any]], opened_ms: float) -> Tally:
    """One unit a function that somebody called since the opening."""
    calls, errors, tally = Counter[str](), Counter[str](), Tally()
    everything = list(entries)
    for one in everything:
        if _at(one) >= opened_ms and not str(one.get("identityType", "")).endswith(OURS):
            calls[_name(one)] += 1
            errors[_name(one)] += bool(one.get("error"))
    for name in sorted(calls):
        _function(tally, name, calls[name], errors[name])
    tally.note("calls", sum(calls.values()))
    tally.note("errors", sum(errors.values()))
    if len(everything) >= _KEPT and min(map(_at, everything)) > opened_ms:
        tally.note("calls before the log's beginning are not known")
    return tally


def _function(tally: Tally, name: str, calls: int, errors: int) -> None:
    if not errors:
        tally.match()
    elif errors == calls and calls >= ONLY_FAILS and name in CRITICAL:
        tally.find(
            Kind.MISMATCHED, name, table="functions", actual=errors, rule="every call of it has failed"
        )
    else:
        rule = f"{errors:,} of {calls:,} calls failed"
        tally.find(Kind.MISMATCHED, name, cls=Class.DECLARED, table="functions", actual=errors, rule=rule)


def _name(one: Mapping[str, Any]) -> str:
    return str(one.get("identifier", "")).replace(".js:", ":")


def _at(one: Mapping[str, Any]) -> float:
    return float(one.get("timestamp", 0)) * 1000


def _unknown(happened: str, next_step: str) -> RunIncomplete:
    return RunIncomplete(f"{happened}, so function errors can not be counted.", next_step=next_step)
