"""Whose an event is: every rule, and that what looks like v1's is not thereby v1's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from migration.calendar.classify import Kind, Known, judge
from migration.calendar.titles import employer_of, label_of, masked, masked_email

FENCED = datetime(2026, 1, 15, 12, tzinfo=UTC)
KNOWN = Known(
    v1_ids=frozenset({"one", "both"}),
    v2_ids=frozenset({"two", "both"}),
    employers=frozenset({"acme llc"}),
    since=FENCED,
)
OURS = {
    "id": "unknown",
    "status": "confirmed",
    "summary": "PWD Expiration: Acme  LLC",
    "description": "From perm tracker",
    "created": "2025-06-01T00:00:00Z",
}
LATE = {"created": "2026-01-15T12:00:00.000Z"}
SERIES = {"recurrence": ["RRULE:FREQ=DAILY"]}
GUESTS = {"attendees": [{"email": "x@example.com"}]}


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ({"id": "one"}, Kind.V1),
        ({"id": "one", "summary": "edited by hand"}, Kind.V1),
        ({"id": "one", **LATE}, Kind.V1),
        ({"id": "one", "status": "cancelled"}, Kind.GONE),
        ({"id": "one", **SERIES}, Kind.SERIES),
        ({"id": "one", "recurringEventId": "x"}, Kind.SERIES),
        ({"id": "one", **GUESTS}, Kind.ASK),
        ({"id": "two"}, Kind.V2),
        ({"id": "both"}, Kind.V2),
        ({}, Kind.V1),
        ({"description": "", "source": {"title": "PERM Tracker"}}, Kind.V1),
        ({"description": ""}, Kind.ASK),
        (GUESTS, Kind.ASK),
        (SERIES, Kind.SERIES),
        (LATE, Kind.ASK),
        ({"created": "whenever"}, Kind.ASK),
        ({"created": ""}, Kind.ASK),
        ({"summary": "PWD Expiration: Other LLC"}, Kind.ASK),
        ({"summary": "PWD Expiration:"}, Kind.ASK),
        ({"summary": "My PWD Expiration: Acme LLC"}, Kind.ASK),
        ({"summary": "Lunch", "description": "on the PWD Expiration: of it"}, Kind.OTHER),
    ],
)
def test_rule(event: dict[str, Any], kind: Kind) -> None:
    assert judge({**OURS, **event}, KNOWN).kind is kind


def test_event_from_after_the_fence_is_v2s_where_v2_writes() -> None:
    connected = Known(KNOWN.v1_ids, KNOWN.v2_ids, KNOWN.employers, FENCED, v2_connected=True)
    assert judge({**OURS, **LATE}, connected).kind is Kind.V2
    assert judge(OURS, connected).kind is Kind.V1


def test_reason_names_nobody() -> None:
    for event in (OURS, {**OURS, "id": "one"}, {**OURS, **LATE}, {**OURS, "description": ""}):
        assert "acme" not in judge(event, KNOWN).reason.casefold()


def test_titles_and_addresses_are_shown_masked() -> None:
    assert masked("RFI Response Due: Acme LLC") == "RFI Response Due: ***"
    assert masked("Acme LLC") == "***"
    assert masked_email(" Ann@Example.com") == "A***@E***"
    assert masked_email("no address") == "***"
    assert employer_of("RFE Response Due:  Acme   llc ") == "acme llc"
    assert label_of("rfe response due: x") is None
