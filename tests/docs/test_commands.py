"""The commands that README and runbook show exist, and their flags parse: these pages can not go stale.

What the commands do is tested elsewhere; here they are only parsed by invoke's own parser.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from invoke.collection import Collection
from invoke.parser.context import ParserContext
from invoke.parser.parser import Parser

import tasks
from migration.preflight.items import AFTERWARDS, ATTESTED_GATES

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("README.md", "docs/runbook.md", "docs/decommission.md")
COMMAND = re.compile(r"\./inv ([a-z][^`#\n|]*)")
WORKFLOWS = (".github/workflows/ci.yml", ".github/workflows/rehearse.yml", ".ci/run")


@cache
def namespace() -> Collection:
    """The tasks as invoke loads them."""
    return Collection.from_module(tasks)


def commands() -> list[str]:
    """Every `./inv ...` of the pages, once."""
    found = [match.strip() for page in PAGES for match in COMMAND.findall((ROOT / page).read_text())]
    return sorted(set(found))


def parsed(command: str) -> list[str]:
    """The names of the tasks that invoke would run for this command line."""
    contexts: Any = namespace().to_contexts()
    result = Parser(contexts=contexts, initial=ParserContext()).parse_argv(shlex.split(command))
    return [str(context.name) for context in result if context.name]


@pytest.mark.parametrize("command", commands())
def test_documented_command_exists_and_its_flags_parse(command: str) -> None:
    assert parsed(command)


@pytest.mark.parametrize("page", WORKFLOWS)
def test_command_of_a_workflow_exists_and_its_flags_parse(page: str) -> None:
    found = COMMAND.findall((ROOT / page).read_text())
    assert found
    for command in found:
        assert parsed(command.strip())


def test_a_command_that_does_not_exist_would_be_noticed() -> None:
    with pytest.raises(Exception, match="No idea what"):
        parsed("rehearse --no_such_flag")


def test_readme_shows_the_two_commands_that_everything_starts_with() -> None:
    assert {"rehearse", "test"} <= set(commands())


def test_every_task_stands_in_exactly_one_chapter() -> None:
    listed = [name for names in tasks.CHAPTERS.values() for name in names]
    assert sorted(listed) == sorted(namespace().task_names)


def test_every_task_says_in_one_line_what_it_does() -> None:
    unsaid = [name for name in namespace().task_names if not (namespace()[name].body.__doc__ or "").strip()]
    assert unsaid == []


def test_the_list_reads_like_a_table_of_contents() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "verbs.program", "--list"],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line for line in done.stdout.splitlines() if line]
    assert [line for line in lines if not line.startswith(" ")] == list(tasks.CHAPTERS)
    entries = [line for line in lines if line.startswith(" ")]
    assert len(entries) == len(namespace().task_names), "a one-line description wraps"


def test_a_reader_that_has_read_enough_gets_no_traceback() -> None:
    line = f"{sys.executable} -m verbs.program --list | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode in {0, 141}, done.stderr) == (True, "")


def test_operators_verbs_are_all_in_the_runbook() -> None:
    runbook = "".join(
        (ROOT / "docs" / f"{name}.md").read_text() for name in ("runbook", "calendar", "decommission")
    )
    operators = [name for title, names in tasks.CHAPTERS.items() if "harness" not in title for name in names]
    assert [name for name in operators if name not in runbook] == []


def test_every_command_of_the_runbook_is_typed_by_its_campaign() -> None:
    """`./inv soak runbook` types them; this only sees to it that none is left out."""
    from tests.soak import runbook

    shown = {match.strip() for match in COMMAND.findall((ROOT / "docs" / "runbook.md").read_text())}
    source = Path(runbook.__file__).read_text()
    typed = {*re.findall(r'"((?:[a-z][\w.-]*)(?: [^"\n]*)?)"', source), *runbook.LEFT_OUT}
    attested = {line for line in shown if line.startswith("attest ")}
    assert [line for line in sorted(shown - attested) if line not in typed] == []
    items = {gate.name for gate in ATTESTED_GATES} | {item.name for item in AFTERWARDS}
    assert {line.split()[1] for line in attested} <= items
