"""What the smoke run left behind: only its own user's documents may be new, and nothing else may differ.

Compares the export after the smoke run with the one that was verified. What v2's own hourly jobs may remove
is declared: expired rate limits, and read notifications older than 90 days.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import orjson

from checks.facts import v2_schema
from checks.oracle.rules import Document, fold
from checks.tally import Tally
from checks.target.archive import Archive, id_of
from checks.values import ABSENT, canonical, differing_field
from migration.config import Settings
from migration.errors import RunIncomplete
from migration.model import Class, Kind
from migration.run import Run

TABLES = tuple(sorted(v2_schema()))
BOOKKEEPING = frozenset({"authRateLimits", "authVerifiers", "rateLimits", "apiUsage", "toolCache"})
"""Tables whose rows v2 keeps for itself while somebody uses it; they name no user."""

SESSIONS = frozenset({"authSessions", "authRefreshTokens", "authVerificationCodes"})
_KEPT_NOTIFICATIONS = timedelta(days=90)


class Own:
    """Whose documents the smoke run may make: the canary's."""

    def __init__(self, after: Archive, email: str) -> None:
        users = [user["_id"] for user in after.documents("users") if fold(user.get("email")) == fold(email)]
        if len(users) != 1:
            raise RunIncomplete(
                "The canary is not one user of the target.", next_step="See foreign_keys and identity."
            )
        self.user = users[0]
        self.sessions = {row["_id"] for row in after.documents("authSessions") if row["userId"] == self.user}
        self.accounts = {row["_id"] for row in after.documents("authAccounts") if row["userId"] == self.user}

    def made(self, table: str, document: Document) -> bool:
        """Whether the canary's use of v2 may have made this document."""
        named = document.get("userId") == self.user or document.get("sessionId") in self.sessions
        return named or document.get("accountId") in self.accounts or table in BOOKKEEPING


def aftermath(run: Run, settings: Settings) -> Mapping[str, Tally]:
    """`<table>` for every table of v2, and `unlisted` for any further one."""
    if not settings.canary_email:
        raise RunIncomplete("The canary's e-mail is not configured.", next_step="Set CUTOVER_CANARY_EMAIL.")
    with Archive(run.data / "verified.zip") as before, Archive(run.data / "after_smoke.zip") as after:
        own = Own(after, settings.canary_email)
        others = sorted({*before.tables, *after.tables} - set(TABLES))
        tallies = {table: _table(before, after, table, own) for table in TABLES}
        tallies["unlisted"] = Tally()
        for table in others:
            _judge(tallies["unlisted"], before, after, table, own)
    return tallies


def _table(before: Archive, after: Archive, table: str, own: Own) -> Tally:
    tally = Tally()
    _judge(tally, before, after, table, own)
    return tally


def _judge(tally: Tally, before: Archive, after: Archive, table: str, own: Own) -> None:
    known = {id_of(line): line for line in before.lines(table)}
    for line in after.lines(table):
        identifier = id_of(line)
        earlier = known.pop(identifier, None)
        if earlier == line:
            tally.match()
        elif earlier is None:
            _new(tally, table, orjson.loads(line), own)
        else:
            _changed(tally, table, orjson.loads(earlier), orjson.loads(line), own)
    for line in known.values():
        _gone(tally, table, orjson.loads(line), own)


def _new(tally: Tally, table: str, document: Document, own: Own) -> None:
    if own.made(table, document):
        tally.match()
        tally.note("made by the smoke run")
    else:
        tally.find(Kind.EXTRANEOUS, document["_id"], table=table, rule="came during the smoke run")


def _changed(tally: Tally, table: str, left: Document, right: Document, own: Own) -> None:
    if canonical(left) == canonical(right):
        tally.match()
        return
    if (table in SESSIONS and own.made(table, left)) or table in BOOKKEEPING:
        tally.match()
        tally.note("the smoke run's own session")
        return
    path = differing_field(left, right)
    key = str(left.get("legacyId") or left["_id"])
    tally.find(
        Kind.MISMATCHED,
        key,
        table=table,
        path=path,
        expected=left.get(path, ABSENT),
        actual=right.get(path, ABSENT),
        rule="changed during the smoke run",
    )


def _gone(tally: Tally, table: str, document: Document, own: Own) -> None:
    key = str(document.get("legacyId") or document["_id"])
    if table in BOOKKEEPING or (table in SESSIONS and own.made(table, document)):
        tally.match()
        tally.note("the smoke run's own session")
    elif table == "notifications" and swept(document):
        rule = "v2's hourly job removes read notifications after 90 days"
        tally.find(Kind.MISSING, key, cls=Class.DECLARED, table=table, rule=rule)
    else:
        tally.find(Kind.MISSING, key, table=table, rule="went during the smoke run")


def swept(document: Document) -> bool:
    """Whether v2's hourly job may remove this notification."""
    oldest = (datetime.now(UTC) - _KEPT_NOTIFICATIONS).timestamp() * 1000
    return document.get("isRead") is True and float(document.get("createdAt", 0)) < oldest
