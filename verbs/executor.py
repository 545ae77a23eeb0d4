"""Looks at a whole command line before its first task runs, so that a contradiction touches nothing.

invoke binds flags to one task: without this, `invoke migrate --env test verify --env production` would
migrate before it is refused (laws 2 and 12). Named in invoke.yaml, so that plain `invoke` does as `./inv`.
"""

from __future__ import annotations

from typing import Any

from invoke.executor import Executor
from invoke.parser.context import ParserContext

from migration.errors import Refusal
from verbs.exits import guarded
from verbs.line import Line


class WholeLine(Executor):
    """invoke's executor, with that one look."""

    def execute(self, *tasks: Any) -> Any:
        """Runs the tasks, if they can be one line."""
        agree(tasks)
        return super().execute(*tasks)


@guarded
def agree(tasks: tuple[Any, ...]) -> None:
    """Refuses (12) two environments on one line, an environment named too late, and another run beside the
    one that the line begins."""
    line, chosen, begins = Line(), False, False
    for task in tasks:
        given = task.as_kwargs if isinstance(task, ParserContext) else {}
        line.pin(given.get("env") or "", production=bool(given.get("production")))
        if chosen and line.environment:
            raise Refusal(
                f"The environment {line.environment} is named at {task.name}, after other tasks of the line.",
                next_step="Name it at the first task; the later ones inherit it.",
            )
        if given.get("run") and begins:
            raise Refusal(
                f"This line begins a run, but {task.name} is told to work on run {given['run']}.",
                next_step="Type them as two lines, or leave --run out.",
            )
        chosen = chosen or ("env" in given and line.environment is None)
        begins = begins or (task.name == "migrate" and not given.get("resume"))
