"""Clean migrations of different shape are not refused: a fixed part of `./inv soak clean`.

The seeds are those of the campaign whose shapes lie farthest apart, and whose first runs found something.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.soak.clean import judged, migrated, second_run
from tests.soak.ground import Ground, ground
from tests.soak.shapes import KINDS, shape_of

ONE_USER, ODD, DECIDED, NOTHING_THERE = 21, 17, 56, 19


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with ground(tmp_path_factory.mktemp("ground")) as found:
        yield found


@pytest.mark.parametrize("seed", [ONE_USER, ODD, DECIDED, NOTHING_THERE])
def test_a_clean_migration_passes_and_a_second_one_changes_nothing(here: Ground, seed: int) -> None:
    shape = shape_of(seed)
    settings = here.lay(shape)
    run = migrated(settings, decisions=shape.hazards)
    assert judged(settings, run) == []
    if seed in (ODD, DECIDED):
        assert second_run(settings, run) == []


def test_the_seeds_are_of_four_kinds_and_every_kind_has_its_turn() -> None:
    assert len({shape_of(seed).kind for seed in (ONE_USER, ODD, DECIDED, NOTHING_THERE)}) == 4
    assert {shape_of(seed).kind for seed in range(len(KINDS))} == set(KINDS)


def test_a_document_that_a_second_run_would_leave_otherwise_is_told(here: Ground) -> None:
    """The comparison of two runs has teeth."""
    settings = here.lay(shape_of(ONE_USER))
    first = migrated(settings)
    export = first.data / "verified.zip"
    export.unlink()
    export.write_bytes((first.data / "backup.zip").read_bytes())
    assert any("documents differ after a second run" in line for line in second_run(settings, first))
