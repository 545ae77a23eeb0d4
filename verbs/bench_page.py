"""`bench page`: how large a run's page is, and how soon it shows its verdict.

Of records that are made up in the shape of a real run (`fixtures.large_run`), looked at in Chromium
(`fixtures.portraits`).
"""

from __future__ import annotations

import os
import platform
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from fixtures import large_run, portraits
from migration import verdict
from migration.config import ROOT
from migration.errors import FAIL, PASS
from reports.render import write
from verbs.show import answer, chosen

PAGE = ROOT / "docs" / "bench-page.md"
SIZES = ((400, 0), (100_000, 50_000))
"""Cases and findings of the runs whose pages are measured."""
LARGEST_BYTES, SLOWEST_MS = 3_000_000, 1_000
TIMES = 5


@dataclass(frozen=True)
class Drawn:
    """A run's page: sizes in bytes, how long it took to draw (seconds) and to show (milliseconds)."""

    cases: int
    findings: int
    page: int
    listed: int
    seconds: float
    shown_ms: list[float]

    @property
    def met(self) -> bool:
        """Whether size and the slowest time to the verdict are within the targets."""
        return self.page < LARGEST_BYTES and max(self.shown_ms) < SLOWEST_MS

    def row(self) -> str:
        """The line of the table."""
        middle, worst = statistics.median(self.shown_ms), max(self.shown_ms)
        cells = (
            f"{self.cases:,}",
            f"{self.findings:,}",
            *(f"{size / 1000:,.0f} kB" for size in (self.page, self.listed)),
            f"{self.seconds:.1f} s",
            *(f"{shown:.0f} ms" for shown in (middle, worst)),
            "yes" if self.met else "NO",
        )
        return f"| {' | '.join(cells)} |"


def run() -> int:
    """A run's page, of records that are made up in the shape of a real run."""
    found = []
    with tempfile.TemporaryDirectory() as folder, chosen().step("bench page"):
        for cases, findings in SIZES:
            found.append(_drawn(Path(folder), cases, findings))
    rows = [one.row() for one in found]
    answer("\n".join(rows))
    PAGE.write_text(_told(rows), "utf-8")
    answer(f"written: {PAGE.relative_to(ROOT)}")
    return PASS if all(one.met for one in found) else FAIL


def _drawn(parent: Path, cases: int, findings: int) -> Drawn:
    run = large_run.build(parent / f"{cases}" / "20260115T120000Z-1a2b", cases=cases, findings=findings)
    verdict.merge(run)
    began = time.monotonic()
    report = write(run.folder)
    seconds = time.monotonic() - began
    with portraits.browser() as chromium:
        shown = [portraits.time_to_verdict(chromium, report) for _ in range(TIMES)]
    beside = sum(path.stat().st_size for path in run.folder.glob("findings.*"))
    return Drawn(cases, findings, report.stat().st_size, beside, seconds, shown)


def _told(rows: list[str]) -> str:
    """docs/bench-page.md."""
    load = os.getloadavg()[0]
    heads = (
        *("Cases", "Introduced findings", "report.html", "findings.csv and .jsonl", "Drawn in"),
        *("Verdict (median)", "(slowest)", "Met"),
    )
    return "\n".join(
        [
            "# How large a run's page is, and how soon it shows its verdict",
            "",
            "Made by `./inv bench page` from records in the shape of a real run (the same suites, 215 of the "
            "checks with findings, two screenshots); do not edit. The time is Chromium's own, from the start "
            f"of the navigation until the verdict is painted, {TIMES} times, each in a new context.",
            "",
            f"Targets: below {LARGEST_BYTES // 1_000_000} MB, and below {SLOWEST_MS:,} ms at the slowest. "
            f"Machine: {os.cpu_count()} processors, {platform.system()} {platform.machine()}; "
            f"one-minute load at the end: {load:.1f}.",
            "",
            f"| {' | '.join(heads)} |",
            "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
            *rows,
            "",
        ]
    )
