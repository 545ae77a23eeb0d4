"""From the operator's line to a release manager's word, on one run of the test environment: what was judged
is sealed, answered the same twice, approved, voided by a later check, taken back, its raw data purged.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest

from fixtures import outside
from fixtures.outside import V1, V2
from fixtures.pair import PairState
from migration.model import MergedResults
from tests.conduct.desk import Desk, Said
from tests.conduct.sides import look

Variables = Callable[..., dict[str, str]]
MERGED = ("results.json", "verdict.json", "decision.json")
DRAWN = ("report.html", "summary.md", "junit.xml")
ACCEPTED_ELSEWHERE = """
from pathlib import Path
from migration import acceptance, features
acceptance.ACCEPTANCES = Path({!r}) / "acceptances.toml"
features.SIGN_OFFS = Path({!r}) / "signoffs.toml"
"""
READS = """
from migration import config, cutover_toml
def read_file(path, reads=config.read_file):
    return reads(path).model_copy(update={{"cutover": cutover_toml.CutoverTable.model_validate({})}})
config.read_file = read_file
"""


PLANTED = "zqx-planted-zqx"
OF_A_USER = ("full_name", "email", "phone", "job_title", "company", "firm_name")
OF_A_CASE = (
    *("employer_name", "beneficiary_identifier", "position_title", "notes"),
    *("recruitment_notes", "recruitment_summary_custom", "job_title", "soc_title"),
)


@pytest.fixture
def planted(kept: Desk, pair: tuple[Path, PairState]) -> Iterator[None]:
    """Unmistakable personal values in v1. From here on the desk looks for them in whatever a line says; when
    the test has ended, they are looked for in every file that was written outside the data folder."""
    dsn = pair[1].postgres_dsn
    query = "SELECT c.id, u.id FROM public.cases c JOIN public.users u ON u.id = c.user_id"
    query += " WHERE u.email NOT LIKE 'canary%' AND u.deleted_at IS NULL ORDER BY c.id LIMIT 1"
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        row = connection.execute(query.encode()).fetchone()
        assert row is not None
        places = {"cases": (row[0], OF_A_CASE), "users": (row[1], OF_A_USER)}
        before = [
            (table, column, key, old)
            for table, (key, columns) in places.items()
            for column, old in _texts(connection, table, key, columns).items()
        ]
        for table, column, key, _ in before:
            text = f"{PLANTED}-{column}" + ("@example.org" if column == "email" else "")
            _set(connection, table, column, key, text)
    kept.secrets.append(PLANTED)
    yield
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        for table, column, key, old in before:
            _set(connection, table, column, key, old)


def _texts(
    connection: psycopg.Connection, table: str, key: object, columns: Sequence[str]
) -> dict[str, str | None]:
    """Those of the columns that this v1 has, with what they hold."""
    cursor = connection.execute(f"SELECT * FROM public.{table} WHERE id = %s".encode(), (key,))
    (row,) = cursor.fetchall()
    held = dict(zip([one.name for one in cursor.description or ()], row, strict=True))
    return {column: held[column] for column in columns if column in held}


def _set(connection: psycopg.Connection, table: str, column: str, key: object, text: str | None) -> None:
    connection.execute(f"UPDATE public.{table} SET {column} = %s WHERE id = %s".encode(), (text, key))


def told_nobody(kept: Desk) -> None:
    """What was planted travelled (it is in the raw data), and stands in no other file that was written."""
    word, data = PLANTED.encode(), kept.folder / "data"
    written = [path for place in (kept.folder, kept.temporary) for path in place.rglob("*") if path.is_file()]
    holding = [path for path in written if word in path.read_bytes()]
    assert [path for path in holding if data not in path.parents] == []
    assert [path for path in holding if path.suffix == ".ndjson"], "nothing was planted"
    assert len([path for path in written if data not in path.parents]) > 20


@pytest.mark.usefixtures("planted")
def test_from_the_operator_s_line_to_an_approval_and_all_the_way_back(
    kept: Desk, pair: tuple[Path, PairState], configured: Variables
) -> None:
    variables, before = configured(), look(pair[1], kept.folder)
    said = kept.line("migrate", "--env", "test", "verify", "smoke", more=variables)
    assert said.code == 0, said
    now = look(pair[1], kept.folder)
    assert kept.record("verdict.json")["by_phase"] == dict.fromkeys(("data", "app", "smoke", "after"), "PASS")
    assert (now.state, now.rows, "public.cases" in now.fenced) == ("running", before.rows, True)

    the_same_twice_and_elsewhere(kept)
    read_by_programs(kept)
    tampering_is_exit_10(kept)
    approved_and_rejected(kept)
    rechecked(kept, variables)
    went_live(kept, pair[1], variables)

    blind = spoken(kept, "smoke", "--quiet", more={**variables, "CHROME_BIN": "/no/such/browser"})
    assert blind.code == 11, blind
    assert kept.record("verdict.json")["by_phase"]["smoke"] == "UNKNOWN"
    assert kept.record("decision.json")["approvals"][-1]["void"] == ["the evidence has changed since"]
    assert kept.say("audit").code == 0

    needed = kept.say("purge", kept.run().name)
    assert (needed.code, "its backup is the way back" in needed.words) == (12, True)
    back = kept.say("rollback", "--quiet", **variables)
    assert (back.code, "was restored and equals its backup" in back.answered) == (0, True)
    assert re.search(r"Written on v2 since it was opened: .*\d+ created.* kept in ", back.answered), back
    assert look(pair[1], kept.folder) == before
    told_nobody(kept)
    purged(kept)


def the_same_twice_and_elsewhere(kept: Desk) -> None:
    run = kept.run()
    first = {path: (run / path).read_bytes() for path in (*MERGED, *DRAWN)}
    seals = (run / "seals.jsonl").read_bytes()
    asked = kept.line("decide", run.name, "report", run.name)
    assert (asked.code, asked.answered.split()[:3]) == (0, ["PASS", "decision", "HOLD"])
    assert {path: (run / path).read_bytes() for path in first} == first
    assert (run / "seals.jsonl").read_bytes() == seals
    copy = copied(kept, "elsewhere")
    for name in DRAWN:
        (copy / name).unlink()
    assert kept.say("report", CUTOVER_RUNS_DIR=str(copy.parent)).code == 0
    assert {name: (copy / name).read_bytes() for name in DRAWN} == {name: first[name] for name in DRAWN}


def read_by_programs(kept: Desk) -> None:
    run = kept.run()
    content = json.loads((run / "results.json").read_bytes())
    assert MergedResults.model_validate(content).model_dump(mode="json", by_alias=True) == content
    page = kept.folder / "job-summary.md"
    page.write_text("what another step wrote\n")
    for _ in range(2):
        assert kept.say("decide", GITHUB_STEP_SUMMARY=str(page)).code == 0
    text, summary = page.read_text(), (run / "summary.md").read_text()
    assert text.startswith("what another step wrote\n")
    assert text.count(summary) == 1


def rechecked(kept: Desk, variables: dict[str, str]) -> None:
    """A re-check after the decision changes nothing that was judged, and voids no approval."""
    merged = {name: (kept.run() / name).read_bytes() for name in MERGED}
    later = spoken(kept, "recheck", "--workers", "1", more=variables)
    assert (later.code, "0 changes by v2's users, 0 by nobody" in later.answered) == (0, True), later
    assert kept.record("recheck.json")["verdict"] == "PASS"
    assert {name: (kept.run() / name).read_bytes() for name in MERGED} == merged
    assert kept.say("audit").code == 0


def went_live(kept: Desk, state: PairState, variables: dict[str, str]) -> None:
    """On the stand-ins of the outside: refused without the name, carried out once, and counted live."""
    name, around = state.convex_url.removeprefix("http://"), state.outside["vercel_api"]
    steps = {"test": state.outside["live"]}
    reads = READS.format(steps)
    given = {
        "more": {
            **variables,
            "VERCEL_TOKEN": state.outside["vercel_token"],
            "CUTOVER_VERCEL_API": around,
        }
    }
    unnamed = spoken(kept, "cutover", reads=reads, **given)
    assert (unnamed.code, "needs the target's name typed" in unnamed.words) == (12, True), unnamed
    before = outside.asked(around, "/told")
    blind = {"more": {**given["more"], "CHROME_BIN": "/no/such/browser"}}
    failed = spoken(kept, "cutover", "--confirm", name, "--quiet", reads=reads, **blind)
    assert (failed.code, "The domain was pointed back at v1." in failed.words) == (11, True), failed
    assert outside.asked(around, "/told") == {
        **before,
        "deploy": before["deploy"] + 1,
        "move": before["move"] + 2,
    }
    live = spoken(kept, "cutover", "--confirm", name, "--quiet", reads=reads, **given)
    assert (live.code, f"v2 is live at {state.outside['live']['url']}." in live.answered) == (0, True), live
    assert "still fits, for another" in live.answered
    now = outside.asked(around, "/told")
    assert (now["owner"], now["deploy"], now["announce"]) == (
        V2,
        before["deploy"] + 1,
        before["announce"] + 1,
    )
    again = spoken(kept, "cutover", "--confirm", name, reads=reads, **given)
    assert (again.code, "every step of its cutover is done" in again.words) == (12, True)
    said = spoken(kept, "status", "--quiet", more=variables)
    assert (said.code, "decision GO; v2 is live" in said.answered) == (0, True), said
    assert re.search(r"A rollback would take from v2: \d+ created", said.answered)
    assert (kept.say("audit").code, kept.record("decision.json")["decision"]) == (0, "GO")
    back = spoken(kept, "cutover", "--back", "--confirm", name, "--quiet", reads=reads, **given)
    assert (back.code, outside.asked(around, "/told")["owner"]) == (0, V1), back


def tampering_is_exit_10(kept: Desk) -> None:
    """On copies: the run itself stays whole."""
    whole = kept.say("audit", kept.run().name)
    assert (whole.code, f"Run {kept.run().name}: intact" in whole.answered) == (0, True)
    assert "note:" not in whole.answered, "one revision, and nothing was killed"
    copy = copied(kept, "tampered")
    results = copy / "results.jsonl"
    lines = results.read_bytes().splitlines(keepends=True)
    results.write_bytes(b"".join([*lines[:7], *lines[8:]]))
    found = kept.say("audit", CUTOVER_RUNS_DIR=str(copy.parent))
    assert found.code == 10, found
    assert "results.jsonl: line 8 follows a line that was deleted" in found.answered
    refused = kept.say("approve", "--by", "Ann", CUTOVER_RUNS_DIR=str(copy.parent))
    assert (refused.code, "record: results.jsonl: line 8" in refused.words) == (12, True), refused
    assert "No approval was recorded." in refused.words
    (copy / "seals.jsonl").unlink()
    for name in (*MERGED, *DRAWN):
        (copy / name).unlink()
    assert kept.say("audit", CUTOVER_RUNS_DIR=str(copy.parent)).code == 10
    results.write_bytes(b"".join(lines))
    assert kept.say("audit", CUTOVER_RUNS_DIR=str(copy.parent)).code == 11


def approved_and_rejected(kept: Desk) -> None:
    """What v1 had wrong is accepted first, in a file beside the desk."""
    shut = kept.line("approve", "--by", "Ann")
    assert shut.code == 12, shut
    assert "findings are not accepted" in shut.words
    for check, count in kept.record("verdict.json")["gate_shut"].items():
        line = ("accept", check, "--count", str(count), "--by", "Ann", "--reason", "so in v1")
        assert spoken(kept, *line).code == 0
    features_seen(kept)
    go = spoken(kept, "approve", kept.run().name, "--by", "Ann", "--note", "looked at the sample")
    assert (go.code, "Decision GO." in go.answered) == (0, True), go
    assert kept.record("decision.json")["decision"] == "GO"
    said = spoken(kept, "explain")
    assert (said.code, "test pair: PASS, GO." in said.answered) == (0, True), said
    assert "Ann approved it at" in said.answered
    no = spoken(kept, "reject", "--by", "Bob", "--reason", "the wage of one case")
    assert (no.code, "rejected by Bob: the wage of one case" in no.answered) == (0, True), no
    assert spoken(kept, "approve", "--by", "Bob").code == 0
    assert kept.record("decision.json")["decision"] == "GO"


def features_seen(kept: Desk) -> None:
    """What no check shows is attested, and what v2 drops is signed off; until then there is no GO."""
    shut = spoken(kept, "approve", "--by", "Ann")
    assert (shut.code, "features: 45 features are open" in shut.words) == (12, True), shut
    told = spoken(kept, "features")
    assert "229 features: 86 proven, 0 attested, 0 signed off, 143 open" in told.answered
    blocking = [one for one in kept.record("features.json")["features"] if one["blocks"]]
    dropped = ",".join(one["id"] for one in blocking if one["status"] == "dropped")
    others = ",".join(one["id"] for one in blocking if one["status"] != "dropped")
    gone = ("--by", "Ann", "--reason", "decided with the firm")
    assert spoken(kept, "features.sign-off", dropped, *gone).code == 0
    assert spoken(kept, "features.attest", others, "--by", "Ann").code == 12
    assert spoken(kept, "features.attest", "CASE-99", "--by", "Ann", "--note", "x").code == 12
    assert spoken(kept, "features.attest", others, "--by", "Ann", "--note", "seen on the test site").code == 0
    assert spoken(kept, "features").answered.endswith("Gate: open\n")


def spoken(kept: Desk, *line: str, reads: str = "", **given: Any) -> Said:
    """A line whose acceptances and sign-offs are kept beside the desk, and not in this checkout. `reads`:
    what cutover.toml says of the cutover, put in its place."""
    before = ACCEPTED_ELSEWHERE.format(str(kept.folder), str(kept.folder)) + reads
    return kept.line(*line, before=before, **given)


def purged(kept: Desk) -> None:
    run, data = kept.run(), kept.folder / "data" / "runs" / kept.run().name
    assert list(data.glob("raw/*.ndjson"))
    said = kept.say("purge")
    assert said.code == 0, said
    assert "nothing is left in" in said.answered
    assert "The evidence is kept: intact." in said.answered
    assert not data.exists()
    last = json.loads((run / "ledger.jsonl").read_text().splitlines()[-1])
    notes: dict[str, Any] = last["notes"]
    assert (last["step"], notes["files_left"], notes["files"] > 5) == ("purge", 0, True)
    assert kept.say("audit").code == 0


def copied(kept: Desk, place: str) -> Path:
    """The only run's folder, copied to another place."""
    copy = kept.folder / place / "runs" / kept.run().name
    shutil.copytree(kept.run(), copy)
    return copy
