"""Malformed requests and imports: never a 5xx, never a hang, and a refusal changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fixtures import deployment as deployments
from fixtures import malformed
from fixtures.deployment import Deployment
from fixtures.differential.runner import PROJECT

REQUESTS = 400


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    started = deployments.start(tmp_path_factory.mktemp("deployment"), PROJECT)
    yield started
    deployments.stop(started.pid)


def test_malformed_input_is_refused_without_harm(deployment: Deployment) -> None:
    account = malformed.run(deployment, range(REQUESTS))
    assert account.broken == []
    assert (account.tried, sum(account.answers.values())) == (REQUESTS, REQUESTS)
    # Most must be refused, and some must pass, or the generator proves little.
    assert account.answers[400] > REQUESTS // 3
    assert account.answers[200] > REQUESTS // 50
