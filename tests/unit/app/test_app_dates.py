"""The app's date rules against the vectors that v2's own code produced."""

from __future__ import annotations

from collections import Counter
from typing import Any

import orjson
import pytest

from tests.unit.app import scripts

VECTORS = scripts.FACTS / "date_vectors.jsonl"

# What v2 uses only for the limits in its form and for chat tools. The app has neither.
NOT_IN_THE_APP = {
    "lastSundayOnOrBefore",
    "calculateETA9089Window",
    "calculateRecruitmentEnd",
    "calculateRecruitmentDeadlines",
    "calculateRecruitmentWindowCloses_window",
    "validateRecruitment",
}


@pytest.fixture(scope="module")
def replay(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    replayed: dict[str, Any] = scripts.run("vectors.ts", tmp_path_factory.mktemp("vectors"), VECTORS)
    return replayed


def test_every_vector_of_an_implemented_rule_gives_what_v2_gave(replay: dict[str, Any]) -> None:
    assert replay["differences"] == []


def test_no_vector_is_left_out_but_those_of_rules_the_app_does_not_use(replay: dict[str, Any]) -> None:
    stored = Counter(orjson.loads(line)["fn"] for line in VECTORS.read_bytes().splitlines())
    assert set(replay["unknown"]) == NOT_IN_THE_APP
    assert replay["replayed"] | replay["unknown"] == dict(stored)
