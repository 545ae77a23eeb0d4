"""Every fault of the catalogue turns the verdict red, by the checks that it names, with the row's key."""

from __future__ import annotations

import pytest

from fixtures.faults import FAULTS
from fixtures.tamper import tamper
from migration import verdict
from migration.config import Settings
from migration.model import CheckResult, Outcome, Phase, Verdict
from migration.progress import Silent
from migration.run import Run
from verbs import suites


def _judge(settings: Settings, run: Run) -> tuple[Verdict, list[CheckResult]]:
    suites.judge(settings, run, Phase.DATA, Silent(), workers=1)
    return verdict.merge(run, [Phase.DATA]), run.results()


def test_the_untampered_migration_passes(copied: tuple[Settings, Run]) -> None:
    judged, results = _judge(*copied)
    assert [result.id for result in results if result.outcome is not Outcome.PASS] == []
    assert judged is Verdict.PASS


@pytest.mark.parametrize("name", FAULTS)
def test_fault_is_found_and_named(name: str, copied: tuple[Settings, Run]) -> None:
    fault, (settings, run) = FAULTS[name], copied
    export = run.data / "verified.zip"
    original = export.resolve()
    export.unlink()
    planted = tamper(original, export, fault.tables, fault.edit)

    judged, results = _judge(settings, run)

    assert judged is fault.verdict
    red = {result.id: result for result in results if result.outcome is Outcome.FAIL}
    for wanted in fault.must:
        assert any(found.startswith(wanted) for found in red), f"{wanted} stayed green; red: {sorted(red)}"
    named = [
        finding
        for result in red.values()
        for finding in result.findings
        if finding.key.split("/")[0] == planted.key.split("/")[0] and finding.table == planted.table
    ]
    assert named, f"no finding names {planted}"
    if planted.field:
        assert any(finding.field == planted.field for finding in named)
