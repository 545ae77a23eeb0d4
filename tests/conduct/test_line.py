"""The lines that an operator types on a pair that stays, in the window and after it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fixtures import postgres
from fixtures.canary import plant_source
from fixtures.faults import plant
from fixtures.layout import Layout
from fixtures.pair import PairState
from fixtures.seed import seed_source
from migration import config
from tests.conduct.desk import Desk
from tests.conduct.sides import look


def test_a_fault_between_the_lines_is_exit_10_and_the_target_stays_paused(
    kept: Desk, pair: tuple[Path, PairState]
) -> None:
    before = look(pair[1], kept.folder)
    assert kept.say("migrate", "--quiet").code == 0
    planted = plant("one-day", config.load("embedded", environ=kept.environment))
    said = kept.line("verify", "--workers", "1", "smoke")
    assert said.code == 10, said
    assert re.search(rf"^  \S+: mismatched cases {planted.key} {planted.field}$", said.answered, re.M)
    assert kept.record("decision.json")["decision"] == "ROLLBACK"
    assert planted.key in (kept.run() / "report.html").read_text()
    assert look(pair[1], kept.folder).state == "paused"
    assert kept.say("smoke").code == 11

    back = kept.line("verify", "--workers", "1", "--auto-rollback")
    assert (back.code, "was restored and equals its backup" in back.answered) == (10, True), back
    assert "Written on v2" not in back.answered  # it was never opened
    assert look(pair[1], kept.folder) == before
    assert kept.record("decision.json")["decision"] == "NO-GO"


def test_steps_typed_one_by_one_and_a_second_run_come_to_the_same(
    kept: Desk, pair: tuple[Path, PairState]
) -> None:
    steps = ("fence", "pause", "backup", "export", "link", "transform", "load")
    said = kept.say(*steps)
    assert (said.code, said.answered.count("\n")) == (0, len(steps)), said
    loaded = look(pair[1], kept.folder)
    assert loaded.state == "paused"
    again = kept.say("load")
    assert again.code == 0, again
    assert kept.say("export").code == 12
    assert kept.say("migrate", "--quiet").code == 0
    assert look(pair[1], kept.folder) == loaded
    assert len(kept.runs()) == 2


def test_a_step_out_of_order_names_the_steps_that_it_builds_on(
    kept: Desk, pair: tuple[Path, PairState]
) -> None:
    before = look(pair[1], kept.folder)
    assert kept.say("fence", "pause").code == 0
    for step, missing in (("link", "backup, export"), ("load", "backup, transform")):
        said = kept.say(step)
        assert (said.code, f"builds on {missing}" in said.words) == (12, True), said
    assert kept.say("rollback", "--quiet").code == 0
    assert look(pair[1], kept.folder) == before


@pytest.mark.usefixtures("unmoved")
def test_a_dry_line_says_what_would_be_done_and_checked(kept: Desk) -> None:
    said = kept.say("migrate", "--dry-run", "verify", "--dry-run", "smoke", "--dry-run")
    assert said.code == 0, said
    assert re.findall(r"^(\w+) +would ", said.answered, re.M)[0] == "fence"
    assert said.answered.count("nothing was changed") == 3
    assert kept.runs() == []
    assert list((kept.folder / "data").glob("dry-run-*")) == []


@pytest.fixture
def other_name(pair: tuple[Path, PairState]) -> Iterator[str]:
    """The address of a v1 whose users table is perm_users."""
    server = postgres.attach(pair[0] / "postgres")
    assert server is not None
    dsn = server.create_database("other_name", Layout(users_table="perm_users", doubtful=False))
    seed_source(dsn, users=4, cases=20)
    plant_source(dsn)
    yield dsn
    server.drop_database("other_name")


def test_a_users_table_of_the_other_name_is_moved_and_judged(
    kept: Desk, configured: Callable[..., dict[str, str]], other_name: str
) -> None:
    variables = configured(SUPABASE_DB_URL=other_name)
    said = kept.line("migrate", "--env", "test", "verify", "--workers", "1", more=variables)
    assert said.code == 0, said
    assert kept.record("manifest.json")["source"]["users_table"] == "public.perm_users"
