"""The flow on a real pair: all steps, resume, refusals, rollback."""

from __future__ import annotations

import os
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest
from pydantic import SecretStr

from fixtures.layout import Layout
from fixtures.seed import seed_source
from migration import delta, fence, flow, snapshot, source, standing
from migration.archive import Archive, summarise
from migration.config import Settings
from migration.errors import Refusal, RowsQuarantined, RunIncomplete
from migration.flow import StepReport
from migration.model import StepOutcome
from migration.progress import Silent
from migration.rollback import EARLIER, EQUAL, OTHERS, RESTORED
from migration.run import Run
from migration.target import Target
from migration.union import ChangedSince
from migration.written import Written
from tests.unit.migration.support import CASE, USER, add_case, add_user, number_of, user_line, zip_of

STEPS = ["fence", "pause", "backup", "export", "link", "transform", "load"]


def _tables(target: Target, path: Path) -> dict[str, list[bytes]]:
    with Archive(target.export(path)) as archive:
        return {name: sorted(archive.lines(name)) for name in archive.tables()}


def _people(target: Target, path: Path) -> list[Any]:
    return [orjson.loads(line) for line in _tables(target, path)["users"]]


def _outcomes(reports: list[StepReport]) -> dict[str, StepOutcome]:
    return {report.name: report.outcome for report in reports}


def _fenced(settings: Settings) -> tuple[str, ...]:
    with source.connect(settings) as connection:
        return fence.standing(connection)


def _add_stranger(target: Target, folder: Path) -> bytes:
    """A v2 user who never was in v1."""
    number = number_of(target, "users", folder / "numbers.zip")
    line = user_line(number, b"their own id 16b", "stranger@example.test")
    target.import_zip(zip_of(folder / "theirs.zip", "users", number, [line]))
    return line


def _edit(target: Target, path: Path, table: str, change: Callable[[dict[str, object]], None]) -> None:
    """Changes each document of a table behind the run's back, over the public wire."""
    with Archive(target.export(path)) as archive:
        number, documents = archive.numbers()[table], [orjson.loads(line) for line in archive.lines(table)]
    for document in documents:
        change(document)
    target.import_zip(zip_of(path, table, number, [orjson.dumps(document) for document in documents]))


def _edit_to_nothing(target: Target, path: Path, table: str) -> None:
    """Empties a table behind the run's back."""
    with Archive(target.export(path)) as archive:
        number = archive.numbers()[table]
    target.import_zip(zip_of(path, table, number, []))


def test_a_migration_loads_everything_and_leaves_the_fence_and_the_pause(
    pair: Settings, target: Target
) -> None:
    run = Run.create(pair)
    reports = flow.migrate(pair, run)
    assert [report.name for report in reports] == STEPS
    manifest = run.manifest()
    assert manifest["load"]["documents"] == 5
    assert manifest["load"]["committed"] is True
    assert manifest["snapshot"]["tables"]["public.cases"]["rows"] == 1
    assert manifest["transform"]["dropped_columns"]["public.users.google_refresh_token"] == 1
    assert manifest["transform"]["accounting"]["public.notifications"]["excluded"] == {"excluded_table": 0}
    assert manifest["transform"]["unknown_columns"] == []
    assert target.state() == "paused"
    assert "public.cases" in _fenced(pair)
    assert [entry.step for entry in run.ledger() if entry.outcome is StepOutcome.DONE] == STEPS


def test_people_s_data_and_secrets_stay_out_of_the_evidence(pair: Settings) -> None:
    run = Run.create(pair)
    flow.migrate(pair, run)
    evidence = b"".join(path.read_bytes() for path in run.folder.rglob("*") if path.is_file())
    for planted in (b"example.test", b"gAAAA", b"Acme", pair.target.admin_key.get_secret_value().encode()):
        assert planted not in evidence
    assert run.data.stat().st_mode & 0o077 == 0
    everything = b"".join(path.read_bytes() for path in run.data.rglob("*") if path.is_file())
    assert b"Acme" in everything
    assert b"gAAAA" not in everything


def test_a_dry_run_changes_nothing_and_leaves_nothing(pair: Settings, target: Target, tmp_path: Path) -> None:
    before = _tables(target, tmp_path / "before.zip")
    reports = flow.rehearse(pair, Silent())
    assert [report.name for report in reports] == STEPS
    assert reports[-1].notes["documents"] == 5
    assert _tables(target, tmp_path / "after.zip") == before
    assert target.state() == "running"
    assert _fenced(pair) == ()
    with psycopg.connect(pair.source.dsn.get_secret_value()) as connection:
        row = connection.execute("SELECT to_regnamespace('cutover_fence')").fetchone()
    assert row == (None,)
    assert not list(pair.data_dir.glob("dry-run-*"))
    assert not pair.runs_dir.exists()


def test_a_second_run_gives_the_same_documents(pair: Settings, target: Target, tmp_path: Path) -> None:
    digests = []
    for name in ("one.zip", "two.zip"):
        flow.migrate(pair, Run.create(pair))
        digests.append(summarise(target.export(tmp_path / name)).digest)
    assert digests[0] == digests[1]


def test_documents_of_others_stay_byte_for_byte(pair: Settings, target: Target, tmp_path: Path) -> None:
    _add_stranger(target, tmp_path)
    kept = _tables(target, tmp_path / "before.zip")["users"]
    run = Run.create(pair)
    flow.migrate(pair, run)
    after = _tables(target, tmp_path / "after.zip")["users"]
    assert len(kept) == 1
    assert set(kept) < set(after)
    assert run.manifest()["load"]["tables"]["users"]["kept"] == 1


def test_resuming_a_finished_migration_does_nothing(pair: Settings) -> None:
    run = Run.create(pair)
    flow.migrate(pair, run)
    again = flow.migrate(pair, run, resume=True)
    assert set(_outcomes(again).values()) == {StepOutcome.SKIPPED}


@pytest.mark.parametrize("stopped", STEPS)
def test_a_run_that_died_before_a_step_goes_on_from_there(
    stopped: str, pair: Settings, target: Target, tmp_path: Path
) -> None:
    run = Run.create(pair)
    begun = STEPS.index(stopped)
    for name in STEPS[:begun]:
        flow.step(pair, run, name)
    reports = flow.migrate(pair, run, resume=True)
    done_before = {"backup", "export", "transform"} & set(STEPS[:begun])
    assert {
        name for name, outcome in _outcomes(reports).items() if outcome is StepOutcome.SKIPPED
    } == done_before
    assert summarise(target.export(tmp_path / "out.zip")).tables["cases"].documents == 1


def test_a_process_that_died_between_commit_and_record_is_not_loaded_twice(
    pair: Settings, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run.create(pair)
    with monkeypatch.context() as patch:

        def die(*_: object) -> None:
            raise KeyboardInterrupt

        patch.setattr("migration.written.Written.commit", die)
        with pytest.raises(KeyboardInterrupt):
            flow.migrate(pair, run)
    uploaded = run.manifest()["load"]["import_id"]
    assert target.import_state(uploaded).state == "completed"
    flow.migrate(pair, run, resume=True)
    assert run.manifest()["load"]["import_id"] == uploaded
    assert run.manifest()["load"]["committed"] is True
    flow.migrate(pair, Run.create(pair))


def test_an_upload_that_was_never_confirmed_is_confirmed_on_resume(
    pair: Settings, monkeypatch: pytest.MonkeyPatch, target: Target
) -> None:
    run = Run.create(pair)
    with monkeypatch.context() as patch:

        def die(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        patch.setattr("migration.target.Target.perform", die)
        with pytest.raises(KeyboardInterrupt):
            flow.migrate(pair, run)
    uploaded = run.manifest()["load"]["import_id"]
    flow.migrate(pair, run, resume=True)
    assert run.manifest()["load"]["import_id"] == uploaded
    assert target.import_state(uploaded).state == "completed"


def test_a_pause_that_was_lifted_meanwhile_makes_a_new_backup(pair: Settings, target: Target) -> None:
    run = Run.create(pair)
    for name in ("fence", "pause", "backup", "export"):
        flow.step(pair, run, name)
    target.unpause()
    outcomes = _outcomes(flow.migrate(pair, run, resume=True))
    assert outcomes["backup"] is StepOutcome.DONE
    assert outcomes["export"] is StepOutcome.SKIPPED


def test_a_raw_file_that_was_touched_is_read_again(pair: Settings) -> None:
    run = Run.create(pair)
    for name in ("fence", "pause", "backup", "export"):
        flow.step(pair, run, name)
    snapshot.raw_file(run.data / "raw", "public.cases").write_bytes(b"")
    outcomes = _outcomes(flow.migrate(pair, run, resume=True))
    assert outcomes["backup"] is StepOutcome.SKIPPED
    assert outcomes["export"] is StepOutcome.DONE
    assert run.manifest()["load"]["documents"] == 5


def test_quarantined_rows_stop_the_run_before_the_load(
    pair: Settings, target: Target, tmp_path: Path
) -> None:
    add_user(pair.source.dsn.get_secret_value(), id=CASE, email="ANN@example.test")
    run = Run.create(pair)
    with pytest.raises(RowsQuarantined, match="2 email_collision") as caught:
        flow.migrate(pair, run)
    assert caught.value.exit_code == 10
    assert "invoke rollback" in caught.value.next_step
    assert "quarantine.resolve" in caught.value.next_step
    assert summarise(target.export(tmp_path / "out.zip")).tables["users"].documents == 0
    assert target.state() == "paused"
    assert _fenced(pair)
    assert run.manifest()["transform"]["quarantined"] >= 2


def test_a_decision_about_the_rows_lets_the_run_go_on(pair: Settings) -> None:
    add_user(pair.source.dsn.get_secret_value(), id=CASE, email="ANN@example.test")
    run = Run.create(pair)
    with pytest.raises(RowsQuarantined):
        flow.migrate(pair, run)
    pair.quarantine_file.write_text(
        f'[[resolution]]\ntable = "public.users"\nkey = "{CASE}"\nas = "exclude"\n'
        'by = "Ann"\nreason = "twin"\n'
    )
    outcomes = _outcomes(flow.migrate(pair, run, resume=True))
    assert outcomes["export"] is StepOutcome.SKIPPED
    assert outcomes["load"] is StepOutcome.DONE


def test_an_empty_source_is_unknown_before_anything_is_touched(pair: Settings, target: Target) -> None:
    with psycopg.connect(pair.source.dsn.get_secret_value(), autocommit=True) as connection:
        connection.execute("DELETE FROM public.cases")
    with pytest.raises(RunIncomplete, match="empty") as caught:
        flow.migrate(pair, Run.create(pair))
    assert caught.value.exit_code == 11
    assert target.state() == "running"
    assert _fenced(pair) == ()


def test_a_row_that_changed_past_the_fence_stops_the_load(pair: Settings) -> None:
    run = Run.create(pair)
    for name in STEPS[:-1]:
        flow.step(pair, run, name)
    with psycopg.connect(pair.source.dsn.get_secret_value(), autocommit=True) as connection:
        connection.execute("UPDATE auth.users SET banned_until = 'infinity'")
    with pytest.raises(RunIncomplete, match=r"changed after the snapshot: auth\.users"):
        flow.step(pair, run, "load")
    assert "load" not in run.manifest()


def test_a_target_that_was_opened_is_not_loaded(pair: Settings, target: Target) -> None:
    run = Run.create(pair)
    for name in STEPS[:-1]:
        flow.step(pair, run, name)
    target.unpause()
    with pytest.raises(RunIncomplete, match="must be paused"):
        flow.step(pair, run, "load")


def test_documents_changed_on_the_target_since_the_last_run_stop_the_load(
    pair: Settings, target: Target, tmp_path: Path
) -> None:
    flow.migrate(pair, Run.create(pair))
    _edit(target, tmp_path / "edit.zip", "cases", lambda case: case.update(employerName="Edited in v2"))
    with pytest.raises(ChangedSince, match="1 documents of an earlier load were changed") as caught:
        flow.migrate(pair, Run.create(pair))
    assert caught.value.exit_code == 10
    assert "Edited in v2" not in str(caught.value)


def test_documents_of_ours_without_a_record_are_refused(
    pair: Settings, target: Target, tmp_path: Path
) -> None:
    flow.migrate(pair, Run.create(pair))
    _edit(target, tmp_path / "edit.zip", "cases", lambda case: case.update(employerName="Edited in v2"))
    elsewhere = pair.model_copy(update={"data_dir": tmp_path / "elsewhere"})
    with pytest.raises(Refusal, match="no record here says") as caught:
        flow.migrate(elsewhere, Run.create(elsewhere))
    assert caught.value.exit_code == 12


def test_a_row_that_left_the_source_leaves_the_target_too(
    pair: Settings, target: Target, tmp_path: Path
) -> None:
    dsn = pair.source.dsn.get_secret_value()
    add_case(dsn, id="33333333-3333-4333-8333-333333333333")
    first = Run.create(pair)
    flow.migrate(pair, first)
    flow.unfence(pair, first)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("DELETE FROM public.cases WHERE id::text LIKE '333%'")
    run = Run.create(pair)
    flow.migrate(pair, run)
    assert run.manifest()["load"]["tables"]["cases"]["removed"] == 1
    assert len(_tables(target, tmp_path / "out.zip")["cases"]) == 1


def test_a_run_is_refused_on_another_target_and_on_another_source(
    pair: Settings, new_database: Callable[[Layout | None], str]
) -> None:
    run = Run.create(pair)
    flow.migrate(pair, run)
    other = new_database(Layout())
    add_user(other)
    add_case(other)
    moved = pair.source.model_copy(update={"dsn": SecretStr(other)})
    settings = pair.model_copy(update={"source": moved})
    for act in (
        lambda: flow.verify_identity(run, settings),
        lambda: flow.rollback(settings, run),
        lambda: flow.open_target(settings, run),
        lambda: flow.migrate(settings, run, resume=True),
    ):
        with pytest.raises(Refusal, match="another source") as caught:
            act()
        assert caught.value.exit_code == 12
    run.update_manifest(target={**run.manifest()["target"], "identity": "of another deployment"})
    with pytest.raises(Refusal, match="another target"):
        flow.export_target(pair, run, "verified.zip")


def test_a_step_out_of_order_is_refused_by_name(pair: Settings) -> None:
    with pytest.raises(
        Refusal,
        match=r"builds on backup, transform.*Run invoke fence pause backup export link transform load",
    ):
        flow.step(pair, Run.create(pair), "load")
    with pytest.raises(Refusal, match="no step 'loda'"):
        flow.step(pair, Run.create(pair), "loda")


def test_a_rollback_restores_the_backup_and_opens_both_sides(
    pair: Settings, target: Target, tmp_path: Path
) -> None:
    _add_stranger(target, tmp_path)
    before = _tables(target, tmp_path / "before.zip")
    run = Run.create(pair)
    flow.migrate(pair, run)
    flow.export_target(pair, run, "verified.zip")
    flow.open_target(pair, run)
    done = flow.rollback(pair, run)
    assert done.how == RESTORED
    assert _tables(target, tmp_path / "after.zip") == before
    assert target.state() == "running"
    assert _fenced(pair) == ()
    entry = run.ledger()[-1]
    assert (entry.step, entry.outcome) == ("rollback", StepOutcome.DONE)
    assert entry.duration_ms > 0


def test_a_rollback_keeps_what_users_wrote_on_v2(pair: Settings, target: Target, tmp_path: Path) -> None:
    run = Run.create(pair)
    flow.migrate(pair, run)
    flow.export_target(pair, run, "verified.zip")
    flow.open_target(pair, run)
    _edit(target, tmp_path / "edited.zip", "cases", lambda case: case.update(employerName="Edited"))
    _edit_to_nothing(target, tmp_path / "gone.zip", "authAccounts")
    theirs = _add_stranger(target, tmp_path)
    done = flow.rollback(pair, run)
    assert done.stranded["cases"] == {"changed": 1}
    assert done.stranded["users"]["created"] == 1
    assert set(done.stranded["authAccounts"]) == {"deleted"}
    kept = [orjson.loads(line) for line in (run.data / delta.NAME).read_bytes().splitlines()]
    (case,) = [one for one in kept if one["table"] == "cases"]
    assert (case["after"]["employerName"], case["before"]["employerName"]) == ("Edited", "Acme")
    assert orjson.loads(theirs) in [one["after"] for one in kept]


def test_a_rollback_killed_after_the_restore_still_knows_what_users_wrote(
    pair: Settings, target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run.create(pair)
    flow.migrate(pair, run)
    flow.export_target(pair, run, "verified.zip")
    flow.open_target(pair, run)
    _edit(target, tmp_path / "edited.zip", "cases", lambda case: case.update(employerName="Edited"))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(fence, "lift", killed)
        with pytest.raises(KeyboardInterrupt):
            flow.rollback(pair, run)
    kept = (run.data / delta.NAME).read_bytes()
    assert flow.rollback(pair, run).stranded == {"cases": {"changed": 1}}
    assert (run.data / delta.NAME).read_bytes() == kept


def test_a_rollback_before_the_opening_strands_nothing(pair: Settings) -> None:
    run = Run.create(pair)
    flow.migrate(pair, run)
    flow.export_target(pair, run, "verified.zip")
    assert flow.rollback(pair, run).stranded == {}
    assert not (run.data / delta.NAME).exists()


def test_another_backup_than_the_run_s_own_is_never_restored(
    pair: Settings, target: Target, tmp_path: Path
) -> None:
    other = target.export(tmp_path / "other.zip", include_storage=True)
    _add_stranger(target, tmp_path)
    before, run = _tables(target, tmp_path / "before.zip"), Run.create(pair)
    flow.migrate(pair, run)
    loaded, own = _tables(target, tmp_path / "loaded.zip"), run.data / "backup.zip"
    own.rename(tmp_path / "own.zip")
    shutil.copyfile(other, own)
    with pytest.raises(RunIncomplete, match="is not the backup that this run took"):
        flow.rollback(pair, run)
    assert _tables(target, tmp_path / "now.zip") == loaded
    assert target.state() == "paused"
    (tmp_path / "own.zip").replace(own)
    assert flow.rollback(pair, run).how == "restored"
    assert _tables(target, tmp_path / "after.zip") == before


def test_a_rollback_before_the_load_only_opens_both_sides(pair: Settings, target: Target) -> None:
    run = Run.create(pair)
    for name in ("fence", "pause", "backup"):
        flow.step(pair, run, name)
    assert flow.rollback(pair, run).how == EQUAL
    assert target.state() == "running"
    assert _fenced(pair) == ()


def test_after_a_rollback_the_same_run_and_a_new_one_migrate_again(
    pair: Settings, target: Target, tmp_path: Path
) -> None:
    run = Run.create(pair)
    flow.migrate(pair, run)
    flow.rollback(pair, run)
    assert StepOutcome.SKIPPED not in _outcomes(flow.migrate(pair, run, resume=True)).values()
    flow.migrate(pair, Run.create(pair))
    assert len(_tables(target, tmp_path / "out.zip")["cases"]) == 1


def test_a_target_that_was_paused_before_stays_paused_after_a_rollback(
    pair: Settings, target: Target
) -> None:
    target.pause()
    run = Run.create(pair)
    flow.migrate(pair, run)
    flow.rollback(pair, run)
    assert target.state() == "paused"


def test_a_restore_that_is_not_equal_to_the_backup_is_never_called_done(
    pair: Settings, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run.create(pair)
    flow.migrate(pair, run)
    monkeypatch.setattr(Target, "perform", lambda *_, **__: None)  # the deployment says yes, and does nothing
    with pytest.raises(RunIncomplete, match="differs from its backup"):
        flow.rollback(pair, run)
    assert target.state() == "paused"
    assert _fenced(pair)


def test_a_key_that_stops_working_in_the_middle_leaves_the_run_unfinished(
    pair: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise Refusal("The deployment refused the admin key.", next_step="Check it.")

    monkeypatch.setattr("migration.backup.take", refused)
    run = Run.create(pair)
    with pytest.raises(RunIncomplete, match="refused the admin key") as caught:
        flow.migrate(pair, run)
    assert caught.value.exit_code == 11
    failed = run.ledger()[-1]
    assert (failed.step, failed.outcome) == ("backup", StepOutcome.FAILED)


def test_a_lost_database_is_a_sentence_without_the_driver_s_words(
    pair: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object, **__: object) -> None:
        raise psycopg.errors.UniqueViolation("Key (email)=(ann@example.test) already exists")

    monkeypatch.setattr("migration.snapshot.take", lost)
    with pytest.raises(RunIncomplete, match=r"The step export failed \(UniqueViolation 23505\)") as caught:
        flow.migrate(pair, Run.create(pair))
    assert "ann@example.test" not in str(caught.value)


def test_the_raw_files_are_private(pair: Settings) -> None:
    run = Run.create(pair)
    flow.migrate(pair, run)
    assert all(
        path.stat().st_mode & 0o077 == 0 for path in [run.data, run.data / "backup.zip", run.data / "raw"]
    )
    assert USER.encode() in (run.data / "raw" / "public.users.ndjson").read_bytes()
    assert os.path.realpath(run.folder.parent.parent / "latest") == str(run.folder)


def test_a_source_with_the_other_users_table_and_without_doubtful_columns_is_moved(
    pair: Settings, new_database: Callable[[Layout | None], str]
) -> None:
    dsn = new_database(Layout(users_table="perm_users", doubtful=False))
    seed_source(dsn, users=6, cases=30)
    settings = pair.model_copy(update={"source": pair.source.model_copy(update={"dsn": SecretStr(dsn)})})
    run = Run.create(settings)
    flow.migrate(settings, run)
    manifest = run.manifest()
    assert manifest["source"]["users_table"] == "public.perm_users"
    assert manifest["transform"]["unknown_columns"] == []
    assert (
        manifest["load"]["tables"]["cases"]["added"] == manifest["snapshot"]["tables"]["public.cases"]["rows"]
    )


def test_after_taking_back_a_second_load_the_first_one_is_still_known_as_ours(
    pair: Settings, target: Target, tmp_path: Path
) -> None:
    dsn = pair.source.dsn.get_secret_value()
    flow.migrate(pair, Run.create(pair))
    for title in ("Second", "Third"):
        with psycopg.connect(dsn, autocommit=True) as connection:
            fence.lift(connection, "test")
            connection.execute("UPDATE public.cases SET position_title = %s", (title,))
        run = Run.create(pair)
        flow.migrate(pair, run)
        if title == "Second":
            assert flow.rollback(pair, run).how == RESTORED
    (case,) = _tables(target, tmp_path / "out.zip")["cases"]
    assert orjson.loads(case)["positionTitle"] == "Third"


def test_a_second_rollback_leaves_what_users_wrote_after_the_first(
    pair: Settings, target: Target, tmp_path: Path
) -> None:
    run = Run.create(pair)
    flow.migrate(pair, run)
    assert flow.rollback(pair, run).how == RESTORED
    written = _add_stranger(target, tmp_path)
    assert flow.rollback(pair, run).how == EARLIER
    assert _people(target, tmp_path / "after.zip") == [orjson.loads(written)]


def test_a_rollback_that_died_after_the_opening_leaves_what_users_wrote_since(
    pair: Settings, target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run.create(pair)
    flow.migrate(pair, run)
    with _dying_after("unpause", monkeypatch):
        flow.rollback(pair, run)
    written = _add_stranger(target, tmp_path)
    assert flow.rollback(pair, run).how == EARLIER
    assert _people(target, tmp_path / "after.zip") == [orjson.loads(written)]


def test_what_others_did_after_the_backup_stops_the_load_and_is_not_taken_back(
    pair: Settings, target: Target, tmp_path: Path
) -> None:
    run = Run.create(pair)
    for name in STEPS[:-1]:
        flow.step(pair, run, name)
    written = _add_stranger(target, tmp_path)
    with pytest.raises(RunIncomplete, match=r"The target changed after its backup: users: 1 new \(\w+\)"):
        flow.migrate(pair, run, resume=True)
    assert flow.rollback(pair, run).how == OTHERS
    assert _people(target, tmp_path / "after.zip") == [orjson.loads(written)]
    assert (target.state(), _fenced(pair)) == ("running", ())


def test_what_others_did_after_the_backup_is_kept_by_the_steps_that_are_named(
    pair: Settings, target: Target, tmp_path: Path
) -> None:
    run = Run.create(pair)
    for name in STEPS[:-1]:
        flow.step(pair, run, name)
    written = _add_stranger(target, tmp_path)
    with pytest.raises(RunIncomplete, match="invoke backup link transform load"):
        flow.step(pair, run, "load")
    for name in ("backup", "link", "transform", "load"):
        flow.step(pair, run, name)
    assert orjson.loads(written) in _people(target, tmp_path / "after.zip")


def test_a_half_done_rollback_is_finished_before_anything_else(
    pair: Settings, target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _tables(target, tmp_path / "before.zip")
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
    assert _tables(target, tmp_path / "after.zip") == before


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
    assert (target.state(), _fenced(pair)) == ("paused", ())


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
