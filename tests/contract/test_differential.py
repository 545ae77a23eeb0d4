"""The embedded deployment and convex-test make the same of the same generated programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from fixtures import deployment as deployments
from fixtures.differential import runner
from fixtures.differential.programs import program

SEQUENCES = 500


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    started = deployments.start(tmp_path_factory.mktemp("deployment"), runner.PROJECT)
    yield started.url
    deployments.stop(started.pid)


def test_generated_programs_do_the_same_as_in_convex_test(url: str) -> None:
    compared = list(runner.run(url, range(SEQUENCES)))
    assert len(compared) == SEQUENCES
    assert [one.difference for one in compared if one.difference] == []
    transactions = sum(one.transactions for one in compared)
    failures = sum(one.failures for one in compared)
    # A generator whose programs all fail, or all succeed, would prove little.
    assert transactions // 10 < failures < transactions // 2


def test_first_different_answer_is_the_difference() -> None:
    made = program(1)
    ours = [{"ok": n} for n, _ in enumerate([*made["transactions"], "everything"])]
    theirs: list[Any] = [*ours[:2], {"failed": True}, *ours[3:-1], {"failed": True}]
    assert runner.compared(made, {"ours": ours, "theirs": ours}).difference is None
    found = runner.compared(made, {"ours": ours, "theirs": theirs}).difference
    assert found == runner.Difference(1, made["transactions"][2], {"ok": 2}, {"failed": True})


def test_programs_grow_from_their_seed_alone() -> None:
    assert program(7) == program(7)
    assert program(7) != program(8)
    operations = {
        step["op"]
        for seed in range(50)
        for transaction in program(seed)["transactions"]
        for step in transaction.get("steps", [])
    }
    assert operations >= {"insert", "patch", "replace", "delete", "get", "query", "nested", "throw", "fail"}
