"""What a run leaves when it dies between two acts, and that the next line neither loses nor doubles anything.

The commands of `migration.flow` on a real pair, interrupted where only the code knows; whole lines that are
killed are in tests/conduct.
"""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest

from migration import fence, flow, standing
from migration.config import Settings
from migration.errors import Refusal, RunIncomplete
from migration.rollback import EARLIER, EQUAL, OTHERS, RESTORED
from migration.run import Run
from migration.target import Target
from migration.written import Written
from tests.unit.migration.support import CASE, STEPS, add_case, add_stranger, fenced_tables, tables_of


def _people(target: Target, path: Path) -> list[Any]:
    return [orjson.loads(line) for line in tables_of(target, path)["users"]]


def test_a_second_rollback_leaves_what_users_wrote_after_the_first(
    pair: Settings, target: Target, tmp_path: Path
) -> None:
    run = Run.create(pair)
    flow.migrate(pair, run)
    assert flow.rollback(pair, run).how == RESTORED
    written = add_stranger(target, tmp_path)
    assert flow.rollback(pair, run).how == EARLIER
    assert _people(target, tmp_path / "after.zip") == [orjson.loads(written)]


def test_a_rollback_that_died_after_the_opening_leaves_what_users_wrote_since(
    pair: Settings, target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run.create(pair)
    flow.migrate(pair, run)
    with _dying_after("unpause", monkeypatch):
        flow.rollback(pair, run)
    written = add_stranger(target, tmp_path)
    assert flow.rollback(pair, run).how == EARLIER
    assert _people(target, tmp_path / "after.zip") == [orjson.loads(written)]


def test_what_others_did_after_the_backup_stops_the_load_and_is_not_taken_back(
    pair: Settings, target: Target, tmp_path: Path
) -> None:
    run = Run.create(pair)
    for name in STEPS[:-1]:
        flow.step(pair, run, name)
    written = add_stranger(target, tmp_path)
    with pytest.raises(RunIncomplete, match=r"The target changed after its backup: users: 1 new \(\w+\)"):
        flow.migrate(pair, run, resume=True)
    assert flow.rollback(pair, run).how == OTHERS
    assert _people(target, tmp_path / "after.zip") == [orjson.loads(written)]
    assert (target.state(), fenced_tables(pair)) == ("running", ())


def test_what_others_did_after_the_backup_is_kept_by_the_steps_that_are_named(
    pair: Settings, target: Target, tmp_path: Path
) -> None:
    run = Run.create(pair)
    for name in STEPS[:-1]:
        flow.step(pair, run, name)
    written = add_stranger(target, tmp_path)
    with pytest.raises(RunIncomplete, match="invoke backup link transform load"):
        flow.step(pair, run, "load")
    for name in ("backup", "link", "transform", "load"):
        flow.step(pair, run, name)
    assert orjson.loads(written) in _people(target, tmp_path / "after.zip")


def test_a_half_done_rollback_is_finished_before_anything_else(
    pair: Settings, target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tables_of(target, tmp_path / "before.zip")
    run = Run.create(pair)
    flow.migrate(pair, run)
    with _dying_after("upload", monkeypatch):
        flow.rollback(pair, run)
    for act in (
        lambda: flow.migrate(pair, run, resume=True),
        lambda: flow.step(pair, run, "load"),
        lambda: standing.must_be_loaded(run),
    ):
        with pytest.raises(RunIncomplete, match=rf"\./inv rollback --run {run.id}"):
            act()
    assert flow.rollback(pair, run).how == RESTORED
    assert tables_of(target, tmp_path / "after.zip") == before


def test_a_restore_that_died_in_the_middle_is_carried_on_with(
    pair: Settings, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run.create(pair)
    flow.migrate(pair, run)
    with _dying_before("perform", monkeypatch):
        flow.rollback(pair, run)
    begun = run.manifest()["restore"]["import_id"]
    assert target.import_state(begun).state in {"uploaded", "waiting_for_confirmation"}
    assert flow.rollback(pair, run).how == RESTORED
    assert target.import_state(begun).state == "completed"


def test_a_pause_that_died_before_it_was_noted_is_known_as_ours(
    pair: Settings, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run.create(pair)
    with _dying_after("pause", monkeypatch):
        flow.migrate(pair, run)
    assert target.state() == "paused"
    flow.migrate(pair, run, resume=True)
    flow.rollback(pair, run)
    assert target.state() == "running"


def test_a_rollback_before_the_pause_leaves_somebody_else_s_pause(pair: Settings, target: Target) -> None:
    target.pause()
    run = Run.create(pair)
    flow.step(pair, run, "fence")
    flow.rollback(pair, run)
    assert (target.state(), fenced_tables(pair)) == ("paused", ())


def test_two_commands_never_work_on_one_target_at_once(pair: Settings, target: Target) -> None:
    run = Run.create(pair)
    flow.step(pair, run, "fence")
    with Written(pair.data_dir, str(run.manifest()["target"]["identity"])[:16]).alone():
        for act in (
            lambda: flow.migrate(pair, run, resume=True),
            lambda: flow.migrate(pair, Run.create(pair)),
            lambda: flow.step(pair, run, "pause"),
            lambda: flow.rollback(pair, run),
        ):
            with pytest.raises(Refusal, match="Another command is at work"):
                act()
    assert target.state() == "running"
    assert flow.rollback(pair, run).how == EQUAL


def test_an_upload_of_other_bytes_is_cancelled_before_the_new_one(
    pair: Settings, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run.create(pair)
    with _dying_before("perform", monkeypatch):
        flow.migrate(pair, run)
    first = run.manifest()["load"]["import_id"]
    run.update_manifest(load={**run.manifest()["load"], "digest": "of other bytes"})
    flow.migrate(pair, run, resume=True)
    assert run.manifest()["load"]["import_id"] != first
    assert target.import_state(first).state == "failed"


def test_an_opening_that_did_not_come_to_its_end_counts_as_one(
    pair: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run.create(pair)
    flow.migrate(pair, run)
    assert not standing.was_opened(run)
    with _dying_after("unpause", monkeypatch):
        flow.open_target(pair, run)
    assert standing.was_opened(run)


def test_rows_that_changed_past_the_fence_are_named(pair: Settings) -> None:
    other = "33333333-3333-4333-8333-333333333333"
    run = Run.create(pair)
    for name in STEPS[:-1]:
        flow.step(pair, run, name)
    dsn = pair.source.dsn.get_secret_value()
    with psycopg.connect(dsn, autocommit=True) as connection:
        fence.lift(connection, "test")
        connection.execute("UPDATE public.cases SET position_title = 'Later'")
    add_case(dsn, id=other)
    with pytest.raises(RunIncomplete) as caught:
        flow.step(pair, run, "load")
    assert f"public.cases: 1 changed ({CASE}), 1 new ({other})" in caught.value.happened


def test_a_full_disk_leaves_no_half_line_and_the_run_can_be_taken_back(pair: Settings) -> None:
    run = Run.create(pair)
    flow.migrate(pair, run)
    ledger = run.folder / "ledger.jsonl"
    whole = ledger.read_bytes()
    with _largest_file(len(whole) + 10), pytest.raises(OSError, match="File too large"):
        run.append_ledger(run.ledger()[-1])
    assert ledger.read_bytes() == whole
    ledger.write_bytes(whole + b'{"step": "ve')  # as a killed process leaves it
    assert flow.rollback(pair, run).how == RESTORED
    assert [entry.step for entry in run.ledger()][-2:] == ["rollback", "rollback"]


def test_a_record_that_was_not_finished_leaves_the_one_before(pair: Settings) -> None:
    run = Run.create(pair)
    flow.migrate(pair, run)
    written = Written(pair.data_dir, str(run.manifest()["target"]["identity"])[:16])
    before = written.known("another run").hashes

    def torn() -> Iterator[tuple[str, bytes, bytes]]:
        yield ("cases", b"x" * 16, b"y" * 32)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        written.prepare(run.id, torn())
    assert written.known("another run").hashes == before


@contextmanager
def _dying_after(call: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is inside is interrupted when this call of the target has been carried out and not yet noted."""
    original = getattr(Target, call)

    def calling(self: Target, *given: Any, **more: Any) -> None:
        original(self, *given, **more)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(f"migration.target.Target.{call}", calling)
        with pytest.raises(KeyboardInterrupt):
            yield


@contextmanager
def _dying_before(call: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is inside is interrupted when it comes to this call of the target."""

    def dying(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(f"migration.target.Target.{call}", dying)
        with pytest.raises(KeyboardInterrupt):
            yield


@contextmanager
def _largest_file(size: int) -> Iterator[None]:
    """The system writes up to `size` bytes and then refuses, in the middle of a line too."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_session_that_a_killed_process_left_does_not_stop_the_run_and_others_stay(pair: Settings) -> None:
    dsn = pair.source.dsn.get_secret_value()
    run = Run.create(pair)
    flow.step(pair, run, "fence")
    flow.unfence(pair, run)
    left, other = (psycopg.connect(dsn, application_name=f"cutover {name}") for name in (run.id, "another"))
    with left, other:
        left.execute("LOCK TABLE public.cases IN ACCESS SHARE MODE")
        other.execute("SELECT 1")
        flow.migrate(pair, run, resume=True)
        assert other.execute("SELECT 2").fetchone() == (2,)
        with pytest.raises(psycopg.OperationalError):
            left.execute("SELECT 1")
        left.close()
