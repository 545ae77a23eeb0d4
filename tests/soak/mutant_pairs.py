"""The data on which mutants are tried: migrated runs of the embedded pair.

    ordinary   every recipe of the factories once, over a target that v2's users have used
    worn       the same source, worn out and changed since, migrated a second time: the target holds what the
               first run wrote
    decided    every hazard, and a decision about each
               and the same undecided, at once and reason by reason: here the sound engine loads nothing, and
               a mutant that loads is judged

A mutant that is not told apart on one set is tried on the next. Not here: what a mutant is
(`tests.soak.mutation`), and how it is judged (`tests.soak.mutant_judge`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fixtures import pair
from fixtures.hazards import decided
from fixtures.pair import PairState
from fixtures.wear import wear
from migration import flow, quarantine
from migration.config import Settings
from migration.errors import RowsQuarantined
from migration.quarantine import Resolution
from migration.run import Run
from tests.conduct.decisions import somebody
from tests.teeth.bench import settings_of

USERS, CASES = 30, 300
HAZARDOUS_USERS, HAZARDOUS_CASES = 4, 20


@dataclass(frozen=True)
class Data:
    """A run that was migrated and exported. `decisions`: the files with which it is judged, in turn."""

    name: str
    settings: Settings
    run: Run
    decisions: tuple[Path, ...]


@contextmanager
def ordinary(folder: Path) -> Iterator[Data]:
    """The run whose data tells nearly all mutants apart."""
    with _pair(folder, USERS, CASES) as (_, settings):
        yield _migrated("ordinary", settings)


@contextmanager
def all_data(folder: Path) -> Iterator[list[Data]]:
    """Every set, in the order in which they are tried."""
    with (
        _pair(folder / "ordinary", USERS, CASES) as (_, settings),
        _pair(folder / "worn", USERS, CASES) as (worn, worn_settings),
        _pair(folder / "hazards", HAZARDOUS_USERS, HAZARDOUS_CASES, hazards=True) as (state, hazardous),
    ):
        yield [
            _migrated("ordinary", settings),
            _worn_out(worn, worn_settings),
            _with_decisions(state, hazardous),
        ]


@contextmanager
def _pair(
    folder: Path, users: int, cases: int, *, hazards: bool = False
) -> Iterator[tuple[PairState, Settings]]:
    folder.mkdir(parents=True)
    try:
        yield pair.up(folder, users=users, cases=cases, hazards=hazards), settings_of(folder)
    finally:
        pair.down(folder)


def _migrated(name: str, settings: Settings) -> Data:
    run = Run.create(settings)
    flow.migrate(settings, run)
    flow.export_target(settings, run, "verified.zip")
    return Data(name, settings, run, (settings.quarantine_file,))


def _worn_out(state: PairState, settings: Settings) -> Data:
    flow.migrate(settings, Run.create(settings))
    wear(state.postgres_dsn)
    return _migrated("worn", settings)


def _with_decisions(state: PairState, settings: Settings) -> Data:
    """Migrates until rows are set aside, decides about each, and goes on."""
    run = Run.create(settings)
    try:
        flow.migrate(settings, run)
    except RowsQuarantined:
        by_reason = _decisions(state, run)
    else:
        raise RuntimeError("no hazard was held back")
    file = settings.quarantine_file
    _write(file, by_reason, without="")
    flow.migrate(settings, run, resume=True)
    flow.export_target(settings, run, "verified.zip")
    nothing = file.with_name("nothing-decided.toml")  # stays absent
    lacking = [file.with_name(f"without-{reason}.toml") for reason in sorted(by_reason)]
    for path, reason in zip(lacking, sorted(by_reason), strict=True):
        _write(path, by_reason, without=reason)
    return Data("decided", settings, run, (file, nothing, *lacking))


def _decisions(state: PairState, run: Run) -> dict[str, list[Resolution]]:
    owner, seen = somebody(state), Counter[tuple[str, str]]()
    found: dict[str, list[Resolution]] = {}
    for row in quarantine.read(run.data / "quarantine.jsonl"):
        if row.reason == "owner_quarantined":
            continue
        seen[row.reason, row.where] += 1
        what = decided(row.reason, row.table, row.where, seen[row.reason, row.where], owner)
        if what is not None:
            told = {"table": row.table, "key": row.key, "as": what[0], "value": what[1]}
            one = Resolution.model_validate({**told, "by": "Ann", "reason": "rehearsed"})
            found.setdefault(row.reason, []).append(one)
    return found


def _write(path: Path, by_reason: Mapping[str, list[Resolution]], *, without: str) -> None:
    for reason, several in by_reason.items():
        for one in several if reason != without else ():
            quarantine.append(path, one)
