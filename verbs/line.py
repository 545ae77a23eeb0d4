"""What the tasks of one command line share: the environment, the typed confirmation and the run.

invoke binds flags to one task, so `invoke migrate --env test verify smoke` tells only `migrate` about test.
The first task pins the environment here (and `migrate` pins it in the run, for later command lines); later
tasks inherit it, and another one given later is refused (law 12).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from migration.errors import Refusal

if TYPE_CHECKING:
    from migration.config import Settings
    from migration.run import Run


def _agree(asked: str, pinned: str | None) -> None:
    if asked and pinned and asked != pinned:
        raise Refusal(
            f"This command line is pinned to the environment {pinned}, but {asked} was asked for.",
            next_step="Run them as two commands if you mean both.",
        )


@dataclass
class Line:
    """The state of one command line. Tests make their own; tasks share `LINE`. `begun`: the run is new.
    `afterwards`: the task comes after the cutover, and a rollback is no answer to what goes wrong in it."""

    environment: str | None = None
    confirm: str | None = None
    run_id: str | None = None
    run: Run | None = None
    begun: bool = False
    afterwards: bool = False

    def pin(self, env: str, *, production: bool = False, confirm: str = "", run: str = "") -> None:
        """Takes a task's flags over (empty: not given). Refuses another environment than the pinned one."""
        asked = "production" if production else env
        if production and env not in ("", "production"):
            raise Refusal(
                f"--production and --env {env} contradict each other.", next_step="Give one of them."
            )
        pinned = self.environment or os.environ.get("CUTOVER_ENV") or None
        _agree(asked, pinned)
        self.environment = asked or pinned
        self.confirm = confirm or self.confirm
        self.run_id = run or self.run_id

    def rehearses(self) -> None:
        """The task makes a pair of its own, whatever CUTOVER_ENV says; not on a line of another pair."""
        _agree("embedded", self.environment)
        self.environment = "embedded"

    def settings(self, *, of_run: bool = False) -> Settings:
        """The validated settings of the pinned environment; `of_run`: else of the run's own environment."""
        from migration import config, run

        if of_run and self.environment is None:
            self.environment = run.pinned_environment(config.runs_dir(), self.run_id)
        settings = config.load(self.environment, confirm=self.confirm)
        self.environment = settings.environment
        return settings

    def open_run(self, settings: Settings) -> Run:
        """The run that this command line works on: the one it began or named, else the latest."""
        from migration.run import Run

        if self.run is None:
            self.run = Run.open(settings, self.run_id)
        return self.run

    def begin_run(self, settings: Settings) -> Run:
        """A new run, which the later tasks of the line continue."""
        from migration.run import Run

        self.run, self.begun = Run.create(settings), True
        return self.run

    def take_back(self) -> bool:
        """Forgets the run of this line when it was begun on it and refused before its first step."""
        if self.run is None or not self.begun or self.run.ledger():
            return False
        self.run.discard()
        self.run = None
        return True


LINE = Line()
