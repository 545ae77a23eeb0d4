"""Rows that need a decision: nothing is loaded, each is decided, and the next verdict is a PASS."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures import pair as pairs
from fixtures.hazards import decided
from fixtures.pair import PairState
from tests.conduct.decisions import somebody
from tests.conduct.desk import Desk, secrets_of
from tests.conduct.sides import look


@pytest.fixture
def hazardous(desk: Desk) -> Iterator[tuple[Desk, PairState]]:
    """A pair whose source holds every hazard."""
    folder = desk.temporary / "pair"
    desk.more = {"CUTOVER_PAIR": str(folder / "pair.json")}
    try:
        state = pairs.up(folder, users=4, cases=20, hazards=True)
        desk.secrets = secrets_of(state)
        yield desk, state
    finally:
        pairs.down(folder)


def test_every_hazard_is_decided_and_the_next_migration_passes(hazardous: tuple[Desk, PairState]) -> None:
    desk, state = hazardous
    before = look(state, desk.folder)
    said = desk.say("migrate", "verify", "smoke")
    assert said.code == 10, said
    assert "quarantine.resolve" in said.words
    assert "invoke rollback" in said.words
    now = look(state, desk.folder)
    assert (now.documents, now.rows, now.state) == (before.documents, before.rows, "paused")
    assert "public.cases" in now.fenced
    assert desk.record("decision.json")["decision"] == "NO-GO"

    *rows, summary = desk.say("quarantine.rows").answered.splitlines()
    assert summary.startswith(f"{len(rows)} rows need a decision; ")
    owner, seen, noted = somebody(state), Counter[tuple[str, str]](), 0
    for row in rows:
        table, key, reason, column = [*row.split(), ""][:4]
        seen[reason, column] += 1
        decision = decided(reason, table, column, seen[reason, column], owner)
        if decision is not None:
            value = ("--value", decision[1]) if decision[1] else ()
            line = (
                key,
                "--table",
                table,
                "--as",
                decision[0],
                *value,
                "--by",
                "Ann",
                "--reason",
                "rehearsed",
            )
            assert desk.say("quarantine.resolve", *line).code == 0, row
            noted += 1
    assert f"{noted} decisions are noted" in desk.say("quarantine.rows").answered

    said = desk.line("migrate", "--resume", "verify", "--workers", "1")
    assert said.code == 0, said
    assert len(desk.runs()) == 1
    told = desk.record("manifest.json")["transform"]["resolved"]
    assert [one["by"] for one in told] == ["Ann"] * noted
    assert {name for one in told for name in one} == {"table", "key", "as", "column", "by", "reason"}
    page = (desk.run() / "report.html").read_text()
    assert all(one["key"] in page for one in told)
    assert desk.say("quarantine.rows").answered == "No row is quarantined.\n"


def test_a_wrong_decision_stops_before_the_load_and_can_be_taken_back(
    hazardous: tuple[Desk, PairState],
) -> None:
    desk, state = hazardous
    before = look(state, desk.folder)
    assert desk.say("migrate", "--quiet").code == 10
    file = Path(desk.more["CUTOVER_PAIR"]).with_name("quarantine.toml")
    for text in (
        'table = "public.cases"\nkey = "no-such-row"\nas = "exclude"\nby = "Ann"\nreason = "r"\n',
        'table = "public.cases"\nkey = "x"\nas = "drop"\nby = "Ann"\nreason = "r"\n',
    ):
        file.write_text(f"[[resolution]]\n{text}")
        said = desk.say("migrate", "--resume", "--quiet")
        assert said.code == 11, said
        assert "quarantine.toml" in said.words
        assert look(state, desk.folder).documents == before.documents
    assert desk.say("rollback", "--quiet").code == 0
    assert look(state, desk.folder) == before
