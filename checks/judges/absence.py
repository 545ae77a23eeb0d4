"""What must not have come along: v1's tokens, connections switched on, enforcement, v1's storage links.

Looks at the raw bytes of each document, so that no field and no nesting hides a token.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from checks.oracle.expectation import Expected, Origin
from checks.oracle.rules import Document
from checks.tally import Tally
from checks.values import ABSENT, canonical
from migration.model import Class, Kind

FERNET = re.compile(rb"gAAAA[A-Za-z0-9_-]{20,}={0,2}")
"""What v1 encrypted looks like: Fernet's version byte, then base64."""

V1_STORAGE = re.compile(rb"https?://[a-z0-9-]+(?:\.storage)?\.supabase\.(?:co|in)/", re.IGNORECASE)
"""A link that dies when v1's project is paused, weeks after the cutover: files are not moved (A10)."""

_FERNET_BEGINS, _URL = b"gAAAA", b"://"  # looked for first: that is much quicker
TOKENS = ("googleEmail", "googleRefreshToken", "googleAccessToken", "googleTokenExpiry", "googleScopes")
FLAGS = ("googleCalendarConnected", "gmailConnected", "autoDeadlineEnforcementEnabled", "emailWeeklyDigest")
MUST_BE_ABSENT = {
    "users": ("deletedAt", "isAnonymous"),
    "cases": ("calendarEventIds",),
    "userProfiles": (*TOKENS, "scheduledDeletionJobId"),
}


class Absence:
    """Counts per table `absence.fernet.<table>`, and per rule what v1 must not have given."""

    def __init__(self, table: str) -> None:
        self.table = table
        self._fernet = Tally()
        self._fields = {name: Tally() for name in MUST_BE_ABSENT.get(table, ())}
        self._flags = {name: Tally() for name in (FLAGS if table == "userProfiles" else ())}
        self._links = Tally()

    def judge(self, expected: Expected | None, actual: Document, line: bytes) -> None:
        """Look at one document. What v2 had by itself before the import is v2's own business."""
        key = expected.key if expected else str(actual.get("_id"))
        is_own = expected is not None and actual is expected.document  # it holds no more than was expected
        if not is_own and _FERNET_BEGINS in line:
            self._tokens(key, line, expected, actual)
        else:
            self._fernet.matched += 1
        if _URL in line:
            self._dying(key, line, expected)
        else:
            self._links.matched += 1
        for name, tally in self._fields.items():
            if name in actual:
                self._one(tally, key, name, actual, expected)
            else:
                tally.matched += 1
        own = expected is not None and expected.origin is not Origin.MADE  # of v2's, one flag is ours
        for name, tally in self._flags.items():
            if not own or name == "autoDeadlineEnforcementEnabled":
                tally.check(key, False, actual.get(name, ABSENT), table=self.table, path=name)

    def _tokens(self, key: str, line: bytes, expected: Expected | None, actual: Document) -> None:
        """v1's tokens that nobody expects here."""
        allowed = expected.text if expected else b""
        found = [token for token in FERNET.findall(line) if token not in allowed]
        if not found:
            self._fernet.matched += 1
            return
        place = next((name for name, value in actual.items() if found[0] in canonical(value)), "")
        self._fernet.find(
            Kind.EXTRANEOUS, key, table=self.table, path=place, actual=found[0].decode(), rule="v1 token"
        )

    def _dying(self, key: str, line: bytes, expected: Expected | None) -> None:
        """Links into v1's storage: those that v1 had are carried as they are, and somebody must know it."""
        found = len(V1_STORAGE.findall(line))
        if not found:
            self._links.matched += 1
            return
        known = len(V1_STORAGE.findall(expected.text)) if expected else 0
        cls = Class.INHERITED if found <= known else Class.INTRODUCED
        rule = "a link into v1's storage, which dies with v1"
        self._links.find(Kind.REJECTED, key, cls=cls, table=self.table, actual=found, rule=rule)

    def _one(self, tally: Tally, key: str, name: str, actual: Document, expected: Expected | None) -> None:
        """A field that v1 must not have given; what v2 had there before is v2's own."""
        own = expected.document if expected and expected.origin is not Origin.MADE else {}
        if name in own and own[name] == actual[name]:
            tally.match()
        else:
            tally.find(
                Kind.EXTRANEOUS,
                key,
                cls=Class.INTRODUCED,
                table=self.table,
                path=name,
                actual=actual[name],
            )

    def tallies(self) -> Iterator[tuple[str, Tally]]:
        """`absence.fernet.<table>`, `absence.<table>.<field>`, `absence.links.<table>`."""
        yield f"absence.fernet.{self.table}", self._fernet
        yield f"absence.links.{self.table}", self._links
        for name, tally in {**self._fields, **self._flags}.items():
            yield f"absence.{self.table}.{name}", tally
