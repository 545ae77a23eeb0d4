"""What a person types about a run: its id without a flag, and a paragraph where nothing was done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from invoke.exceptions import Exit

from migration import acceptance, case, seal
from migration.case import Terms
from migration.errors import Refusal
from migration.model import Choice
from migration.run import Run
from tests.unit.migration.proven import proven, terms_of
from verbs import exits, judging, program, record, work
from verbs.line import Line
from verbs.program import run_named

ONE, TWO = "20260115T120000Z-ab12", "20260116T120000Z-cd34"
TASKS = {"report", "decide", "approve", "audit"}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (f"report {ONE}", f"report --run {ONE}"),
        (f"decide {ONE} report {ONE}", f"decide --run {ONE} report --run {ONE}"),
        (f"approve {ONE} --by Ann", f"approve --run {ONE} --by Ann"),
        (f"approve --run {ONE} --by Ann", f"approve --run {ONE} --by Ann"),
        ("decide report", "decide report"),
        (f"compare {ONE} {TWO}", f"compare {ONE} {TWO}"),
        (f"approve --note {ONE}", f"approve --note {ONE}"),
        ("", ""),
    ],
)
def test_a_run_s_id_right_after_a_task_is_the_run_it_works_on(typed: str, meant: str) -> None:
    assert run_named(typed.split(), TASKS) == meant.split()


def test_the_front_door_knows_which_tasks_work_on_a_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("CUTOVER_RUNS_DIR", str(tmp_path / "reports" / "runs"))
    for line in (["audit", ONE], ["compare", ONE, TWO]):
        monkeypatch.setattr("sys.argv", ["inv", *line])
        with pytest.raises(SystemExit) as end:
            program.main()
        assert end.value.code == 12
        assert f"There is no run '{ONE}'" in capsys.readouterr().err


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run that passed, found by the tasks, on a line of its own, half an hour after it began."""
    made, line = proven(tmp_path), Line()
    for module in (exits, judging, work, record):
        monkeypatch.setattr(module, "LINE", line)
    monkeypatch.setenv("CUTOVER_RUNS_DIR", str(made.folder.parent))
    monkeypatch.setenv("CUTOVER_DATA_DIR", str(made.data.parents[1]))
    monkeypatch.setattr(acceptance, "ACCEPTANCES", terms_of(made).acceptances)
    at(monkeypatch, terms_of(made))
    return made


def at(monkeypatch: pytest.MonkeyPatch, terms: Terms) -> None:
    """The terms that every task decides by."""
    for name in ("gather", "decide", "approve", "reject"):
        function = getattr(case, name)
        monkeypatch.setattr(case, name, _under(function, terms))


def _under(function: Callable[..., object], terms: Terms) -> Callable[..., object]:
    return lambda *given: function(*(one for one in given if not isinstance(one, Terms)), terms)


def refusal(capsys: pytest.CaptureFixture[str], task: Callable[[], None]) -> str:
    """The paragraph of a task that is refused."""
    with pytest.raises(Exit) as caught:
        task()
    assert caught.value.code == 12
    return " ".join(capsys.readouterr().err.split())


def test_an_approval_says_the_decision_and_the_seal_to_note_down(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    record.approve.body(None, by="Ann", note="seen")
    said = capsys.readouterr().out
    assert f"Ann approves run {run.id}. Decision {Choice.GO}. Head {seal.read(run.folder).head}" in said
    record.audit.body(None, head=seal.read(run.folder).head)
    assert "intact" in capsys.readouterr().out


def test_what_is_refused_says_so_and_leaves_a_record_that_holds(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "Nobody is named." in refusal(capsys, lambda: record.approve.body(None))
    assert "needs its reason" in refusal(capsys, lambda: record.reject.body(None, by="Bob"))
    words = refusal(capsys, lambda: record.purge.body(None))
    assert "its backup is the way back" in words
    assert "Nothing was removed." in words
    log = (run.folder / "run.log").read_text()
    assert [log.count(word) for word in ("Nobody is named", "needs its reason", "Nothing was removed")] == [
        1
    ] * 3
    record.audit.body(None)
    assert "intact" in capsys.readouterr().out


@pytest.mark.parametrize(("name", "code"), [("evidence/pytest-data.log", 10), ("ledger.jsonl", 11)])
def test_the_code_of_an_audit_is_what_it_found(name: str, code: int, run: Run) -> None:
    if code == 10:
        (run.folder / name).write_text("other")
    else:
        run.append_ledger(run.ledger()[0])
    with pytest.raises(Exit) as caught:
        record.audit.body(None)
    assert caught.value.code == code


def test_two_runs_that_differ_are_exit_10(run: Run) -> None:
    record.compare.body(None, run.id, run.id)
    other = Run(run.folder.with_name(TWO), run.data)
    other.folder.mkdir()
    other.update_manifest(run_id=TWO)
    with pytest.raises(Exit) as caught:
        record.compare.body(None, run.id, TWO)
    assert caught.value.code == 10


def test_a_job_s_page_has_one_block_for_each_run(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    judging.job_summary(ONE, "# nowhere", {})
    for run_id, text in ((ONE, "# first"), (TWO, "# other"), (ONE, "# again")):
        judging.job_summary(run_id, text, {"GITHUB_STEP_SUMMARY": str(page)})
    assert [line for line in page.read_text().splitlines() if line.startswith("# ")] == ["# again", "# other"]


def test_a_line_that_finds_evidence_changed_notes_it_before_it_does_anything(run: Run) -> None:
    run.update_manifest(sample={"seed": 1})
    with pytest.raises(Refusal):
        judging_stopped(run)
    assert seal.read(run.folder).seals[-1].unexplained == ()
    assert [one.unexplained for one in seal.read(run.folder).seals if one.unexplained] == [("manifest.json",)]


def judging_stopped(run: Run) -> None:
    with judging.concluding(run):
        raise Refusal("The target can not be reached.")
