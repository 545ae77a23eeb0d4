"""One environment for a whole command line (law 12)."""

from __future__ import annotations

import pytest

from migration.errors import Refusal
from verbs.line import Line


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUTOVER_ENV", raising=False)


def test_later_tasks_inherit_the_environment_of_the_first() -> None:
    line = Line()
    line.pin("test")
    line.pin("")
    assert line.environment == "test"


def test_another_environment_later_on_the_line_is_refused() -> None:
    line = Line()
    line.pin("test")
    with pytest.raises(Refusal, match="pinned to the environment test, but embedded was asked for"):
        line.pin("embedded")


def test_cutover_env_pins_before_the_first_task(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUTOVER_ENV", "test")
    with pytest.raises(Refusal, match="pinned to the environment test, but production"):
        Line().pin("", production=True)


def test_a_rehearsal_is_made_up_whatever_cutover_env_says_but_not_on_another_s_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CUTOVER_ENV", "test")
    line = Line()
    line.rehearses()
    assert line.environment == "embedded"
    line = Line()
    line.pin("test")
    with pytest.raises(Refusal, match="pinned to the environment test, but embedded was asked for"):
        line.rehearses()


def test_production_is_a_flag_and_an_environment_at_once() -> None:
    line = Line()
    line.pin("production", production=True)
    line.pin("", production=True)
    assert line.environment == "production"


def test_production_and_another_environment_contradict_each_other() -> None:
    with pytest.raises(Refusal, match="contradict"):
        Line().pin("test", production=True)


def test_the_typed_name_is_kept_for_the_rest_of_the_line() -> None:
    line = Line()
    line.pin("production", confirm="happy-otter-123")
    line.pin("")
    assert line.confirm == "happy-otter-123"
