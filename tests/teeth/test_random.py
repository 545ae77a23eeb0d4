"""Random faults from a fixed seed are found, each by its own finding; the campaign is `./inv soak random`."""

from __future__ import annotations

import pytest

from checks import untouched
from tests.soak.random import TOGETHER, drawn
from tests.soak.random_faults import recall
from tests.soak.random_faults.batches import batches
from tests.soak.random_faults.places import places
from tests.soak.random_faults.recall import Judge
from tests.teeth.bench import Bench

SEED = 20260115
SHARES, OF = 3, 9
"""Every third place of v2's schema has one mutation, in parts that workers can share."""


@pytest.mark.parametrize("share", range(SHARES))
def test_random_faults_are_found(bench: Bench, share: int) -> None:
    judge = Judge(bench, SEED)
    found = drawn(judge.material, places()[share::OF], SEED, lambda _: 1)
    assert len(found) > 20
    assert [line for batch in batches(found, TOGETHER) for line in judge.broken(batch)] == []


def test_what_blind_checks_miss_is_told_with_its_place_and_the_smallest_like_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(untouched, "canonical", lambda _: b"always the same")
    monkeypatch.setattr(recall, "ATTEMPTS", 3)
    judge = Judge(bench, SEED)
    chosen = [place for place in places() if str(place) == "jobDescriptionTemplates.name"]
    (mutation,) = drawn(judge.material, chosen, SEED, lambda _: 1)
    (line,) = judge.broken([mutation])
    assert line.startswith(f"missed: {mutation}; the smallest like it: jobDescriptionTemplates.name of v2, ")
