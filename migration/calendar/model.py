"""The words of the calendar clean-up that several of its modules share: reach, outcomes, its own refusal."""

from __future__ import annotations

from enum import StrEnum

from migration.errors import Refusal


class CalendarRefusal(Refusal):
    """Refused before any calendar was touched: it stays a refusal (12) however far the run has come."""


class Reach(StrEnum):
    """Whether a user's calendar could be looked at. NEVER: v1 has neither token nor event of this user."""

    SEEN = "seen"
    NEVER = "never"
    DISCONNECTED = "disconnected"
    UNREADABLE = "unreadable"  # the stored token does not open
    REVOKED = "revoked"
    FAILED = "failed"


class Outcome(StrEnum):
    """What became of one planned event. GONE: it was not there any more, without us. REFUSED: it is no longer
    v1's own by the rules, so it was left."""

    DELETED = "deleted"
    GONE = "gone"
    REFUSED = "refused"
    FAILED = "failed"


class Restored(StrEnum):
    """What became of one event on the way back. ANEW: under another id, because Google had forgotten the
    old."""

    BACK = "back"
    THERE = "there"
    ANEW = "anew"
    NOT_BACK = "not_back"
