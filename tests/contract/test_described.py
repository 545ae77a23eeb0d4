"""Requests from Convex's own description of its routes: refused when they break it, answered as it says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fixtures import deployment as deployments
from fixtures import described
from fixtures.deployment import Deployment
from fixtures.differential.runner import PROJECT

SEED, EXAMPLES = 20_260_115, 25


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    started = deployments.start(tmp_path_factory.mktemp("deployment"), PROJECT)
    yield started
    deployments.stop(started.pid)


def test_described_routes_answer_as_convex_describes_them(deployment: Deployment) -> None:
    account = described.run(deployment, described.served(), SEED, EXAMPLES)
    assert account.broken == []
    assert account.tried > 2 * EXAMPLES
    assert account.answers.keys() == {200, 400}


def test_answer_that_is_not_the_described_one_is_noticed(deployment: Deployment) -> None:
    other = described.served()
    kinds = other["components"]["schemas"]["DeploymentInfoResponse"]["anyOf"]
    kinds[:] = [kind for kind in kinds if kind["properties"]["kind"] == {"const": "cloud"}]
    account = described.run(deployment, other, SEED, 1)
    assert [line for line in account.broken if "/deployment_info" in line] == account.broken != []


def test_request_that_should_have_been_refused_is_noticed(deployment: Deployment) -> None:
    other = described.served()
    # Changes that are always taken, beside a field that the server does not know and so does not ask for.
    other["components"]["schemas"]["UpdateEnvVarRequest"] = {"const": {"name": "A"}}
    body = other["components"]["schemas"]["UpdateEnvVarsRequest"]
    body["properties"]["unknown"], body["required"] = {"type": "integer"}, ["changes", "unknown"]
    account = described.run(deployment, other, SEED, 30)
    assert "/update_environment_variables" in str(account.broken)


def test_description_has_what_the_contract_says_of_variables() -> None:
    schemas = described.served()["components"]["schemas"]
    assert schemas["UpdateEnvVarRequest"]["required"] == ["name"]
    assert schemas["ListEnvVarsResponse"]["properties"]["environmentVariables"] == {
        "type": "object",
        "properties": {},
        "required": [],
        "additionalProperties": {"type": "string"},
    }
