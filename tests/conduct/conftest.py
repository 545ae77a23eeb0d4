"""One embedded pair per worker, put back after each test; a desk of its own for every test.

desk      lines are typed here; no pair is configured
pair      the running pair's state and folder (session)
kept      a desk where the pair is the kept one; both sides are as they were when the test has ended
unmoved   a function: fails when a line changed either side of the pair
settings  the pair as a test environment, for what is asked without typing a line; `ask` asks its gates
"""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from fixtures import pair as pairs
from fixtures import wire
from fixtures.pair import PairState
from migration import config, fence
from migration.config import Settings
from migration.target import Target
from tests.conduct.asking import Ask, asker
from tests.conduct.desk import Desk, secrets_of, variables_of
from tests.conduct.sides import look

USERS, CASES = 8, 40


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> None:
    """A shell without a terminal starts background jobs with SIGINT ignored, which every child inherits: the
    commands under test are to be interrupted as a person's are."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Root's PostgreSQL runs as somebody else, who may not enter pytest's own folders."""
    temporary = Path(tempfile.mkdtemp(prefix="desk-"))
    temporary.chmod(0o755)
    made = Desk(tmp_path, temporary)
    yield made
    shutil.rmtree(temporary, ignore_errors=True)
    assert made.indiscreet() == []


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, PairState]]:
    folder = tmp_path_factory.mktemp("pair")
    try:
        yield folder, pairs.up(folder, users=USERS, cases=CASES)
    finally:
        pairs.down(folder)


@pytest.fixture(scope="session")
def initial(pair: tuple[Path, PairState]) -> Path:
    """What the target held at first."""
    folder, state = pair
    wire.export_zip(state.convex_url, state.convex_admin_key, folder / "initial.zip")
    return folder / "initial.zip"


@pytest.fixture
def kept(pair: tuple[Path, PairState], initial: Path, desk: Desk) -> Iterator[Desk]:
    folder, state = pair
    desk.secrets, desk.more = secrets_of(state), {"CUTOVER_PAIR": str(folder / "pair.json")}
    yield desk
    (folder / "quarantine.toml").unlink(missing_ok=True)
    with psycopg.connect(state.postgres_dsn, autocommit=True) as connection:
        fence.lift(connection, "conduct")
    with Target(state.convex_url, state.convex_admin_key) as target:
        target.import_zip(initial, "replaceAll")
        target.unpause()


@pytest.fixture
def unmoved(pair: tuple[Path, PairState], kept: Desk) -> Iterator[None]:
    """Both sides are the same when the test has ended, and nothing was begun."""
    _, state = pair
    before = look(state, kept.folder)
    yield
    assert look(state, kept.folder) == before
    assert before.state == "running"


@pytest.fixture
def configured(pair: tuple[Path, PairState], kept: Desk) -> Callable[..., dict[str, str]]:
    """The variables with which the same pair is the test environment, and what a test changes in them."""
    _, state = pair

    def variables(**changed: str) -> dict[str, str]:
        return {
            "CUTOVER_PAIR": str(kept.folder / "no-pair" / "pair.json"),
            **variables_of(state),
            **changed,
        }

    return variables


@pytest.fixture(scope="module")
def unmoved_by_all(pair: tuple[Path, PairState], tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """When all gates of this module have been asked, both sides are as they were."""
    folder = tmp_path_factory.mktemp("look")
    before = look(pair[1], folder)
    yield
    assert look(pair[1], folder) == before


@pytest.fixture
def settings(pair: tuple[Path, PairState], tmp_path: Path) -> Settings:
    """The pair as a test environment, with a data folder of the test's own."""
    environ = {
        "HOME": str(tmp_path),
        **variables_of(pair[1]),
        "CUTOVER_DATA_DIR": str(tmp_path / "data"),
        "CUTOVER_RUNS_DIR": str(tmp_path / "reports" / "runs"),
    }
    return config.load("test", root=tmp_path / "checkout", environ=environ)


@pytest.fixture
def ask(settings: Settings) -> Ask:
    """A function: one gate's outcome on the sound pair, but for what is changed."""
    return asker(settings)
