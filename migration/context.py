"""What the steps of one run share: both connections, the run's folders, and how an error becomes a sentence.

Made by `migration.flow`, used by `migration.steps`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cached_property

import httpx
import psycopg

from migration import introspect, source
from migration.config import Settings
from migration.errors import CutoverError, Refusal, RunIncomplete
from migration.introspect import Layout
from migration.link import Lookup
from migration.progress import Progress
from migration.run import Run
from migration.snapshot import Least
from migration.target import Target
from migration.wire import ConnectionLost, WireError
from migration.written import Written


@dataclass
class Context:
    """An open run. `touched`: something was changed on either side, so a refusal is no longer one."""

    settings: Settings
    run: Run
    progress: Progress
    source: psycopg.Connection
    target: Target
    touched: bool = False
    lookup: Lookup | None = field(default=None)

    @cached_property
    def layout(self) -> Layout:
        """What the source looks like."""
        return introspect.read(self.source)

    @property
    def least(self) -> Least:
        """What an empty source is told by."""
        return Least(self.settings.minimum_users, self.settings.minimum_cases, self.settings.canary_email)

    @property
    def written(self) -> Written:
        """What earlier runs wrote to this deployment."""
        return Written(self.settings.data_dir, str(self.run.manifest()["target"]["identity"])[:16])

    def advance(self, done: int, total: int | None = None) -> None:
        """Progress of the current step."""
        self.progress.advance(done, total)


@contextmanager
def opened(settings: Settings, run: Run, progress: Progress) -> Iterator[Context]:
    """A context with both sides connected, closed afterwards."""
    with closing(source.connect(settings)) as connection, Target.of(settings.target) as target:
        yield Context(settings, run, progress, connection, target)


@contextmanager
def explained(what: str, *, touched: bool) -> Iterator[None]:
    """Turns a driver's error into a sentence without its words, which may quote people's data (law 13).

    Before anything was touched, whatever the adapters meet is a refusal; once something was, their refusals
    (unreachable, wrong key) mean an unfinished run. Refusals of a kind of their own stay refusals.
    """
    try:
        yield
    except CutoverError as error:
        if touched and type(error) is Refusal:
            raise RunIncomplete(
                error.happened,
                touched="The run had begun: the fence and the pause stay as they are.",
                next_step=f"{error.next_step} Then type the same line again (migrate with --resume), "
                "or take the run back: invoke rollback.",
            ) from error
        if not touched and isinstance(error, WireError | ConnectionLost):
            raise Refusal(
                error.happened, next_step="Check the target's address and key, try again."
            ) from error
        raise
    except (psycopg.Error, httpx.HTTPError, OSError) as error:
        code = getattr(error, "sqlstate", None) or getattr(error, "errno", None) or ""
        happened = f"{what} failed ({type(error).__name__} {code}".rstrip() + ")."
        if not touched:
            raise Refusal(happened, next_step="Try again when the cause is gone.") from error
        raise RunIncomplete(
            happened,
            touched="The fence and the pause stay as they are.",
            next_step="Continue with --resume when the cause is gone, or take it back: invoke rollback.",
        ) from error
