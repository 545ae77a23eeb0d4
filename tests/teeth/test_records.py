"""Cooked records, an export with the wrong tables, and what must not happen while the browser is at work."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from checks import in_process
from fixtures.faults import AfterFault, RecordFault, around
from migration.model import Outcome, Phase
from migration.run import Run
from tests.teeth.bench import Bench, assert_expected, assert_named, verdict_of


@pytest.mark.parametrize("fault", around.RECORDS, ids=lambda fault: fault.name)
def test_a_cooked_record_is_found(fault: RecordFault, bench: Bench, tmp_path: Path) -> None:
    manifest = bench.run.manifest()
    fault.change(manifest)
    folder = tmp_path / bench.run.id
    folder.mkdir()
    (folder / "manifest.json").write_text(json.dumps(manifest))

    results = in_process.judged(Run(folder, bench.run.data), bench.settings, bench.copy(tmp_path))

    assert verdict_of(results) is fault.verdict
    assert_expected(fault, results)


@pytest.mark.parametrize("fault", around.EXPORT, ids=lambda fault: fault.name)
def test_an_export_with_other_tables_is_found(fault: AfterFault, bench: Bench, tmp_path: Path) -> None:
    data, planted = bench.tampered(tmp_path, fault.tables, fault.edit)
    results = bench.judged(data)
    assert verdict_of(results) is fault.verdict
    assert_expected(fault, results)
    assert_named(planted, results)


def test_without_a_change_nothing_happened_while_the_browser_was_at_work(
    bench: Bench, tmp_path: Path
) -> None:
    data = bench.copy(tmp_path)
    shutil.copy(bench.run.data / "verified.zip", data / "after_smoke.zip")
    assert [one.id for one in bench.judged(data, Phase.AFTER) if one.outcome is not Outcome.PASS] == []


@pytest.mark.parametrize("fault", around.AFTER, ids=lambda fault: fault.name)
def test_a_change_while_the_browser_was_at_work_is_found(
    fault: AfterFault, bench: Bench, tmp_path: Path
) -> None:
    data, _ = bench.tampered(tmp_path, fault.tables, fault.edit, "after_smoke.zip")
    results = bench.judged(data, Phase.AFTER)
    assert verdict_of(results, Phase.AFTER) is fault.verdict
    assert_expected(fault, results)
