"""One migrated pair per worker; each fault gets a copy of its run and tampers with the export in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from migration.config import Settings
from migration.run import Run
from tests.teeth.bench import Bench, migrated_pair

USERS, CASES, SEED = 25, 150, 20260115


def pytest_addoption(parser: pytest.Parser) -> None:
    """How large a pair the faults are planted in; `./inv soak faults` asks for others."""
    parser.addoption("--pair", default=f"{USERS},{CASES},{SEED}", help="users,cases,seed")


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Bench]:
    """A pair that was migrated and exported, still paused, ready to be judged in copies."""
    asked = str(pytestconfig.getoption("--pair", f"{USERS},{CASES},{SEED}"))
    users, cases, seed = map(int, asked.split(","))
    with migrated_pair(tmp_path_factory.mktemp("pair"), users=users, cases=cases, seed=seed) as found:
        yield found


@pytest.fixture(scope="session")
def migrated(bench: Bench) -> tuple[Settings, Run]:
    """The same, for what judges no copies."""
    return bench.settings, bench.run


@pytest.fixture
def copied(migrated: tuple[Settings, Run]) -> Iterator[tuple[Settings, Run]]:
    """The same run under another id, so that its export can be tampered with and judged on its own."""
    settings, original = migrated
    run = Run.create(settings)
    for name in ("manifest.json", "ledger.jsonl"):
        shutil.copy(original.folder / name, run.folder / name)
    run.update_manifest(run_id=run.id)
    for path in original.data.iterdir():
        (run.data / path.name).symlink_to(path)
    yield settings, run
    shutil.rmtree(run.data)
