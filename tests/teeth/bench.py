"""A judged copy: where a fault is planted, how the copy is judged, what must have been found."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from checks import in_process
from fixtures import pair
from fixtures.faults import FOLLOWS, Fault
from fixtures.tamper import Edit, Planted, tamper
from migration import config, flow, verdict
from migration.config import Settings
from migration.model import CheckResult, Finding, Outcome, Phase, Verdict
from migration.run import Run


@dataclass(frozen=True)
class Bench:
    """A migrated run, and the products that do not look at its export."""

    settings: Settings
    run: Run
    shared: in_process.Shared

    def copy(self, folder: Path, *without: str) -> Path:
        """A folder that stands for the run's data, `without` some of its files."""
        data = folder / "data"
        data.mkdir()
        for path in self.run.data.iterdir():
            if path.name not in (*without, "checks"):
                (data / path.name).symlink_to(path)
        return data

    def tampered(
        self, folder: Path, tables: tuple[str, ...], edit: Edit, name: str = "verified.zip"
    ) -> tuple[Path, Planted]:
        """A copy whose export passed through the edit, and what was planted."""
        data = self.copy(folder, name)
        return data, tamper(self.run.data / "verified.zip", data / name, tables, edit)

    def judged(self, data: Path, phase: Phase = Phase.DATA) -> list[CheckResult]:
        """What the checks of a phase say of a copy."""
        return in_process.judged(self.run, self.settings, data, phase=phase, shared=self.shared)


@contextmanager
def migrated_pair(
    folder: Path,
    *,
    users: int = 25,
    cases: int = 150,
    seed: int = 20260115,
    prepare: Callable[[Settings], None] = lambda _: None,
) -> Iterator[Bench]:
    """A pair in `folder` that was migrated and exported, still paused; it ends with the context.

    `prepare` is called before the migration. Data and evidence lie beside the pair.
    """
    try:
        pair.up(folder, users=users, cases=cases, seed=seed)
        settings = settings_of(folder)
        prepare(settings)
        run = Run.create(settings)
        flow.migrate(settings, run)
        flow.export_target(settings, run, "verified.zip")
        yield Bench(settings, run, in_process.shared_products(run, settings))
    finally:
        pair.down(folder)


def settings_of(folder: Path) -> Settings:
    """Settings of a pair in `folder` that keep data and evidence beside it."""
    environment = {
        **os.environ,
        "CUTOVER_PAIR": str(folder / "pair.json"),
        "CUTOVER_DATA_DIR": str(folder / "data"),
        "CUTOVER_RUNS_DIR": str(folder / "reports" / "runs"),
    }
    return config.load("embedded", environ=environment)


def verdict_of(results: Sequence[CheckResult], phase: Phase = Phase.DATA) -> Verdict:
    """What these results come to by the rules of a run's verdict."""
    required = {phase: [result.id for result in results]}
    return verdict.judge(required, results, loaded=True, phases=[phase]).by_phase[phase]


def red(results: Sequence[CheckResult]) -> list[str]:
    """The ids of the checks that did not pass."""
    return [result.id for result in results if result.outcome is not Outcome.PASS]


def assert_expected(fault: Fault, results: Sequence[CheckResult]) -> None:
    """Every `must` is red, nothing else than `must` and `may` is, and nothing of `never`."""
    failed = red(results)
    green = [wanted for wanted in fault.must if not any(found.startswith(wanted) for found in failed)]
    assert green == [], f"stayed green: {green}; red: {failed}"
    unexpected = [found for found in failed if not found.startswith((*fault.must, *fault.may, *FOLLOWS))]
    assert unexpected == [], f"red and neither in must nor may: {unexpected}"
    assert [found for found in failed if fault.never and found.startswith(fault.never)] == []


def findings_of(results: Sequence[CheckResult]) -> list[Finding]:
    """All findings of the red checks."""
    return [f for result in results if result.outcome is not Outcome.PASS for f in result.findings]


def assert_named(planted: Planted, results: Sequence[CheckResult]) -> None:
    """A finding names the table, the row's key and the field."""
    named = [
        finding
        for finding in findings_of(results)
        if finding.key.split("/")[0] == planted.key.split("/")[0] and finding.table == planted.table
    ]
    assert named, f"no finding names {planted}: {findings_of(results)[:5]}"
    if planted.field:
        name = planted.field.split("[]")[0]
        fields = {finding.field for finding in named}
        assert any(field.split("[")[0] == name or field == planted.field for field in fields), fields
