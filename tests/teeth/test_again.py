"""A second run over what an earlier one left: nothing converges by itself, and nothing stale passes."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.faults import AgainFault, again
from fixtures.tamper import Planted, tamper
from tests.teeth.bench import Bench, assert_expected, assert_named, red, verdict_of

EXPORT, BACKUP = "verified.zip", "backup.zip"


def _left(bench: Bench, folder: Path, fault: AgainFault) -> tuple[Path, Planted]:
    """A copy in which the second run found the fault's documents on the target, and left them there."""
    data = bench.copy(folder, EXPORT, BACKUP)
    planted = tamper(bench.run.data / EXPORT, data / BACKUP, fault.tables, fault.edit)
    (data / EXPORT).symlink_to(data / BACKUP)
    return data, planted


def test_a_second_run_that_changed_nothing_is_green(bench: Bench, tmp_path: Path) -> None:
    data = bench.copy(tmp_path, BACKUP)
    (data / BACKUP).symlink_to(bench.run.data / EXPORT)
    assert red(bench.judged(data)) == []


@pytest.mark.parametrize("fault", again.FAULTS, ids=lambda fault: fault.name)
def test_what_an_earlier_run_left_is_found_and_named(fault: AgainFault, bench: Bench, tmp_path: Path) -> None:
    data, planted = _left(bench, tmp_path, fault)
    results = bench.judged(data)
    assert verdict_of(results) is fault.verdict
    assert_expected(fault, results)
    assert_named(planted, results)
