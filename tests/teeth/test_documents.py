"""Every fault in the target's documents is found by the checks that it names, with key and field."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks import in_process
from fixtures import faults
from fixtures.faults import DocumentFault
from migration.model import Outcome, Phase
from tests.teeth.bench import Bench, assert_expected, assert_named, verdict_of
from verbs import suites


def test_the_untampered_migration_is_green_everywhere(bench: Bench, tmp_path: Path) -> None:
    results = bench.judged(bench.copy(tmp_path))
    assert [result.id for result in results if result.outcome is not Outcome.PASS] == []


def test_judging_in_process_asks_every_check_that_pytest_collects() -> None:
    assert sorted(in_process.check_ids()) == suites.listed(Phase.DATA)


@pytest.mark.parametrize("fault", faults.DOCUMENTS, ids=lambda fault: fault.name)
def test_fault_is_found_and_named(fault: DocumentFault, bench: Bench, tmp_path: Path) -> None:
    data, planted = bench.tampered(tmp_path, fault.tables, fault.edit)
    results = bench.judged(data)
    assert verdict_of(results) is fault.verdict
    assert_expected(fault, results)
    assert_named(planted, results)
