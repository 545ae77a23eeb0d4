"""Rows of the table of disturbances that are played at every test; `./inv soak conduct` plays all of them.

Chosen so that each way of going wrong is met once, and each long step in its middle.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.pair import PairState
from tests.conduct.rows import Row, all_rows
from tests.conduct.stage import Stage

ROWS = {f"{row.group}, {row.name}": row for row in all_rows()}
PLAYED = (
    "kill -9, fence: tables closed, not proven",
    "kill -9, pause: paused, not noted",
    "kill -9, backup: downloaded, not read back",
    "kill -9, export: in the middle of a COPY",
    "kill -9, transform: users written, cases not",
    "kill -9, load: in the middle of the upload",
    "kill -9, load: confirmed, not ended",
    "kill -9, load: ended, record not noted",
    "kill -9, rollback: restore confirmed, not ended",
    "SIGINT, load: confirmed, not ended",
    "503 with Retry-After, upload_part",
    "401 in the middle, perform_import",
    "answer lost, finish_upload",
    "upload cut always, after 1,000 bytes",
    "download cut once, after 1,000 bytes",
    "database connection cut, in the middle of the fourth COPY",
    "disk full, in the middle of the backup",
)


@pytest.fixture(scope="session")
def stage(pair: tuple[Path, PairState]) -> Iterator[Stage]:
    folder, state = pair
    made = Stage(folder / "stage", state)
    yield made
    made.close()


@pytest.fixture
def ready(stage: Stage) -> Iterator[Stage]:
    """The stage, put back by other means when a row has failed."""
    before = stage.played
    yield stage
    if stage.played == before:
        stage.restore()


@pytest.mark.parametrize("name", PLAYED)
def test_a_disturbed_run_comes_to_the_same_result_and_can_be_taken_back(name: str, ready: Stage) -> None:
    assert "rolled back equal" in ROWS[name].play(ready)


def test_no_two_rows_have_one_name_and_there_are_enough_of_them() -> None:
    rows: list[Row] = all_rows()
    assert len(ROWS) == len(rows) >= 80
