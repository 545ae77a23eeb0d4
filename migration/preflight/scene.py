"""What the probes share: both sides, opened when first asked for, and what this machine lends them.

Opened by `carry_out`, closed with it. Nothing here looks at anything.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg

from migration import introspect, source
from migration.calls import TargetInfo
from migration.config import Settings
from migration.introspect import Layout
from migration.progress import Progress, Silent
from migration.target import Target


@dataclass(frozen=True)
class Tools:
    """What a machine lends. `binaries`: the folder of pg_dump and psql, or a `Refusal` when there is none.

    `scratch`: an empty database of nobody's, as its superuser's DSN, gone at the end.
    """

    binaries: Callable[[], Path]
    scratch: Callable[[Path], AbstractContextManager[str]]


@dataclass
class Scene:
    """One preflight. `now` is injected, so that ages are judged by one clock."""

    settings: Settings
    tools: Tools
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    progress: Progress = field(default_factory=Silent)
    schema: dict[str, Any] | None = None
    """The deployed schema by table, where it could be read: set by the gate `schema`, used by `audit`."""

    def __post_init__(self) -> None:
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @cached_property
    def source(self) -> psycopg.Connection:
        """The source, connected to."""
        connection = source.connect(self.settings)
        self._stack.callback(connection.close)
        return connection

    @cached_property
    def layout(self) -> Layout:
        """What the source looks like."""
        return introspect.read(self.source)

    @cached_property
    def target(self) -> Target:
        """The target, as its admin."""
        return self._stack.enter_context(Target.of(self.settings.target))

    @cached_property
    def info(self) -> TargetInfo:
        """Who the target is."""
        return self.target.info()
