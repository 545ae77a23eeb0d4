"""The target once more, after it was opened: what users did is told apart from loss (weakness E4).

Compares a fresh export with the last one that was judged. What v2 lets its users do leaves a trace in the
document itself (a later `updatedAt`, a creation time after the opening), and what they can not do is never
theirs: owners, legacy ids and times of creation are frozen. A document that is gone leaves no trace in v2,
which removes cases for good: unless its audit log or a deletion that its owner asked for says who did it,
nobody can tell, and that is UNKNOWN. Not here: whether the app answers (`checks.recheck_app`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from checks.aftermath import BOOKKEEPING, SESSIONS, TABLES, swept
from checks.oracle.rules import Document
from checks.tally import Tally
from checks.target.archive import Archive, id_of
from checks.values import ABSENT, canonical
from migration.config import Settings
from migration.errors import RunIncomplete
from migration.model import Class, Kind, StepOutcome
from migration.run import Run

NOW = "recheck.zip"
FROZEN: Mapping[str, tuple[str, ...]] = {
    "users": ("email",),
    "userProfiles": ("userId", "legacyId"),
    "cases": ("userId", "legacyId", "legacyUserId", "createdAt"),
    "authAccounts": ("userId", "provider", "providerAccountId"),
}
"""What nobody can change on v2's pages, beside `_creationTime`."""

UNSTAMPED = frozenset({"users", "authAccounts", "jobDescriptionTemplates"})
"""Tables whose documents v2 changes without a later `updatedAt`: a sign-in, a password reset, a use."""

CLOCKS_MS = 60_000
"""The deployment's clock may go this much after ours."""


def base_of(run: Run) -> str:
    """The last judged export: that after the smoke run, else that from before the opening."""
    found = next((name for name in ("after_smoke.zip", "verified.zip") if (run.data / name).exists()), None)
    if found is None:
        raise RunIncomplete(
            "Nothing is left to compare the target with.",
            next_step="The run's raw data was removed; only a run that still has it can be checked again.",
        )
    return found


def opened_ms(run: Run) -> float:
    """When the target was opened after its last load, less what clocks may differ."""
    steps = [entry for entry in run.ledger() if entry.step == "open" and entry.outcome is StepOutcome.STARTED]
    if not steps:
        raise RunIncomplete("The target was never opened.", next_step="Judge it first: invoke verify smoke.")
    return datetime.fromisoformat(steps[-1].at).timestamp() * 1000 - CLOCKS_MS


def since(run: Run, settings: Settings) -> Mapping[str, Tally]:  # noqa: ARG001 - a product's signature
    """`<table>` for every table of v2, and `unlisted` for any further one."""
    with Archive(run.data / base_of(run)) as before, Archive(run.data / NOW) as now:
        traces = Traces.of(before, now, opened_ms(run))
        tallies = {table: _table(before, now, table, traces) for table in TABLES}
        others = sorted({*before.tables, *now.tables} - set(TABLES))
        tallies["unlisted"] = Tally()
        for table in others:
            _compare(tallies["unlisted"], before, now, table, traces)
    return tallies


@dataclass(frozen=True)
class Traces:
    """Who says that a document is gone on purpose: audit logs, and users whose deletion has come."""

    opened_ms: float
    audited: frozenset[str]
    deleted_users: frozenset[str]

    @classmethod
    def of(cls, before: Archive, now: Archive, opened: float) -> Traces:
        """The traces in the two exports."""
        audited = frozenset(
            str(row["documentId"])
            for row in now.documents("auditLogs")
            if row.get("action") == "delete" and float(row.get("timestamp", 0)) >= opened
        )
        asked = {user["_id"] for user in before.documents("users") if "deletedAt" in user}
        standing = {id_of(line) for line in now.lines("users")}
        return cls(opened, audited, frozenset(asked - standing))

    def of_removal(self, table: str, document: Document) -> str:
        """The rule by which a document is gone on purpose; empty when nothing says so."""
        owner = document["_id"] if table == "users" else document.get("userId")
        if owner in self.deleted_users:
            return "its user had asked for the account's deletion"
        if document["_id"] in self.audited:
            return "v2's audit log names who removed it"
        if table == "notifications":
            return "users clear notifications, and v2 sweeps read ones"
        return ""


def _table(before: Archive, now: Archive, table: str, traces: Traces) -> Tally:
    tally = Tally()
    _compare(tally, before, now, table, traces)
    return tally


def _compare(tally: Tally, before: Archive, now: Archive, table: str, traces: Traces) -> None:
    known = {id_of(line): line for line in before.lines(table)}
    for line in now.lines(table):
        earlier = known.pop(id_of(line), None)
        if earlier == line:
            tally.match()
        elif earlier is None:
            came(tally, table, orjson.loads(line), traces.opened_ms)
        else:
            changed(tally, table, orjson.loads(earlier), orjson.loads(line), traces.opened_ms)
    for line in known.values():
        gone(tally, table, orjson.loads(line), traces)


def came(tally: Tally, table: str, document: Document, opened: float) -> None:
    """A document that was not there: a user's own when it was made after the opening."""
    key = _key(document)
    if table in BOOKKEEPING or table in SESSIONS:
        tally.match()
        tally.note("v2's own bookkeeping")
    elif float(document.get("_creationTime", 0)) >= opened:
        tally.find(
            Kind.EXTRANEOUS, key, cls=Class.DECLARED, table=table, rule="made on v2 since it was opened"
        )
    else:
        tally.find(Kind.EXTRANEOUS, key, table=table, rule="came since, with a time from before the opening")


def changed(tally: Tally, table: str, left: Document, right: Document, opened: float) -> None:
    """A document that differs: a user's own change when v2 can have made it."""
    paths = [path for path in sorted(left.keys() | right.keys()) if not _same(left, right, path)]
    if not paths:
        tally.match()
        return
    if table in BOOKKEEPING or table in SESSIONS:
        tally.match()
        tally.note("v2's own bookkeeping")
        return
    frozen = [path for path in paths if path in ("_creationTime", *FROZEN.get(table, ()))]
    stamped = float(right.get("updatedAt") or 0) >= max(opened, float(left.get("updatedAt") or 0))
    told: dict[str, Any] = {"table": table, "path": (frozen or paths)[0]}
    if not frozen and (stamped or (table in UNSTAMPED and not _destroyed(left, right, opened))):
        tally.find(
            Kind.MISMATCHED, _key(left), cls=Class.DECLARED, **told, rule="changed on v2 since it was opened"
        )
        return
    tally.find(
        Kind.MISMATCHED,
        _key(left),
        **told,
        expected=left.get(told["path"], ABSENT),
        actual=right.get(told["path"], ABSENT),
        rule="no user can change this on v2" if frozen else "changed without the time of a user's change",
    )


def _destroyed(left: Document, right: Document, opened: float) -> bool:
    """A deletion time that is not ahead: v2's hourly job destroys that user with everything of theirs."""
    time = right.get("deletedAt")
    return time is not None and time != left.get("deletedAt") and float(time) < opened


def gone(tally: Tally, table: str, document: Document, traces: Traces) -> None:
    """A document that is no more."""
    key = _key(document)
    if table in BOOKKEEPING or table in SESSIONS or (table == "notifications" and swept(document)):
        tally.match()
        tally.note("v2's own bookkeeping")
    elif rule := traces.of_removal(table, document):
        tally.find(Kind.MISSING, key, cls=Class.DECLARED, table=table, rule=rule)
    elif table in ("users", "userProfiles"):
        tally.find(Kind.MISSING, key, table=table, rule="v2 has no way to remove it without the user")
    else:
        tally.find(Kind.UNVERIFIABLE, key, table=table, rule="gone, and nothing says who removed it")


def _same(left: Document, right: Document, path: str) -> bool:
    return canonical(left.get(path, ABSENT)) == canonical(right.get(path, ABSENT))


def _key(document: Document) -> str:
    return str(document.get("legacyId") or document["_id"])


def people_of(now: Archive) -> Iterator[tuple[str, str, set[str]]]:
    """v1's users on the target: v1's id, the user's id, and the ids of their cases that are not deleted."""
    cases: dict[str, set[str]] = {}
    for case in now.documents("cases"):
        if "deletedAt" not in case:
            cases.setdefault(str(case["userId"]), set()).add(case["_id"])
    for profile in now.documents("userProfiles"):
        if "legacyId" in profile:
            user = str(profile["userId"])
            yield str(profile["legacyId"]), user, cases.get(user, set())
