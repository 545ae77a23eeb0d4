"""How long to wait before something is tried again: doubling, with jitter, or what the other side asks for.

For requests (`migration.wire`), locks (`migration.fence`) and new connections (`migration.source`). How often
something is tried, and whether it may be at all, is decided where it is done.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST = 60.0
"""Seconds that we wait at most because we are asked to: a window has 1,800, and no request waits alone."""

_LONGEST_OWN = 20.0
_FIRST = 0.4


def pause(attempt: int, retry_after: str | None = None, now: datetime | None = None) -> float:
    """Seconds before the attempt after number `attempt` (from 1). `retry_after` is the header's text: seconds
    or a date (RFC 9110 10.2.3); what is neither counts as absent. `now` is the present, for the date.
    """
    asked = _asked(retry_after, now or datetime.now(UTC)) if retry_after else None
    if asked is not None:
        # never sooner than asked, and not all clients in the same moment
        return min(asked, LONGEST) + random.uniform(0.0, 0.2)  # noqa: S311 - jitter only
    return min(_FIRST * 2.0 ** (attempt - 1), _LONGEST_OWN) * random.uniform(0.5, 1.0)  # noqa: S311


def _asked(retry_after: str, now: datetime) -> float | None:
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
