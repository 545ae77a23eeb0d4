"""What no machine can know, and a person attests: the seeds' announcements, fixes, people and checkpoints.

`invoke attest ITEM` takes these names. Most are gates of production; the last two are said after go-live and
stand in the record only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from migration.errors import Refusal
from migration.preflight import dns
from migration.preflight.model import Answer, Gate
from migration.preflight.scene import Scene

PRODUCTION = ("production",)
Probe = Callable[[Scene], Answer | None]


def _gate(name: str, question: str, when_shut: str, days: float, probe: Probe | None = None) -> Gate:
    lasts = timedelta(days=days)
    return Gate(name, question, f"{when_shut} Then: ./inv attest {name}.", PRODUCTION, probe, lasts)


ATTESTED_GATES = (
    _gate(
        "announced-week",
        "Was the maintenance window announced to users a week before?",
        "Announce it; begin no sooner than seven days later.",
        14,
    ),
    _gate(
        "announced-day",
        "Was the window announced again the day before?",
        "Send the reminder.",
        3,
    ),
    _gate(
        "calendar-fixes",
        "Are v2's calendar fixes (32-02: automatic clean-up, clear-all button) verified on production's v2?",
        "Try both on the deployment, with an account of your own.",
        30,
    ),
    _gate(
        "dns",
        "Was the domain's TTL lowered (to 300 s or less), and the old TTL waited for?",
        "Lower it at the registrar, wait as long as the old TTL was.",
        7,
        dns.lowered,
    ),
    _gate(
        "team",
        "Is everybody who is needed available for the whole window and the hour after it?",
        "Agree on a window in which they are.",
        1,
    ),
    _gate(
        "test-verified",
        'Has a person looked at the migrated data in the test app ("test migration verified")?',
        "Sign in there: dashboard, a case, an edit, a new case, the CSV export.",
        7,
    ),
    _gate(
        "ready",
        'Is everything on the list done ("ready for production")?',
        "Go through this table; attest it last.",
        1,
    ),
)


@dataclass(frozen=True)
class Item:
    """Something to attest that opens no gate."""

    name: str
    meaning: str


AFTERWARDS = (
    Item("live", 'v2 is verified live ("go-live successful")'),
    Item("rollback-needed", 'v2 must be taken back, with the reason as the note ("rollback needed")'),
)


def known(name: str) -> str:
    """The item's meaning, or a `Refusal` that lists all items."""
    meanings = {gate.name: gate.question for gate in ATTESTED_GATES}
    meanings |= {item.name: item.meaning for item in AFTERWARDS}
    if name not in meanings:
        raise Refusal(
            f"There is no item {name!r} to attest.",
            next_step=f"Known: {', '.join(meanings)}.",
        )
    return meanings[name]
