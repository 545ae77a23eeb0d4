"""A line that contradicts itself is refused before its first task runs."""

from __future__ import annotations

from typing import cast

import pytest
from invoke.collection import Collection
from invoke.config import Config
from invoke.context import Context
from invoke.exceptions import Exit
from invoke.executor import Executor
from invoke.parser import Parser

from migration.config import ROOT
from verbs.executor import WholeLine
from verbs.flags import verb

done: list[tuple[object, ...]] = []


@verb
def migrate(_: Context, env: str = "", production: bool = False, resume: bool = False) -> None:
    """Stands in for the real one."""
    done.append(("migrate", env, production, resume))


@verb
def verify(_: Context, env: str = "", run: str = "") -> None:
    """Stands in for the real one."""
    done.append(("verify", env, run))


@pytest.fixture(autouse=True)
def _nothing_done(monkeypatch: pytest.MonkeyPatch) -> None:
    done.clear()
    monkeypatch.delenv("CUTOVER_ENV", raising=False)


def typed(line: str) -> None:
    """Runs a line as invoke would."""
    tasks = Collection(migrate, verify)
    parsed = Parser(contexts=tasks.to_contexts()).parse_argv(line.split())
    cast("Executor", WholeLine(tasks)).execute(*parsed)


@pytest.mark.parametrize(
    "line",
    [
        "migrate verify",
        "migrate --env test verify",
        "migrate --env test verify --env test",
        "migrate --production verify",
        "migrate --resume verify --run 20260115T000000Z-aaaa",
    ],
)
def test_a_line_that_agrees_with_itself_runs(line: str) -> None:
    typed(line)
    assert [name for name, *_ in done] == ["migrate", "verify"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("migrate --env test verify --env production", "pinned to the environment test"),
        ("migrate --production verify --env test", "pinned to the environment production"),
        ("migrate --env test --production verify", "contradict each other"),
        ("migrate verify --env test", "named at verify, after other tasks"),
        ("migrate verify --run 20260115T000000Z-aaaa", "begins a run, but verify is told"),
    ],
)
def test_a_line_that_contradicts_itself_does_nothing(
    line: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Exit) as caught:
        typed(line)
    assert caught.value.code == 12
    assert done == []
    assert why in " ".join(capsys.readouterr().err.split())


def test_a_task_typed_twice_runs_twice() -> None:
    config = Config(project_location=ROOT)
    config.load_project()
    assert config.tasks.dedupe is False
    assert config.tasks.executor_class == f"{WholeLine.__module__}.{WholeLine.__name__}"
