"""Whatever is done to a run's folder is found and named; what its own commands do is not."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from migration import audit, case, chain, seal
from migration.audit import examine
from migration.case import Said
from migration.errors import FAIL, PASS, UNKNOWN
from migration.run import Run
from tests.unit.migration.proven import conclude, ended, proven, terms_of
from tests.unit.migration.test_verdict import result

LEDGER, RESULTS, SEALS = "ledger.jsonl", "results.jsonl", "seals.jsonl"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that was approved, with a log; never touched."""
    run = proven(tmp_path_factory.mktemp("original"))
    ended(run, "judge after")
    (run.folder / "run.log").write_text("first refusal\nsecond refusal\n")
    (run.folder / "evidence" / "sign_in.png").write_bytes(b"\x89PNG picture")
    conclude(run)
    case.approve(run, Said("Ann"), terms_of(run))
    conclude(run)
    assert examine(run.folder).code == PASS
    return run


@pytest.fixture
def run(original: Run, tmp_path: Path) -> Run:
    """A copy of it to tamper with, elsewhere: copying is no tampering."""
    copy = Run(tmp_path / "reports" / "copies" / original.id, original.data)
    shutil.copytree(original.folder, copy.folder)
    shutil.copy(terms_of(original).sign_offs, terms_of(copy).sign_offs)
    assert examine(copy.folder).code == PASS
    return copy


def lines(run: Run, name: str, change: Callable[[list[bytes]], list[bytes]]) -> None:
    """Writes the record anew with other lines."""
    path = run.folder / name
    path.write_bytes(b"".join(line + b"\n" for line in change(chain.lines(path.read_bytes()))))


def edited(line: bytes) -> bytes:
    """The line with another content and its own link."""
    content = orjson.loads(line)
    key = "step" if "step" in content else "id" if "id" in content else "at"
    return orjson.dumps({**content, key: "other"})


def forged(after: bytes, of: bytes) -> bytes:
    """A line like `of` that follows `after` as it should."""
    return orjson.dumps({**orjson.loads(of), "prev": chain.digest(after), "at": "2026-01-15T12:00:01.000Z"})


def rechained(run: Run, name: str, found: list[bytes]) -> list[bytes]:
    """The lines with links that hold: what somebody does who knows the format."""
    made: list[bytes] = []
    for line in found:
        link = chain.digest(made[-1]) if made else chain.first(run.id, name)
        made.append(orjson.dumps({**orjson.loads(line), "prev": link}))
    return made


def told(run: Run) -> list[str]:
    """What the audit names, having found something."""
    found = examine(run.folder)
    assert found.code == FAIL, found
    return [str(one) for one in found.tampered]


TAMPERING: list[tuple[str, str, Callable[[list[bytes]], list[bytes]], str]] = [
    ("a line edited", LEDGER, lambda x: [edited(x[0]), *x[1:]], "line 2 follows a line that was edited"),
    (
        "the last line edited",
        LEDGER,
        lambda x: [*x[:-1], edited(x[-1])],
        "does not begin with what was sealed",
    ),
    ("a line deleted", RESULTS, lambda x: [x[0], *x[2:]], "line 2 follows a line that was deleted"),
    ("the first deleted", LEDGER, lambda x: x[1:], "line 1 follows a line that was deleted"),
    ("the last deleted", LEDGER, lambda x: x[:-1], "was cut:"),
    (
        "a line inserted",
        LEDGER,
        lambda x: [x[0], forged(x[0], x[1]), *x[1:]],
        "what stands between was inserted",
    ),
    (
        "a line without a link",
        LEDGER,
        lambda x: [x[0], b"{}", *x[1:]],
        "line 2 is damaged or was never written",
    ),
    ("two lines swapped", RESULTS, lambda x: [x[1], x[0], *x[2:]], "line 1 was moved"),
    ("a line doubled", RESULTS, lambda x: [x[0], x[0], *x[1:]], "line 2 follows line 0"),
    ("a line cut", RESULTS, lambda x: [*x[:-1], x[-1][:-9]], "line 4 is damaged"),
    ("emptied", RESULTS, lambda _: [], "was cut:"),
    ("a seal edited", SEALS, lambda x: [edited(x[0]), *x[1:]], "line 2 follows a line that was edited or"),
    ("a seal deleted", SEALS, lambda x: [x[0], *x[2:]], "line 2 follows a line that was edited"),
    ("the last seal deleted", SEALS, lambda x: x[:-1], "decision.json: was changed"),
    (
        "an approval edited",
        "approvals.jsonl",
        lambda x: [edited(x[0])],
        "does not begin with what was sealed",
    ),
]


@pytest.mark.parametrize(
    ("name", "change", "words"), [row[1:] for row in TAMPERING], ids=[r[0] for r in TAMPERING]
)
def test_tampering_with_a_record_is_found_and_named(
    name: str, change: Callable[[list[bytes]], list[bytes]], words: str, run: Run
) -> None:
    lines(run, name, change)
    assert any(words in one for one in told(run)), told(run)
    assert any(one.startswith(f"{name}: ") or name == SEALS for one in told(run))


@pytest.mark.parametrize("name", [LEDGER, RESULTS, "approvals.jsonl"])
def test_a_record_written_anew_with_links_that_hold_is_found(name: str, run: Run) -> None:
    lines(run, name, lambda x: rechained(run, name, [edited(x[0]), *x[1:]]))
    assert told(run) == [f"{name}: was rewritten: it does not begin with what was sealed"]


FILES = [
    "manifest.json",
    "required.json",
    "results.json",
    "verdict.json",
    "decision.json",
    "evidence/sign_in.png",
]


@pytest.mark.parametrize("name", FILES)
def test_a_file_edited_deleted_or_replaced_is_found_and_named(name: str, run: Run, tmp_path: Path) -> None:
    path = run.folder / name
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"a", b"b", 1) if name.endswith(".json") else whole + b"\n")
    assert f"{name}: was changed" in told(run)
    path.unlink()
    assert f"{name}: was deleted" in told(run)
    (tmp_path / "outside").write_bytes(whole)
    path.symlink_to(tmp_path / "outside")
    assert f"{name}: was replaced by a link" in told(run)
    path.unlink()
    path.write_bytes(whole)
    assert examine(run.folder).code == PASS


@pytest.mark.parametrize("name", ["evidence/added.png", "notes.txt", ".hidden", ".x.lock"])
def test_a_file_added_is_found_and_named(name: str, run: Run) -> None:
    (run.folder / name).write_text("planted")
    assert told(run) == [f"{name}: was added"]


@pytest.mark.parametrize("name", [LEDGER, RESULTS, "approvals.jsonl", "run.log"])
def test_a_growing_record_deleted_is_found_and_named(name: str, run: Run) -> None:
    (run.folder / name).unlink()
    assert f"{name}: was deleted" in told(run)


def test_a_log_altered_is_found_and_one_that_grew_unsealed_is_not_told(run: Run) -> None:
    log = run.folder / "run.log"
    whole = log.read_text()
    log.write_text(whole.replace("first", "worst"))
    assert told(run) == ["run.log: was rewritten: it does not begin with what was sealed"]
    log.write_text(whole + "added\n")
    found = examine(run.folder)
    assert (found.code, found.open) == (UNKNOWN, ("run.log has grown since the last seal",))


def test_records_of_another_run_put_in_their_place_are_found(run: Run, tmp_path: Path) -> None:
    other = proven(tmp_path / "other")
    for path in other.folder.iterdir():
        if path.is_file():
            shutil.copy(path, run.folder / path.name)
    assert f"manifest.json: is the record of another run, {other.id}" in told(run)
    assert any(one.startswith("ledger.jsonl: line 1") for one in told(run))


def test_seals_deleted_are_found_by_the_decision_and_the_approval(run: Run) -> None:
    (run.folder / SEALS).unlink()
    assert all(one.startswith("seals.jsonl: the seal ") for one in told(run))
    for name in ("decision.json", "approvals.jsonl"):
        (run.folder / name).unlink()
    found = examine(run.folder)
    assert (found.code, found.open) == (UNKNOWN, ("the run was never sealed",))


def test_a_seal_known_from_elsewhere_finds_a_whole_rewrite(run: Run) -> None:
    known = examine(run.folder).head
    assert examine(run.folder, heads=[known]).code == PASS
    for name in (SEALS, "decision.json", "approvals.jsonl"):
        (run.folder / name).unlink()
    run.update_manifest(environment="production")
    seal.open_(run)
    assert examine(run.folder).code == PASS, "it shows nothing by itself"
    (only,) = examine(run.folder, heads=[known]).tampered
    assert only.file == SEALS
    assert known[:16] in only.what


# ---------------------------------------------------------------- what commands do


def test_asking_again_seals_nothing_new(run: Run) -> None:
    before = (run.folder / SEALS).read_bytes()
    seal.open_(run)
    conclude(run)
    seal.close(run)
    assert (run.folder / SEALS).read_bytes() == before


def test_going_on_with_a_run_keeps_the_chain(run: Run) -> None:
    for _ in range(3):
        seal.open_(run)
        ended(run, "judge data")
        run.append_result(result(id="data.more", attempt=2))
        run.update_manifest(again=True)
        conclude(run)
    found = examine(run.folder)
    assert (found.code, found.notes) == (PASS, ())


def test_a_killed_command_leaves_what_can_not_be_told_until_the_next_one_seals_it(run: Run) -> None:
    ended(run, "judge data")
    (run.folder / "evidence" / "pytest-data.log").write_text("half")
    found = examine(run.folder)
    assert (found.code, found.open) == (UNKNOWN, ("ledger.jsonl has grown since the last seal",))
    seal.open_(run)
    found = examine(run.folder)
    assert found.code == PASS
    assert "A command that was killed had left its files unsealed" in found.notes[0]


@pytest.mark.parametrize("name", ["manifest.json", "evidence/sign_in.png", "evidence/added.png"])
def test_no_later_command_launders_what_changed_without_a_step(name: str, run: Run) -> None:
    (run.folder / name).write_bytes(orjson.dumps({**run.manifest(), "environment": "production"}))
    seal.open_(run)
    conclude(run)
    ended(run, "judge data")
    conclude(run)
    (one,) = examine(run.folder).tampered
    assert str(one).startswith(f"{name}: had changed without any step of the run when it was sealed at ")
    gathered = case.gather(run, terms_of(run))
    assert name in gathered.record[0]


def test_lines_rewritten_or_added_between_commands_are_not_laundered(run: Run) -> None:
    run.append_result(result(id="data.sneaked"))
    seal.open_(run)
    assert [one.file for one in examine(run.folder).tampered] == [RESULTS]
    lines(run, LEDGER, lambda x: rechained(run, LEDGER, [edited(x[0]), *x[1:]]))
    ended(run, "judge data")
    conclude(run)
    assert {one.file for one in examine(run.folder).tampered} == {RESULTS, LEDGER}


def test_a_report_that_was_edited_is_healed_by_drawing_it_anew(run: Run) -> None:
    verdict = run.folder / "verdict.json"
    whole = verdict.read_bytes()
    verdict.write_bytes(whole.replace(b"PASS", b"FAIL"))
    assert told(run) == ["verdict.json: was changed"]
    seal.open_(run)
    conclude(run)
    assert verdict.read_bytes() == whole
    assert examine(run.folder).code == PASS


def test_a_damaged_seal_stops_no_command(run: Run) -> None:
    lines(run, SEALS, lambda x: [x[0], x[1][:-7], *x[2:]])
    seal.open_(run)
    ended(run, "rollback")
    conclude(run)
    assert "seals.jsonl: line 2 is damaged or was never written by Cutover" in told(run)


def test_revisions_that_worked_on_a_run_are_told_apart(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("migration.revision.code", lambda: "other")
    case.reject(run, Said("Bob", "x"), terms_of(run))
    conclude(run)
    assert examine(run.folder).notes == (), "a decision moves and judges nothing"
    ended(run, "judge data")
    conclude(run)
    assert examine(run.folder).notes == ("2 revisions of Cutover worked on this run.",)


def test_a_torn_line_is_cut_off_before_the_next_and_missed_when_it_was_sealed(run: Run) -> None:
    path = run.folder / LEDGER
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"prev": "torn')
    ended(run, "judge data")
    assert chain.breaks(chain.lines(path.read_bytes()), chain.first(run.id, LEDGER)) == []
    assert path.read_bytes().startswith(whole)
    path.write_bytes(whole[:-5])
    ended(run, "judge data")
    assert chain.breaks(chain.lines(path.read_bytes()), chain.first(run.id, LEDGER)) == []
    assert LEDGER in [one.file for one in examine(run.folder).tampered]


def test_a_long_line_is_chained_too(tmp_path: Path) -> None:
    path = tmp_path / "run" / "long.jsonl"
    path.parent.mkdir()
    for size in (10, 200_000, 70_000, 1):
        chain.append(path, {"text": "x" * size})
    found = chain.lines(path.read_bytes())
    assert chain.breaks(found, chain.first("run", "long.jsonl")) == []
    assert [len(chain.content_of(line)["text"]) for line in found] == [10, 200_000, 70_000, 1]


def test_the_audit_changes_nothing(run: Run) -> None:
    before = {path: path.stat().st_mtime_ns for path in run.folder.rglob("*")}
    audit.examine(run.folder)
    assert {path: path.stat().st_mtime_ns for path in run.folder.rglob("*")} == before
