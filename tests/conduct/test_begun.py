"""What goes wrong after a run began: exit 11, verdict, decision, report; nothing opened, nothing lost."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from fixtures import pair as pairs
from fixtures import postgres
from fixtures.canary import plant_source
from fixtures.layout import Layout
from fixtures.pair import PairState
from fixtures.processes import wait_until
from migration import fence
from tests.conduct.desk import Desk, Said, secrets_of
from tests.conduct.parts import killed, revived
from tests.conduct.sides import documents, look


@pytest.fixture
def own(desk: Desk) -> Iterator[tuple[Desk, Path]]:
    """A pair of this test's own, that it may kill. Its folder is one that PostgreSQL's user may enter."""
    folder = desk.temporary / "pair"
    desk.more = {"CUTOVER_PAIR": str(folder / "pair.json")}
    try:
        desk.secrets = secrets_of(pairs.up(folder, users=4, cases=20))
        yield desk, folder
    finally:
        pairs.down(folder)


def unproven(desk: Desk, said: Said, *words: str) -> None:
    """Exit 11 with one paragraph, and the run's records say UNKNOWN."""
    assert said.code == 11, said
    assert [word for word in words if word not in said.words] == [], said.words
    assert desk.record("verdict.json")["verdict"] == "UNKNOWN"
    assert desk.record("decision.json")["decision"] == "HOLD"
    assert (desk.runs()[-1] / "report.html").exists()


def in_the_middle(desk: Desk, step: str, act: Callable[[int], None], *line: str) -> Said:
    """Types a line, and acts (on its pid) as soon as the ledger says that `step` was begun."""
    process, heard = desk.start(*line), list[Said]()
    before = desk.ledgers().count(f'"{step}"')
    listening = threading.Thread(target=lambda: heard.append(desk.heard(process)), daemon=True)
    listening.start()
    assert wait_until(lambda: desk.ledgers().count(f'"{step}"') > before, 120)
    act(process.pid)
    listening.join(timeout=120)
    return heard[0]


@pytest.fixture
def empty(pair: tuple[Path, PairState]) -> Iterator[str]:
    """The address of a v1 database that holds the canary and nobody else."""
    server = postgres.attach(pair[0] / "postgres")
    assert server is not None
    dsn = server.create_database("empty", Layout())
    plant_source(dsn)
    yield dsn
    server.drop_database("empty")


@pytest.mark.usefixtures("unmoved")
def test_an_empty_source_is_refused_before_a_run_and_unknown_when_dry(
    kept: Desk, configured: Callable[..., dict[str, str]], empty: str
) -> None:
    variables = configured(SUPABASE_DB_URL=empty, CUTOVER_ENV="test")
    for dry in ("migrate", "verify", "smoke"):
        said = kept.say(dry, "--dry-run", **variables)
        assert (said.code, "The source is (nearly) empty" in said.words) == (11, True), said
    for line in (("migrate", "verify", "smoke"), ("fence", "pause", "backup")):
        said = kept.say(*line, **variables)
        assert (said.code, "source (The source is (nearly) empty" in said.words) == (12, True), said
    assert kept.runs() == []
    with psycopg.connect(empty, autocommit=True) as connection:
        assert fence.standing(connection) == ()


def test_a_run_is_refused_on_another_pair_and_its_own_is_left_alone(
    kept: Desk, pair: tuple[Path, PairState], own: tuple[Desk, Path]
) -> None:
    other, folder = own
    elsewhere = {"CUTOVER_PAIR": str(folder / "pair.json")}
    assert kept.say("migrate", "--quiet", CUTOVER_PAIR=str(pair[0] / "pair.json")).code == 0
    run, state = kept.runs()[-1].name, pairs.read(folder)
    assert state is not None
    before = look(state, other.folder)
    for verb in (("verify",), ("smoke",), ("rollback",), ("migrate", "--resume"), ("load",), ("unfence",)):
        said = kept.say(*verb, "--run", run, **elsewhere)
        assert said.code == 12, (verb, said)
        assert "was begun on another" in said.words
    assert look(state, other.folder) == before
    assert kept.say("rollback", "--quiet", CUTOVER_PAIR=str(pair[0] / "pair.json")).code == 0


def test_a_deployment_killed_between_migrate_and_verify(own: tuple[Desk, Path], tmp_path: Path) -> None:
    desk, folder = own
    state = pairs.read(folder)
    assert state is not None
    before = documents(state, tmp_path)
    assert desk.say("migrate", "--quiet").code == 0
    killed(folder, "deployment")
    for verb in ("verify", "smoke", "rollback"):
        unproven(
            desk, desk.say(verb, "--quiet"), "can not be reached", "The run had begun", "invoke rollback"
        )
    state = revived(folder)
    assert look(state, tmp_path).state == "paused"
    assert desk.say("rollback", "--quiet").code == 0
    assert documents(state, tmp_path) == before


def test_a_database_killed_before_a_step_and_in_the_middle_of_judging(
    own: tuple[Desk, Path], tmp_path: Path
) -> None:
    desk, folder = own
    assert desk.say("fence", "pause", "backup").code == 0
    killed(folder, "postgres")
    unproven(desk, desk.say("export"), "can not be reached", "The run had begun", "--resume")
    revived(folder)
    assert desk.say("migrate", "--resume", "--quiet").code == 0
    said = in_the_middle(desk, "judge data", lambda _: killed(folder, "postgres"), "verify", "--workers", "1")
    assert said.code == 11, said
    state = revived(folder)
    now = look(state, tmp_path)
    assert (now.state, "public.cases" in now.fenced) == ("paused", True)


def test_judging_that_is_killed_is_unknown_and_opens_nothing(
    kept: Desk, pair: tuple[Path, PairState]
) -> None:
    assert kept.say("migrate", "--quiet").code == 0

    def kill_pytest(pid: int) -> None:
        children = Path(f"/proc/{pid}/task/{pid}/children")
        assert wait_until(lambda: bool(children.read_text().split()), 30)
        os.kill(int(children.read_text().split()[0]), signal.SIGKILL)

    said = in_the_middle(kept, "judge data", kill_pytest, "verify", "smoke")
    assert said.code == 11, said
    assert said.answered.startswith("UNKNOWN")
    assert kept.record("verdict.json")["by_phase"]["data"] == "UNKNOWN"
    assert look(pair[1], kept.folder).state == "paused"
