"""The shared work of a phase, done once per session of judging and asserted on by many items.

A product is a named computation that yields tallies. Whoever comes first computes it under a lock and leaves
the result in the run's data folder; the session's other processes wait and read, or take a part of it where
it has parts (`checks.divided`). Who works ahead of the items is `checks.ahead`. An error is shared too: every
item that needs the product ends UNKNOWN, none tries again.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import orjson
from filelock import FileLock, Timeout

from checks.divided import Divided
from checks.tally import Tally
from migration.config import Settings, load
from migration.errors import CutoverError, RunIncomplete
from migration.run import Run

Computation = Callable[[Run, Settings], Mapping[str, Tally]]
Product = Computation | Divided
SESSION = "CUTOVER_SESSION"
"""The variable by which the processes of one session of judging know each other."""
_ALONE = f"alone-{os.getpid()}"
TIMES = "times.jsonl"
"""Beside the products: what each took."""


class Evidence:
    """The tallies of one run, by product and name."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._settings: Settings | None = None
        self._known: dict[str, Mapping[str, Tally]] = {}

    @property
    def settings(self) -> Settings:
        """The settings that the run is pinned to."""
        if self._settings is None:
            self._settings = load(self.run.settings_environment())
        return self._settings

    def tally(self, product: Product, name: str) -> Tally:
        """One tally of a product, computed at most once by all of the session's processes together."""
        key = product.__name__
        if key not in self._known:
            self._known[key] = self._load(product)
        if name not in self._known[key]:
            raise RunIncomplete(f"The product {key} has no tally {name}.")
        return self._known[key][name]

    def ahead(self, product: Product) -> None:
        """Work at a product before an item asks for it: at what nobody else has begun."""
        if isinstance(product, Divided):
            self._help(product)
            return
        try:
            with FileLock(self._path(product).with_suffix(".lock"), timeout=0):
                self._write(product)
        except Timeout:
            return

    def _load(self, product: Product) -> dict[str, Tally]:
        path = self._path(product)
        error = self._help(product) if isinstance(product, Divided) else b""
        with FileLock(path.with_suffix(".lock")):
            self._write(product, error)
        content = orjson.loads(path.read_bytes())
        if "error" in content:
            raise RunIncomplete(f"The comparison {product.__name__} could not be made: {content['error']}")
        return {name: Tally.load(dumped) for name, dumped in content.items()}

    def _path(self, product: Product) -> Path:
        folder = self.run.data / "checks" / os.environ.get(SESSION, _ALONE)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder / f"{product.__name__}.json"

    def _help(self, product: Divided) -> bytes:
        """The parts that nobody has begun; what went wrong with them, as it is shared."""
        path = self._path(product)
        if path.exists():
            return b""
        with _timed(product, path.parent):
            return _guarded(partial(product.help, self.run, self.settings, path.parent))

    def _write(self, product: Product, error: bytes = b"") -> None:
        """Compute it, unless it is there. The caller holds its lock."""
        path, compute = self._path(product), partial(product, self.run, self.settings)
        if isinstance(product, Divided):
            compute = partial(product.join, self.run, self.settings, path.parent)
        if not path.exists():
            with _timed(product, path.parent):
                path.write_bytes(error or _guarded(compute))


@contextmanager
def _timed(product: Product, folder: Path) -> Iterator[None]:
    """Notes one line beside the product: when work at it began and ended, in seconds since 1970, and the
    processor time that it took here."""
    began, before = time.time(), time.process_time()
    yield
    told = {"product": product.__name__, "began": began, "ended": time.time()}
    line = orjson.dumps({**told, "processor": time.process_time() - before})
    with (folder / TIMES).open("ab") as lines:
        lines.write(line + b"\n")  # one write of an append-only file: whole, whoever else does so


def _guarded(work: Callable[[], Mapping[str, Tally] | None]) -> bytes:
    """The tallies, or the error, as they are shared; empty when there is neither."""
    gc.disable()  # rows and documents hold no cycles; to look for some again and again is a tenth of the work
    try:
        found = work()
        return b"" if found is None else orjson.dumps({name: tally.dump() for name, tally in found.items()})
    except CutoverError as error:
        return orjson.dumps({"error": str(error)})
    except Exception as error:  # noqa: BLE001 - whatever it is, it must reach every item that waits for this
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = f" at {place.tb_frame.f_code.co_name}:{place.tb_lineno}" if place else ""
        return orjson.dumps({"error": f"{type(error).__name__}{where}"})
    finally:
        gc.enable()
