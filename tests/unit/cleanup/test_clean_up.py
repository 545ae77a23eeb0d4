"""The whole clean-up on 60 users and 3,000 events: exactly v1's go, that is proven, and they come back."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from pathlib import Path

from fixtures.google.calendar import Event
from migration.model import Verdict
from tests.unit.cleanup.support import Ground, ground

UNREACHABLE = ("revoked", "disconnected", "unreadable")
SERVERS = ("etag", "updated", "sequence")


def seen_by_people(made: Ground) -> dict[str, Event]:
    """Every event that somebody sees, without what Google changes by itself."""
    return {
        key: {name: value for name, value in event.items() if name not in SERVERS}
        for account in made.scene.emulator.accounts.values()
        for key, event in deepcopy(account.living()).items()
    }


def test_sixty_users_and_three_thousand_events(tmp_path: Path) -> None:
    made = ground(tmp_path, users=60, events=3000, states=UNREACHABLE)
    before, v1 = seen_by_people(made), made.scene.ids("v1")
    assert len(made.scene.truth) >= 3000
    assert min(Counter(made.scene.truth.values()).values()) > 50, "every kind is there in numbers"

    plan = made.plan()
    assert {one.event for one in plan.events} == v1
    assert sorted(plan.unreachable().values()) == sorted(UNREACHABLE)

    work = made.delete()
    assert work.states() == {"deleted": len(v1), "gone": 0, "refused": 0, "failed": 0, "waiting": 0}
    left = seen_by_people(made)
    assert before.keys() - left.keys() == v1
    assert left == {key: event for key, event in before.items() if key not in v1}

    proof = made.prove()
    assert (proof.verdict, proof.left, proof.seen, proof.unseen) == (Verdict.PASS, {}, 57, {})

    assert made.restore() == {"back": len(v1), "there": 0, "anew": 0, "not_back": 0}
    assert seen_by_people(made) == before
