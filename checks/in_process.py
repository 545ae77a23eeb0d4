"""A phase of checks in this process: the same items, products and rules, without pytest's start-up.

For judging copies of an export that differ in a document or two, many times over: the planted faults of
`tests/teeth`. What a run is judged by is the pytest phase; nothing here writes into a run. Every item is
asked, in the way the modules `check_*` ask it; one that raises is UNKNOWN, as it would be there.
"""

from __future__ import annotations

import importlib
import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import pytest

from checks.accounts import accounts
from checks.conftest import write
from checks.evidence import Evidence, Product
from checks.freshness import freshness
from checks.jobs import jobs
from checks.substance import substance
from checks.tally import Tally
from fixtures.recorder import ERROR, RESULTS, STARTED, Recorder, suite_of
from migration.config import Settings
from migration.model import CheckResult, Phase
from migration.run import Run

ROOM = Path(__file__).parent
Shared = Mapping[str, Mapping[str, Tally]]
"""Products that are known already, by name: those that do not look at the export."""


class _Memory(Evidence):
    """Evidence that computes in this process and leaves no file behind."""

    def __init__(self, run: Run, settings: Settings, shared: Shared) -> None:
        super().__init__(run)
        self._settings = settings
        self._known = dict(shared)

    def _load(self, product: Product) -> dict[str, Tally]:
        return dict(product(self.run, self.settings))


class _Item:
    """As much of a pytest item as the recorder asks for."""

    def __init__(self, nodeid: str, phase: Phase) -> None:
        self.nodeid, self._phase = nodeid, phase
        self.stash = pytest.Stash()
        self.stash[RESULTS], self.stash[STARTED], self.stash[ERROR] = [], time.monotonic(), ""

    def get_closest_marker(self, name: str) -> bool:
        """Whether the item is of this phase."""
        return name == self._phase.value


class _Collected(Run):
    """The run, with results kept in memory instead of appended to its record."""

    def append_result(self, result: CheckResult, *, settled: bool = True) -> None:
        """The recorder keeps each result with its item too; that is where they are read."""

    def list_findings(self, result: CheckResult, further: Sequence[str]) -> None:
        """Nobody reads more than the sample here."""


def judged(
    run: Run, settings: Settings, data: Path, *, phase: Phase = Phase.DATA, shared: Shared | None = None
) -> list[CheckResult]:
    """What every check of a phase says of `data`, a folder that stands for the run's own.

    `shared` saves products that the difference can not touch (`shared_products`).
    """
    seen_as = _Collected(run.folder, data)
    evidence = _Memory(seen_as, settings, shared or {})
    (data / "checks").mkdir(exist_ok=True, mode=0o700)
    return [result for item in _items(phase) for result in item(seen_as, evidence)]


def shared_products(run: Run, settings: Settings) -> Shared:
    """The products that read only the source and the run's records, computed once."""
    apart = (accounts, freshness, jobs, substance)
    return {product.__name__: dict(product(run, settings)) for product in apart}


def check_ids(phase: Phase = Phase.DATA) -> list[str]:
    """The ids of all items of a phase."""
    return [item.identifier for item in _items(phase)]


class _Asked:
    """One item: a test function of a suite with its parameter."""

    def __init__(self, module: ModuleType, function: Callable[..., None], values: dict[str, Any]) -> None:
        self._phase = Phase(module.pytestmark.name)
        self._function, self._values = function, values
        parameter = "-".join(map(str, values.values()))
        self.nodeid = f"checks/{module.__name__.rpartition('.')[2]}.py::{function.__name__}"
        self.nodeid += f"[{parameter}]" if values else ""

    @property
    def identifier(self) -> str:
        """The check id, as a run's records have it."""
        name = self._function.__name__.removeprefix("test_")
        head, bracket, parameter = self.nodeid.partition("[")
        return f"{suite_of(head.partition('::')[0])}.{name}{bracket}{parameter}"

    def __call__(self, run: Run, evidence: Evidence) -> list[CheckResult]:
        """Ask it."""
        item = _Item(self.nodeid, self._phase)
        record = Recorder(cast(pytest.Item, item), run, 1)

        def judge(product: Product, name: str, **told: Any) -> CheckResult:
            told.setdefault("scope", name)
            return write(record, evidence.tally(product, name), **told)

        offered = {"judge": judge, "record": record, "evidence": evidence}
        wanted = self._function.__code__.co_varnames[: self._function.__code__.co_argcount]
        try:
            self._function(**{name: offered.get(name, self._values.get(name)) for name in wanted})
        except Exception as error:  # noqa: BLE001 - whatever it is, the item did not judge
            record.nothing(type(error).__name__)
        return item.stash[RESULTS]


def _items(phase: Phase) -> Iterator[_Asked]:
    for path in sorted(ROOM.glob("check_*.py")):
        module = importlib.import_module(f"checks.{path.stem}")
        if module.pytestmark.name == phase.value:
            for name, function in vars(module).items():
                if name.startswith("test_"):
                    for values in _parameters(function):
                        yield _Asked(module, function, values)


def _parameters(function: Callable[..., None]) -> Iterator[dict[str, Any]]:
    """Every combination of a function's `parametrize` marks, each of one name."""
    marks = [mark for mark in getattr(function, "pytestmark", []) if mark.name == "parametrize"]
    for values in itertools.product(*(mark.args[1] for mark in marks)):
        yield {mark.args[0]: value for mark, value in zip(marks, values, strict=True)}
