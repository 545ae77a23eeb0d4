"""`preflight`, `attest`, and `migrate` on a real pair that asks the gates before it begins."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from fixtures import postgres
from fixtures.layout import Layout
from fixtures.pair import PairState
from migration import config
from migration.errors import Refusal
from migration.preflight import gates
from migration.preflight.items import ATTESTED_GATES
from migration.preflight.model import State
from migration.preflight.records import Records
from migration.preflight.scene import Scene
from migration.preflight.table import GATES
from tests.conduct.asking import variable
from tests.conduct.desk import Desk
from tests.conduct.sides import look
from verbs.preflight import tools

Variables = Callable[..., dict[str, str]]
PREFLIGHT = ("preflight", "--env", "test", "--quiet")
ACCEPT = (*PREFLIGHT, "--accept", "senders", "--by", "Ann", "--reason", "its addresses are made up")


def test_a_preflight_shows_every_gate_and_changes_neither_side(
    kept: Desk, configured: Variables, unmoved: None
) -> None:
    assert unmoved is None
    said = kept.say(*PREFLIGHT, **configured())
    assert said.code == 0, said
    shown = re.findall(r"^(\S\S)  (\S+)", said.answered, re.MULTILINE)
    assert [name for _, name in shown] == [gate.name for gate in GATES]
    assert {mark for mark, _ in shown} == {"ok", "--"}
    assert kept.runs() == []
    assert list((kept.folder / "data").glob("dry-run-*")) == []


def test_a_shut_gate_keeps_migrate_from_beginning_until_somebody_takes_it_over(
    kept: Desk, configured: Variables, pair: tuple[Path, PairState]
) -> None:
    before = look(pair[1], kept.folder)
    with variable(pair[1], "AUTH_RESEND_KEY", "re_hunter2"):
        for line in (("migrate",), ("fence",)):
            refused = kept.say(*line, "--env", "test", "--quiet", **configured())
            assert refused.code == 12, refused
            assert "1 gate is shut: senders (The deployment holds AUTH_RESEND_KEY" in refused.words
            assert "Nothing was changed." in refused.words
            assert (refused.answered, kept.runs()) == ("", [])
        assert look(pair[1], kept.folder) == before

        shown = kept.say(*PREFLIGHT, **configured())
        assert (shown.code, "-> Remove them" in shown.answered) == (12, True)
        taken = kept.say(*ACCEPT, **configured())
        assert (taken.code, "Ann takes it over: its addresses are made up" in taken.answered) == (0, True)

        done = kept.say("migrate", "--env", "test", "--quiet", **configured())
        assert done.code == 0, done
    said = [gate for gate in kept.record("preflight.json")["gates"] if gate["state"] == "accepted"]
    assert [(gate["gate"], gate["by"]) for gate in said] == [("senders", "Ann")]
    assert kept.say("report").code == 0
    assert "Ann takes it over: its addresses are made up" in (kept.run() / "report.html").read_text()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ((*PREFLIGHT, "--accept", "sender", "--by", "Ann", "--reason", "x"), "There is no gate 'sender'"),
        ((*PREFLIGHT, "--accept", "senders", "--by", "Ann"), "--by and --reason are needed"),
        (("attest", "luck", "--env", "test", "--by", "Ann", "--note", "x"), "no item 'luck' to attest"),
        (("attest", "luck", "--env", "test", "--by", "Ann", "--note", "x"), "rollback-needed"),
        (("attest", "team", "--env", "test", "--by", "Ann"), "--note is missing"),
        (("attest", "team", "--env", "test", "--note", "x"), "--by is missing"),
    ],
)
def test_half_a_word_is_refused_with_what_there_is(
    line: tuple[str, ...], words: str, kept: Desk, configured: Variables
) -> None:
    said = kept.say(*line, **configured())
    assert (said.code, words in said.words) == (12, True), said


def test_an_empty_source_is_refused_by_its_gate(
    kept: Desk, configured: Variables, pair: tuple[Path, PairState]
) -> None:
    empty = "empty_source"
    server = postgres.attach(pair[0] / "postgres")
    assert server is not None
    try:
        dsn = server.create_database(empty, Layout())
        said = kept.say("migrate", "--env", "test", "--quiet", **configured(SUPABASE_DB_URL=dsn))
    finally:
        server.drop_database(empty)
    assert (said.code, kept.runs()) == (12, [])
    assert "source (The source is (nearly) empty" in said.words


def test_an_open_gate_can_not_be_taken_over(kept: Desk, configured: Variables) -> None:
    said = kept.say(*ACCEPT, **configured())
    assert said.code == 12, said
    assert "The gate senders is open, so there is nothing to take over." in said.words


def test_the_embedded_pair_is_asked_nothing_by_migrate(kept: Desk) -> None:
    assert kept.say("migrate", "--quiet").code == 0
    assert not (kept.run() / "preflight.json").exists()


def test_production_is_opened_by_people_s_words_and_by_no_embedded_evidence(
    pair: tuple[Path, PairState], kept: Desk, configured: Variables, tmp_path: Path
) -> None:
    said = kept.say("migrate", "--quiet")  # a whole run on the embedded pair opens nothing
    assert said.code == 0, said
    assert kept.say("rollback", "--quiet").code == 0
    target, root = pair[1].convex_url.removeprefix("http://"), tmp_path / "checkout"
    root.mkdir()
    dsn = pair[1].postgres_dsn
    source = f"{dsn.partition('@')[2]}"
    (root / "cutover.toml").write_text(
        f'[environments.production]\ntarget = "{target}"\nsource = "{source}"\n'
        "[preflight]\nproduction_variables = []\n"
    )
    environ = {**kept.environment, **configured(), "CUTOVER_RUNS_DIR": str(kept.folder / "reports" / "runs")}
    settings = config.load("production", root=root, environ=environ, confirm=target)

    with Scene(settings, tools()) as scene:
        outcomes = {one.gate: one for one in gates.carry_out(scene)}
        shut = {name for name, one in outcomes.items() if one.state is State.SHUT}
        asked = {gate.name for gate in ATTESTED_GATES}
        assert shut == asked | {
            "rehearsed",
            "rollback-rehearsed",
            "dress-rehearsal",
            "going-live",
            "environment",
        }  # SITE_URL is of no public site
        assert "No run on the test pair" in outcomes["rehearsed"].detail
        assert "No dress rehearsal with the rows of this source" in outcomes["dress-rehearsal"].detail
        with pytest.raises(Refusal, match="12 gates are shut"):
            gates.refuse_shut(list(outcomes.values()))

        for name in asked:
            Records(settings).attest(name, by="Ann", note="seen", now=scene.now)
        open_now = gates.carry_out(scene, anew=False)
        for name in sorted(shut - asked):
            open_now = gates.take_over(scene, open_now, name, by="Bo", reason="a stand-in")
        gates.refuse_shut(open_now)
    states = {one.gate: one.state for one in open_now}
    assert {states[name] for name in asked} == {State.ATTESTED}
    assert {states[name] for name in shut - asked} == {State.ACCEPTED}
    assert states["senders"] is State.NOT_APPLICABLE
