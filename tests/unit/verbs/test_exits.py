"""How a task ends: the code, the paragraph, and what stays out of both."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from invoke.exceptions import Exit

from migration.errors import CutoverError, Refusal, RowsQuarantined, RunIncomplete
from migration.run import Run
from verbs import exits
from verbs.line import Line

SECRET = "bob@example.com has password hunter2"


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Line:
    """A command line of its own, so that tests do not share a run."""
    mine = Line()
    monkeypatch.setattr(exits, "LINE", mine)
    return mine


def ended_with(error: BaseException) -> int:
    """The code with which a task that raises `error` ends."""

    @exits.guarded
    def task() -> None:
        raise error

    with pytest.raises(Exit) as caught:
        task()
    return caught.value.code


def begun(line: Line, folder: Path) -> Path:
    """A run on this line; returns its log."""
    line.run = Run(folder, folder)
    return folder / "run.log"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Refusal("No environment is chosen."), 12),
        (CutoverError("The host is unreachable."), 12),
        (RowsQuarantined("3 rows are quarantined."), 10),
        (RunIncomplete("The export was cut."), 11),
    ],
)
def test_an_error_of_ours_ends_in_its_own_code_and_one_paragraph(
    line: Line, capsys: pytest.CaptureFixture[str], error: CutoverError, code: int
) -> None:
    assert line.run is None
    assert ended_with(error) == code
    shown = capsys.readouterr().err
    assert error.happened in shown
    assert "Traceback" not in shown


def test_a_defect_before_a_run_is_code_1_and_names_the_place_but_no_values(
    line: Line, capsys: pytest.CaptureFixture[str]
) -> None:
    assert line.run is None
    assert ended_with(ValueError(SECRET)) == 1
    shown = capsys.readouterr().err
    assert "ValueError" in shown
    assert "test_exits.py" in shown
    assert "hunter2" not in shown


def test_a_defect_after_a_run_began_is_unknown_and_its_place_goes_to_the_log(
    line: Line, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = begun(line, tmp_path)
    assert ended_with(ValueError(SECRET)) == 11
    assert str(log) in capsys.readouterr().err.replace("\n", " ")
    assert "test_exits.py" in log.read_text()
    assert "hunter2" not in log.read_text()


def test_ctrl_c_is_a_refusal_before_a_run_and_unknown_after_it(line: Line, tmp_path: Path) -> None:
    assert ended_with(KeyboardInterrupt()) == 12
    begun(line, tmp_path)
    assert ended_with(KeyboardInterrupt()) == 11


def test_leaving_with_zero_lets_the_next_task_of_the_line_run() -> None:
    exits.leave(0)


@pytest.mark.parametrize("code", [10, 11, 12])
def test_leaving_with_a_verdict_raises_that_code(code: int) -> None:
    with pytest.raises(Exit) as caught:
        exits.leave(code)
    assert caught.value.code == code


def test_an_exit_passes_through_untouched(line: Line) -> None:
    assert line.run is None
    assert ended_with(Exit(code=10)) == 10


def test_errors_reach_the_log_of_the_run(line: Line, tmp_path: Path, capsys: Any) -> None:
    log = begun(line, tmp_path)
    ended_with(RunIncomplete("The export was cut."))
    assert "The export was cut." in log.read_text()
    assert "The export was cut." in capsys.readouterr().err


def test_once_an_import_was_noted_every_end_names_the_way_back(
    line: Line, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = begun(line, tmp_path)
    assert line.run is not None
    offer = f"./inv rollback --run {line.run.id}"
    ended_with(RunIncomplete("The export was cut."))
    assert offer not in capsys.readouterr().err
    line.run.update_manifest(load={"import_id": "the-import"})
    for error in (RunIncomplete("The export was cut."), KeyboardInterrupt(), ZeroDivisionError()):
        assert ended_with(error) == 11
        assert offer in capsys.readouterr().err
    assert offer in log.read_text()
    line.run.update_manifest(load={})  # as a rollback leaves it
    ended_with(RunIncomplete("The export was cut."))
    assert offer not in capsys.readouterr().err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_full_disk_takes_neither_the_words_nor_the_code(
    line: Line, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begun(line, tmp_path).symlink_to("/dev/full")
    assert ended_with(RunIncomplete("The export was cut.")) == 11
    assert "The export was cut." in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_polite_kill_and_a_closed_terminal_conclude_unless_they_are_ignored(
    line: Line, number: signal.Signals
) -> None:
    assert line.run is None
    before = signal.getsignal(number)
    reached: list[bool] = []

    @exits.guarded
    def task() -> None:
        os.kill(os.getpid(), number)
        reached.append(True)

    try:
        signal.signal(number, signal.SIG_DFL)
        with pytest.raises(Exit) as caught:
            task()
        assert (caught.value.code, reached) == (12, [])
        signal.signal(number, signal.SIG_IGN)
        task()
        assert reached == [True]
    finally:
        signal.signal(number, before)
