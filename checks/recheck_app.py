"""Whether the open target still answers its people: everyone sees their own cases, the canary can sign in,
and the deployment's log shows no function that only fails (`checks.recheck_log`)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import httpx

from checks import recheck_log
from checks.recheck import CLOCKS_MS, NOW, opened_ms, people_of
from checks.sample import READ_LIMIT, Question
from checks.tally import Tally
from checks.target.archive import Archive
from migration.config import Settings
from migration.errors import RunIncomplete
from migration.model import Kind
from migration.run import Run
from migration.target import Answer, Target

SIGN_IN = "auth:signIn"


def answering(run: Run, settings: Settings) -> Mapping[str, Tally]:
    """`people`: one unit a user of v1; `sign_in`: the canary; `functions`: one unit a function called."""
    began = time.time() * 1000 - CLOCKS_MS
    with (
        Archive(run.data / NOW) as now,
        Target(settings.target.url, settings.target.admin_key.get_secret_value()) as target,
    ):
        people = Tally()
        for key, user, cases in people_of(now):
            asked: list[Question] = [("users:currentUser", {}), ("cases:list", {})]
            control, listed = target.query_batch(asked, acting_as=user)
            if isinstance(control.value, dict) and control.value.get("_id") == user:
                _listed(people, key, cases, listed)
            else:
                people.find(Kind.MISSING, key, table="users", rule="the app does not know this user")
    sign_in = _sign_in(settings)
    executed = recheck_log.read(settings, SIGN_IN, began)
    return {
        "people": people,
        "sign_in": sign_in,
        "functions": recheck_log.judged(executed, opened_ms(run)),
    }


def _listed(tally: Tally, key: str, cases: set[str], listed: Answer) -> None:
    """Whoever has more cases than v2 reads does not see them all: that was judged before the opening."""
    found = {case["_id"] for case in listed.value} if isinstance(listed.value, list) else set()
    lost = sorted(cases - found)
    if lost and len(found) < READ_LIMIT:
        tally.find(Kind.MISSING, key, table="cases", actual=len(lost), rule="cases:list does not show them")
    else:
        tally.match()


def _sign_in(settings: Settings) -> Tally:
    """The canary signs in with its password, and the token opens its own account."""
    tally = Tally()
    if not settings.canary_email or not settings.canary_password:
        raise RunIncomplete(
            "The canary is not configured.", next_step="Set CUTOVER_CANARY_EMAIL and _PASSWORD."
        )
    password = settings.canary_password.get_secret_value()
    params = {"email": settings.canary_email, "password": password, "flow": "signIn"}
    headers = {"Convex-Client": "cutover-checks-0.1.0"}
    with httpx.Client(base_url=settings.target.url, headers=headers, timeout=30) as client:
        signed = _called(client, "action", SIGN_IN, {"provider": "password", "params": params})
        token = ((signed or {}).get("tokens") or {}).get("token")
        bearer = {"Authorization": f"Bearer {token}"}
        known = _called(client, "query", "users:currentUser", {}, bearer) if token else None
    if known is None:
        tally.find(Kind.MISSING, "the canary", table="users", rule="its password does not open its account")
    else:
        tally.check("the canary", settings.canary_email, known.get("email"), table="users", path="email")
    return tally


def _called(
    client: httpx.Client,
    kind: str,
    path: str,
    args: Mapping[str, Any],
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any] | None:
    body = {"path": path, "args": args, "format": "json"}
    answer = client.post(f"/api/{kind}", json=body, headers=dict(headers or {})).json()
    value = answer.get("value") if answer.get("status") == "success" else None
    return value if isinstance(value, dict) else None
