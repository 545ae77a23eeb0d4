"""What tests share: one PostgreSQL per worker, one database per test, each started and ended here.

pg_server        the server (session), started when the first test asks for it
new_database     a function: layout (or None for an empty one) -> DSN of a database of this test
v1_database      DSN, as Supabase's role postgres, of an empty v1 database
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fixtures import postgres
from fixtures.layout import Layout
from fixtures.seed import seed_source

os.environ.pop("GITHUB_STEP_SUMMARY", None)  # a test's runs do not belong on the page of the job that tests
_numbers = itertools.count(1)
ROOT = Path(__file__).resolve().parent.parent
OURS_TO_WRITE = ("quarantine.toml", "acceptances.toml", ".env")
"""Files that a person keeps in the checkout: no test may make one there."""


@pytest.fixture(scope="session", autouse=True)
def checkout_unwritten() -> Iterator[None]:
    before = {name for name in OURS_TO_WRITE if (ROOT / name).exists()}
    yield
    assert {name for name in OURS_TO_WRITE if (ROOT / name).exists()} == before


@pytest.fixture(scope="session")
def pg_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[postgres.Postgres]:
    folder = tmp_path_factory.mktemp("postgres")
    yield postgres.start(folder)
    postgres.stop(folder, remove=True)


@pytest.fixture
def new_database(pg_server: postgres.Postgres) -> Iterator[Callable[[Layout | None], str]]:
    made: list[str] = []

    def create(layout: Layout | None) -> str:
        made.append(f"test_{next(_numbers)}")
        return pg_server.create_database(made[-1], layout)

    yield create
    for name in made:
        pg_server.drop_database(name)


@pytest.fixture
def v1_database(new_database: Callable[[Layout | None], str]) -> str:
    return new_database(Layout())


@pytest.fixture(scope="session")
def seeded_source(pg_server: postgres.Postgres) -> str:
    dsn = pg_server.create_database("seeded_source", Layout())
    seed_source(dsn)
    return dsn
