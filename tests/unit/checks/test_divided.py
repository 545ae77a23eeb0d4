"""Work in parts: shared by whoever helps, done once, joined whole, done by another when its worker died."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import FileLock

from checks.divided import Divided
from checks.evidence import Evidence
from checks.tally import Tally
from migration.config import Settings
from migration.errors import RunIncomplete
from migration.model import FINDINGS_SHOWN, Kind
from migration.run import Run


class _Known(Evidence):
    """Evidence without settings: this work needs none."""

    @property
    def settings(self) -> Settings:
        return None  # type: ignore[return-value]


class _Squares:
    """Five parts; the whole is their sum. Notes which parts were really done."""

    parts = 5

    def __init__(self, done: list[int], broken: int | None = None) -> None:
        self.done, self.broken = done, broken

    def part(self, number: int) -> int:
        if number == self.broken:
            raise ValueError("ann@example.com")
        self.done.append(number)
        return number * number

    def whole(self, seen: Sequence[int]) -> Mapping[str, Tally]:
        return {"sum": Tally(matched=sum(seen))}


def _product(done: list[int], broken: int | None = None) -> Divided:
    @contextmanager
    def opened(_run: Run, _settings: Settings, _folder: Path) -> Iterator[_Squares]:
        yield _Squares(done, broken)

    return Divided("squares", opened)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    (tmp_path / "data").mkdir()
    return Run(tmp_path, tmp_path / "data")


def test_every_part_is_done_once_whoever_asks(run: Run) -> None:
    done: list[int] = []
    for _ in range(2):
        assert _Known(run).tally(_product(done), "sum").matched == 30
    assert done == [0, 1, 2, 3, 4]


def test_called_as_a_product_it_does_all_and_leaves_nothing_behind(run: Run) -> None:
    done: list[int] = []
    assert _product(done)(run, None)["sum"].matched == 30  # type: ignore[arg-type]
    assert done == [0, 1, 2, 3, 4]
    assert list((run.data / "checks").iterdir()) == []


def test_a_part_that_another_has_begun_is_left_to_it_and_done_when_it_died(run: Run, tmp_path: Path) -> None:
    done: list[int] = []
    begun = FileLock(tmp_path / "squares.2.lock")
    begun.acquire()
    _product(done).help(run, None, tmp_path)  # type: ignore[arg-type]
    assert done == [0, 1, 3, 4]
    begun.release()  # as the system does for a process that ends
    assert _product(done).join(run, None, tmp_path)["sum"].matched == 30  # type: ignore[arg-type]
    assert done == [0, 1, 3, 4, 2]


def test_a_part_that_fails_fails_for_everyone_without_its_words(run: Run) -> None:
    done: list[int] = []
    for _ in range(2):
        with pytest.raises(RunIncomplete, match="ValueError at part") as caught:
            _Known(run).tally(_product(done, broken=1), "sum")
        assert "ann@" not in str(caught.value)
    assert done == [0]


def test_joined_tallies_are_exact_and_show_no_more_findings_than_one() -> None:
    whole, parts = Tally(), [Tally(), Tally()]
    for number in range(60):
        for tally in (whole, parts[number >= 15]):
            tally.match(2)
            tally.find(Kind.MISSING, str(number), table="cases")
            tally.note("seen")
    parts[0].join(parts[1])
    assert parts[0] == whole
    assert len(whole.findings) == FINDINGS_SHOWN
