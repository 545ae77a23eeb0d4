"""Some of the campaign's made-up repositories, and that the campaign would notice a loss."""

from __future__ import annotations

from pathlib import Path

import pytest

from migration.tidy import journal
from tests.soak import tidy


@pytest.mark.parametrize("seed", [20260115, 20260140, 20260301])
def test_a_made_up_repository_is_cleaned_and_taken_back_exactly(seed: int, tmp_path: Path) -> None:
    assert tidy.tried(tmp_path / "repository", seed) in {"done", *tidy.REFUSALS}


def test_a_file_that_is_lost_on_the_way_would_be_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgetful(self: journal.State, name: str) -> Path:
        return self.folder / "lost" if name.startswith(journal.ASIDE) else whole(self, name)

    whole = journal.State.path
    monkeypatch.setattr(journal.State, "path", forgetful)
    monkeypatch.setattr(tidy, "EACH", 3)
    assert tidy.batch(0)(tmp_path)["broken"] != []
