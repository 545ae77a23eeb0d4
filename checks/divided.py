"""A product whose work comes in parts: every worker that needs it takes the parts that nobody has begun.

What a worker saw of a part lies in the session's private folder until all parts are there and are joined. A
part whose worker died is done by whoever joins them. Which parts there are is the work's own business.
"""

from __future__ import annotations

import pickle
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from filelock import FileLock, Timeout

from checks.tally import Tally
from migration.config import Settings
from migration.run import Run


class Work(Protocol):
    """The work as one process does it. What `part` answers with can be pickled."""

    @property
    def parts(self) -> int:
        """How many parts there are: the same in every process."""

    def part(self, number: int) -> Any:
        """Do one of them."""

    def whole(self, seen: Sequence[Any]) -> Mapping[str, Tally]:
        """The tallies of all of them together, in the parts' order."""


Opened = Callable[[Run, Settings, Path], AbstractContextManager[Work]]
"""Opens the work; the path is a private folder that all processes at it share."""


class Divided:
    """A product like any other when it is called: then this process does every part."""

    def __init__(self, name: str, opened: Opened) -> None:
        self.__name__ = name
        self._opened = opened

    def __call__(self, run: Run, settings: Settings) -> Mapping[str, Tally]:
        scratch = run.data / "checks"
        scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = Path(tempfile.mkdtemp(dir=scratch))
        try:
            with self._opened(run, settings, folder) as work:
                return work.whole([work.part(number) for number in range(work.parts)])
        finally:
            shutil.rmtree(folder)

    def help(self, run: Run, settings: Settings, folder: Path) -> None:
        """Do the parts that nobody else has begun."""
        with self._opened(run, settings, folder) as work:
            for number in range(work.parts):
                try:
                    with FileLock(self._path(folder, number).with_suffix(".lock"), timeout=0):
                        self._seen(work, folder, number)
                except Timeout:
                    continue

    def join(self, run: Run, settings: Settings, folder: Path) -> Mapping[str, Tally]:
        """Wait for the others' parts, and join all. For one process only."""
        with self._opened(run, settings, folder) as work:
            seen = []
            for number in range(work.parts):
                with FileLock(self._path(folder, number).with_suffix(".lock")):
                    seen.append(self._seen(work, folder, number))
            return work.whole(seen)

    def _seen(self, work: Work, folder: Path, number: int) -> Any:
        """What a part came to; it is done now unless it is done already."""
        path = self._path(folder, number)
        if path.exists():
            return pickle.loads(path.read_bytes())  # noqa: S301 - this session wrote it, where nobody else may write
        seen = work.part(number)
        unfinished = path.with_suffix(".unfinished")
        unfinished.write_bytes(pickle.dumps(seen))
        unfinished.replace(path)
        return seen

    def _path(self, folder: Path, number: int) -> Path:
        return folder / f"{self.__name__}.{number}.part"
