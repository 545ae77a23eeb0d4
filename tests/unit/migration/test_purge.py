"""A purge removes what is raw, keeps what is evidence, and never takes the way back away unasked."""

from __future__ import annotations

from pathlib import Path

import pytest

from migration import seal
from migration.audit import examine
from migration.errors import PASS, Refusal, RunIncomplete
from migration.model import StepOutcome
from migration.purge import Removed, purge
from migration.run import Run
from tests.unit.migration.proven import conclude, ended, proven
from tests.unit.migration.support import settings_for


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A loaded run with two raw files, one of them in a folder, and what it wrote to its deployment."""
    made = proven(tmp_path)
    (made.data / "raw").mkdir()
    (made.data / "raw" / "cases.ndjson").write_bytes(b"x" * 1000)
    (made.data / "backup.zip").write_bytes(b"y" * 500)
    (made.data.parents[1] / "deployments").mkdir()
    (made.data.parents[1] / "deployments" / f"{made.id}.documents").write_text("hashes")
    return made


def test_a_run_that_was_rolled_back_is_purged_and_its_evidence_holds(run: Run) -> None:
    ended(run, "rollback")
    conclude(run)
    before = {path.name: path.read_bytes() for path in (run.folder / "evidence").iterdir()}
    seal.open_(run)
    assert purge(run) == Removed(files=2, bytes=1500)
    conclude(run)
    assert not run.data.exists()
    assert (run.data.parents[1] / "deployments" / f"{run.id}.documents").exists()
    last = run.ledger()[-1]
    assert (last.step, last.outcome) == ("purge", StepOutcome.DONE)
    assert last.notes == {"files": 2, "bytes": 1500, "files_left": 0}
    assert {path.name: path.read_bytes() for path in (run.folder / "evidence").iterdir()} == before
    assert examine(run.folder).code == PASS
    assert purge(run) == Removed(files=0, bytes=0)


def test_a_loaded_run_s_data_is_its_way_back_unless_the_target_s_name_is_typed(run: Run) -> None:
    for typed in ("", "another-name", run.id):
        with pytest.raises(
            Refusal, match=r"its backup is the way back.*Nothing was removed.*happy-otter-123"
        ):
            purge(run, confirm=typed)
    assert (run.data / "backup.zip").exists()
    assert run.ledger()[-1].step != "purge"
    assert purge(run, confirm="happy-otter-123").files == 2
    assert not run.data.exists()


def test_a_run_that_may_be_resumed_keeps_its_data(tmp_path: Path) -> None:
    run = Run.create(settings_for(tmp_path))
    run.update_manifest(environment="test", target={"name": "happy-otter-123"})
    ended(run, "export")
    with pytest.raises(Refusal, match="would be resumed from it"):
        purge(run)


@pytest.mark.parametrize("lives", [True, False])
def test_data_of_a_pair_that_is_gone_is_nobody_s_way_back(lives: bool, tmp_path: Path) -> None:
    run = Run.create(settings_for(tmp_path))
    ended(run, "load")
    if lives:
        Path(run.manifest()["pair"]).write_text("{}")
        with pytest.raises(Refusal, match="still needed"):
            purge(run)
    else:
        purge(run)
    assert run.data.exists() is lives


def test_what_can_not_be_removed_is_counted_and_noted(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    ended(run, "rollback")
    monkeypatch.setattr(
        "migration.purge.shutil.rmtree", lambda path, **_: (path / "backup.zip").unlink()
    )  # as when a folder of it belongs to somebody else; root, who runs these tests, may remove anything
    with pytest.raises(RunIncomplete, match=r"1 files of .* could not be removed"):
        purge(run)
    last = run.ledger()[-1]
    assert (last.outcome, last.notes["files_left"]) == (StepOutcome.FAILED, 1)
