"""`./inv contract --url`: the suite against a deployment that serves another project."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fixtures import deployment as deployments
from fixtures import statements
from fixtures.deployment import INSTANCE_NAME, Deployment
from fixtures.pair import FUNCTIONS
from migration.errors import FAIL, PASS, UNKNOWN, Refusal
from verbs import contract

# Two tests that any deployment passes, one that needs the test project, one that needs a process of its own.
SELECTED = "test_unknown_export or test_wrong_key_and_no_key or test_thrown_error or test_torn_last_line"


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    started = deployments.start(tmp_path_factory.mktemp("deployment"), FUNCTIONS)
    yield started
    deployments.stop(started.pid)


def test_suite_against_another_project_lists_what_it_could_not_try(
    elsewhere: Deployment, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(contract.KEY, elsewhere.admin_key)
    page = statements.PAGE.read_bytes()
    code = contract.run(url=elsewhere.url, confirm=INSTANCE_NAME, select=SELECTED, workers=1)
    said = capfd.readouterr().out
    assert code == PASS, said
    assert statements.PAGE.read_bytes() == page
    lines = {line.split(None, 1)[0]: line for line in said.splitlines()}
    assert "passed" in lines
    assert "FAILED" not in lines
    assert "(needs the functions and the schema of tests/contract/project)" in said
    assert "could not try 3 3.3 Download" not in said
    assert f"{len(statements.read())} statements: " in said.splitlines()[-1]


def test_suite_with_a_wrong_key_fails(elsewhere: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(contract.KEY, f"{INSTANCE_NAME}|guess")
    code = contract.run(url=elsewhere.url, confirm=INSTANCE_NAME, select="test_unknown_export", workers=1)
    assert code == FAIL


def test_verdict_is_unknown_when_nothing_was_tried_and_red_for_any_failed_test() -> None:
    judged = statements.judge(statements.read(), {})
    assert contract.verdict(judged, {}) == UNKNOWN
    assert contract.verdict(judged, {"test_a::test_of_no_statement": ["", "failed"]}) == FAIL


def test_deployment_is_emptied_only_when_its_name_is_typed(
    elsewhere: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(contract.KEY, raising=False)
    with pytest.raises(Refusal, match="admin key"):
        contract.run(url=elsewhere.url, confirm=INSTANCE_NAME, select="", workers=1)
    monkeypatch.setenv(contract.KEY, elsewhere.admin_key)
    with pytest.raises(Refusal, match="EMPTIES the deployment embedded"):
        contract.run(url=elsewhere.url, confirm="another", select="", workers=1)
    with pytest.raises(Refusal, match="does not answer"):
        contract.run(url="http://127.0.0.1:1", confirm=INSTANCE_NAME, select="", workers=1)
