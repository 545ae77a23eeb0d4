"""The mails that v2 sends by itself once it is open: reminders of deadlines, the weekly digest (weakness D2).

Worked out from the documents of the target, and once more from what they should be: a mail that only the one
or the other calls for is a fault of the migration. Mails that both call for are listed as declared, so that
whoever opens the target knows them. v2's rules: the jobs `checkDeadlineReminders` (daily at 14:00 UTC) and
`sendWeeklyDigest`; deadlines by date_rules section 6.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from checks.calendar.days import DAY, Thrown, iso
from checks.calendar.deadlines import extracted
from checks.oracle.expectation import Expected
from checks.oracle.rules import Document
from checks.tally import Tally
from checks.target.graph import Graph
from migration.model import Class, Kind

REMINDERS = "mails.reminders"
DIGEST = "mails.digest"
_HOUR = DAY // 24
_RUNS_AT = 14 * _HOUR
_DEFAULT_DAYS = (1, 3, 7, 14, 30)
"""Of a user without a profile, or with a deleted one: v2 mails them."""
_ALWAYS = (0, -1)
_NUMBERS = (int, float)
_NAMES = {"filing_window_closes": "filing_window_opens"}
"""v2 announces the window's closing under the name of its opening."""

Mail = tuple[str, int]
"""A deadline's type, and the days until it."""

Sent = tuple[object, object, object]
"""The case of a reminder that was sent, its deadline's type, and the days until it."""


def next_run(clock_ms: int) -> str:
    """The UTC day of the first reminder run after this instant."""
    return str(iso((clock_ms + DAY - _RUNS_AT) // DAY * DAY))


@dataclass(frozen=True)
class Readers:
    """Who gets which mail, by the id of the user: days before a deadline, and who gets the digest."""

    days: Mapping[str, frozenset[int]]
    digest: frozenset[str]

    @classmethod
    def among(cls, users: Iterable[Document], profiles: Iterable[Document]) -> Readers:
        """The readers among these people. Without an e-mail, or scheduled for deletion, nobody is one."""
        profile_of = {str(profile.get("userId")): profile for profile in profiles}
        days, digest = {}, set()
        for user in users:
            if not user.get("email"):
                continue
            own = str(user["_id"])
            profile = profile_of.get(own)
            usable = profile if profile is not None and "deletedAt" not in profile else None
            if "deletedAt" not in user:
                days[own] = _days(usable)
            if usable and usable.get("emailNotificationsEnabled") and _digest(usable):
                digest.add(own)
        return cls(days, frozenset(digest))

    @classmethod
    def of_expected(cls, before: Graph, expected: Mapping[str, Iterable[Expected]]) -> Readers:
        """Those that there must be: v2's own people as they were, under what is expected of v1's."""
        users = dict(before.users)
        profiles = {profile["_id"]: profile for profile in before.profiles}
        users.update((one.id, one.document) for one in expected["users"])
        profiles.update((one.id, one.document) for one in expected["userProfiles"])
        return cls.among(users.values(), profiles.values())


def _days(profile: Document | None) -> frozenset[int]:
    if profile is None:
        return frozenset((*_DEFAULT_DAYS, *_ALWAYS))
    if not (profile.get("emailNotificationsEnabled") and profile.get("emailDeadlineReminders")):
        return frozenset()
    listed = profile.get("reminderDaysBefore")
    days = [int(each) for each in listed if isinstance(each, _NUMBERS)] if isinstance(listed, list) else []
    return frozenset((*days, *_ALWAYS))  # what is no list of numbers is the schema check's finding


def _digest(profile: Document) -> bool:
    """v2 reads a missing value as a yes."""
    return profile.get("emailWeeklyDigest", True) is not False


def sent(notifications: Iterable[Document]) -> frozenset[Sent]:
    """The reminders that v2's notifications tell of."""
    told = (
        (note.get("caseId"), note.get("deadlineType"), note.get("daysUntilDeadline"))
        for note in notifications
        if note.get("type") == "deadline_reminder"
    )
    return frozenset(one for one in told if not any(isinstance(part, list | dict) for part in one))


class Reminders:
    """`mails.reminders` over the cases: the reminders of the first run after the run's clock.

    `behind` are the reminders that v2 has `sent` and will not send again.
    """

    def __init__(self, clock_ms: int, actual: Readers, expected: Readers, behind: Collection[Sent]) -> None:
        self._today = next_run(clock_ms)
        self._actual, self._expected = actual, expected
        self._sent = behind
        self._tally = Tally()

    def judge(self, expected: Expected | None, actual: Document, line: bytes) -> None:
        """Compare the mails about one case."""
        found = wanted = self._due(actual, self._actual)
        if expected is None:
            wanted = set()
        elif actual is not expected.document or self._differ(str(actual.get("userId"))):
            wanted = self._due(expected.document, self._expected)
        for mail in sorted(found | wanted):
            key = expected.key if expected else str(actual["_id"])
            self._count(key, mail, wanted=mail in wanted, found=mail in found)

    def _differ(self, user: str) -> bool:
        return self._actual.days.get(user) != self._expected.days.get(user)

    def _count(self, key: str, mail: Mail, *, wanted: bool, found: bool) -> None:
        kind, days = mail
        text = f"in {days} days, by the run of {self._today}"
        if wanted and found:
            self._tally.note(kind)
        self._tally.find(
            Kind.MISSING if not found else Kind.EXTRANEOUS,
            key,
            cls=Class.DECLARED if wanted and found else Class.INTRODUCED,
            table="cases",
            path=kind,
            rule=f"v2 mails a reminder {text}" if found else f"v2 would have mailed a reminder {text}",
        )

    def _due(self, case: Document, readers: Readers) -> set[Mail]:
        days = readers.days.get(str(case.get("userId")))
        if not days:
            return set()
        try:
            deadlines = extracted(case, self._today)
        except Thrown:
            return set()  # not a list of entries: the schema check's finding
        return {
            mail
            for one in deadlines
            if one["daysUntil"] in days and one["type"] != "filing_window_opens"
            if (case["_id"], *(mail := (_NAMES.get(one["type"], one["type"]), one["daysUntil"])))
            not in self._sent
        }

    def tallies(self) -> Iterator[tuple[str, Tally]]:
        """The one."""
        yield REMINDERS, self._tally


def digest(graph: Graph, actual: Readers, expected: Readers) -> Tally:
    """Users who get v2's weekly digest: nobody who comes from v1, and v2's own as before."""
    tally = Tally()
    for user in sorted(actual.digest | expected.digest):
        found, wanted = user in actual.digest, user in expected.digest
        tally.find(
            Kind.EXTRANEOUS if found else Kind.MISSING,
            graph.legacy_of(user) or user,
            cls=Class.DECLARED if found and wanted else Class.INTRODUCED,
            table="userProfiles",
            path="emailWeeklyDigest",
            rule="v2 mails a digest on Mondays" if found else "v2 would have mailed a digest on Mondays",
        )
    return tally
