"""The flow on a real pair: all steps, resume, refusals, rollback."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import orjson
import psycopg
import pytest
from pydantic import SecretStr

from fixtures.layout import Layout
from fixtures.seed import seed_source
from migration import delta, fence, flow, snapshot
from migration.archive import Archive, summarise
from migration.config import Settings
from migration.errors import Refusal, RowsQuarantined, RunIncomplete
from migration.flow import StepReport
from migration.model import StepOutcome
from migration.progress import Silent
from migration.rollback import EQUAL, RESTORED
from migration.run import Run
from migration.target import Target
from migration.union import ChangedSince
from tests.unit.migration.support import (
    CASE,
    STEPS,
    USER,
    add_case,
    add_stranger,
    add_user,
    fenced_tables,
    tables_of,
    zip_of,
)


def _outcomes(reports: list[StepReport]) -> dict[str, StepOutcome]:
    return {report.name: report.outcome for report in reports}


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
    assert "public.cases" in fenced_tables(pair)
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
    before = tables_of(target, tmp_path / "before.zip")
    reports = flow.rehearse(pair, Silent())
    assert [report.name for report in reports] == STEPS
    assert reports[-1].notes["documents"] == 5
    assert tables_of(target, tmp_path / "after.zip") == before
    assert target.state() == "running"
    assert fenced_tables(pair) == ()
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
    add_stranger(target, tmp_path)
    kept = tables_of(target, tmp_path / "before.zip")["users"]
    run = Run.create(pair)
    flow.migrate(pair, run)
    after = tables_of(target, tmp_path / "after.zip")["users"]
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
    assert fenced_tables(pair)
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
    assert fenced_tables(pair) == ()


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
    assert len(tables_of(target, tmp_path / "out.zip")["cases"]) == 1


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
    add_stranger(target, tmp_path)
    before = tables_of(target, tmp_path / "before.zip")
    run = Run.create(pair)
    flow.migrate(pair, run)
    flow.export_target(pair, run, "verified.zip")
    flow.open_target(pair, run)
    done = flow.rollback(pair, run)
    assert done.how == RESTORED
    assert tables_of(target, tmp_path / "after.zip") == before
    assert target.state() == "running"
    assert fenced_tables(pair) == ()
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
    theirs = add_stranger(target, tmp_path)
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
    add_stranger(target, tmp_path)
    before, run = tables_of(target, tmp_path / "before.zip"), Run.create(pair)
    flow.migrate(pair, run)
    loaded, own = tables_of(target, tmp_path / "loaded.zip"), run.data / "backup.zip"
    own.rename(tmp_path / "own.zip")
    shutil.copyfile(other, own)
    with pytest.raises(RunIncomplete, match="is not the backup that this run took"):
        flow.rollback(pair, run)
    assert tables_of(target, tmp_path / "now.zip") == loaded
    assert target.state() == "paused"
    (tmp_path / "own.zip").replace(own)
    assert flow.rollback(pair, run).how == "restored"
    assert tables_of(target, tmp_path / "after.zip") == before


def test_a_rollback_before_the_load_only_opens_both_sides(pair: Settings, target: Target) -> None:
    run = Run.create(pair)
    for name in ("fence", "pause", "backup"):
        flow.step(pair, run, name)
    assert flow.rollback(pair, run).how == EQUAL
    assert target.state() == "running"
    assert fenced_tables(pair) == ()


def test_after_a_rollback_the_same_run_and_a_new_one_migrate_again(
    pair: Settings, target: Target, tmp_path: Path
) -> None:
    run = Run.create(pair)
    flow.migrate(pair, run)
    flow.rollback(pair, run)
    assert StepOutcome.SKIPPED not in _outcomes(flow.migrate(pair, run, resume=True)).values()
    flow.migrate(pair, Run.create(pair))
    assert len(tables_of(target, tmp_path / "out.zip")["cases"]) == 1


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
    assert fenced_tables(pair)


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
    (case,) = tables_of(target, tmp_path / "out.zip")["cases"]
    assert orjson.loads(case)["positionTitle"] == "Third"
