"""A run's records: whole lines, whole files, and the environment that the first task pinned."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from migration import chain
from migration import run as runs
from migration.errors import Refusal, RunIncomplete
from migration.model import LedgerEntry, Phase, StepOutcome
from migration.run import Run
from tests.unit.migration.support import settings_for
from tests.unit.migration.test_verdict import result


def test_a_new_run_is_private_pinned_and_the_latest(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    run = Run.create(settings, datetime(2026, 1, 15, 10, 0, tzinfo=UTC))
    assert run.id.startswith("20260115T100000Z-")
    assert run.settings_environment() == "embedded"
    assert run.manifest()["begun"] == "2026-01-15T10:00:00.000Z"
    assert run.data.stat().st_mode & 0o777 == 0o700
    assert (settings.runs_dir.parent / "latest").resolve() == run.folder
    later = Run.create(settings)
    assert Run.open(settings).id == later.id
    assert Run.open(settings, run.id).data == run.data
    assert runs.pinned_environment(settings.runs_dir, run.id) == "embedded"


def test_a_run_of_another_environment_is_refused(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    run = Run.create(settings)
    with pytest.raises(Refusal, match="pinned to the environment embedded, but test was asked for"):
        Run.open(settings.model_copy(update={"environment": "test"}), run.id)


@pytest.mark.parametrize("name", ["absent", "../escape", ""])
def test_a_run_that_does_not_exist_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="There is no run"):
        Run.open(settings_for(tmp_path), name)


def test_without_any_run_there_is_none_to_open(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="There is no run yet"):
        Run.open(settings_for(tmp_path))


def test_a_data_folder_that_others_may_read_is_refused(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    settings.data_dir.mkdir(mode=0o755)
    with pytest.raises(Refusal, match="open to other users"):
        Run.create(settings)


def test_a_child_process_finds_its_run(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    run = Run.create(settings)
    found = Run.from_environment(run.child_environment(settings))
    assert (found.folder, found.data, found.id) == (run.folder, run.data, run.id)
    with pytest.raises(Refusal, match="CUTOVER_RUN"):
        Run.from_environment({})


def test_results_written_at_once_are_all_there(tmp_path: Path) -> None:
    run = Run.create(settings_for(tmp_path))

    def write() -> None:
        for number in range(25):
            run.append_result(result(id=f"data.{number}"))

    many = [threading.Thread(target=write) for _ in range(4)]
    for thread in many:
        thread.start()
    for thread in many:
        thread.join()
    assert len(run.results()) == 100


def test_results_settle_on_the_disk_with_the_next_one_that_must(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled: list[int] = []
    monkeypatch.setattr("migration.chain.os.fsync", settled.append)
    run = Run.create(settings_for(tmp_path))
    before = len(settled)
    for number in range(3):
        run.append_result(result(id=f"data.{number}"), settled=False)
    assert len(settled) == before
    run.append_result(result(id="harness.data"))
    assert len(settled) == before + 1
    found = chain.lines((run.folder / "results.jsonl").read_bytes())
    assert (len(found), chain.breaks(found, chain.first(run.id, "results.jsonl"))) == (4, [])


def test_a_torn_line_is_named_and_never_skipped(tmp_path: Path) -> None:
    run = Run.create(settings_for(tmp_path))
    run.append_ledger(LedgerEntry(step="fence", outcome=StepOutcome.DONE, at=runs.iso_now()))
    assert [entry.step for entry in run.ledger()] == ["fence"]
    with (run.folder / "ledger.jsonl").open("a") as file:
        file.write('{"step": "pau\n')
    with pytest.raises(RunIncomplete, match=r"Line 2 of ledger\.jsonl"):
        run.ledger()


def test_a_last_line_that_was_not_finished_was_never_written(tmp_path: Path) -> None:
    run = Run.create(settings_for(tmp_path))
    fenced = LedgerEntry(step="fence", outcome=StepOutcome.DONE, at=runs.iso_now())
    run.append_ledger(fenced)
    for name in ("ledger.jsonl", "results.jsonl"):
        with (run.folder / name).open("a") as file:
            file.write('{"step": "pau')
    assert run.ledger() == [fenced]
    run.append_ledger(fenced)
    assert run.ledger() == [fenced, fenced]
    with pytest.raises(RunIncomplete, match=r"Line 1 of results\.jsonl"):  # nothing is judged on these
        run.results()
    assert run.result_lines() == 0


def test_requirements_only_grow(tmp_path: Path) -> None:
    run = Run.create(settings_for(tmp_path))
    run.require(Phase.DATA, ["b", "a"])
    run.require("app", ["c"])
    run.require(Phase.DATA, ["a"])
    assert run.required() == {Phase.DATA: ["a", "b"], Phase.APP: ["c"]}


def test_the_manifest_is_replaced_whole(tmp_path: Path) -> None:
    run = Run.create(settings_for(tmp_path))
    run.update_manifest(clock="2026-01-15T00:00:00.000Z")
    run.update_manifest(clock="2026-01-16T00:00:00.000Z", extra={"a": 1})
    assert run.manifest()["clock"] == "2026-01-16T00:00:00.000Z"
    assert run.manifest()["run_id"] == run.id
    assert not [
        path
        for path in run.folder.iterdir()
        if path.name.startswith(".manifest.json.") and "lock" not in path.name
    ]
