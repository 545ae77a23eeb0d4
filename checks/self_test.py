"""`python -m checks.self_test`: this run's own recall, told beside what is judged.

Plants a handful of faults in a copy of the run's export, compares the copy as the export itself will be
compared, and records how many were found: `harness.self_test`. The target is not touched. What was planted
and not found, or too little to plant, is UNKNOWN: such checks prove nothing about this data. Of a large
export the copy holds everybody, and about a thousand cases.
"""

from __future__ import annotations

import gc
import os
import shutil
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import orjson

from checks.case_work import TABLE as CASES
from checks.case_work import CaseWork
from checks.process import concluded
from checks.products import people_of
from checks.ranges import Keys
from checks.tally import Tally
from checks.target.archive import id_of
from checks.values import is_uuid
from checks.world import World
from fixtures.faults import DOCUMENTS
from fixtures.tamper import Planted, Planting, keep_lines, tamper_apart
from migration.config import Settings, load
from migration.model import CheckResult, Class, Finding, Kind, Outcome, Phase
from migration.run import Run

ID = "harness.self_test"
LEAST = 5
AMONG = 1000
"""Documents of a table among which the faults find their place: so many cases are worth a copy."""

CHOSEN = (
    *("missing-case", "swapped-owner", "one-cent", "one-day", "truncated-note", "lost-rfi-entry"),
    *("lost-deleted-at", "priority-levelled", "zone-changed", "enforcement-on", "stranded-user"),
    *("unfolded-email", "verified-by-import", "foreign-changed"),
)
_EDITS = {fault.name: (fault.tables, fault.edit) for fault in DOCUMENTS}


def self_test(run: Run, settings: Settings) -> CheckResult:
    """Plants, compares, counts. Leaves no copy behind."""
    began, copy = time.monotonic(), run.data / "self_test"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir(mode=0o700)
    try:
        cases = _some_cases(run.data, copy)
        edits = {name: _EDITS[name] for name in CHOSEN}
        planting = tamper_apart(copy / "some.zip", copy / "verified.zip", edits, among=AMONG)
        with World.of(Run(run.folder, copy), settings) as world:
            found = {**people_of(world), **CaseWork(world, copy, of=cases).part(0).tallies()}
    finally:
        shutil.rmtree(copy)
    result = judged(planting, found)
    return result.model_copy(update={"duration_ms": round((time.monotonic() - began) * 1000)})


def _some_cases(data: Path, copy: Path) -> Keys:
    """Copies the export with the first of its cases, and the backup with the same; v1's ids of those."""
    kept: dict[str, object] = {}

    def first(lines: Iterable[bytes]) -> Iterator[bytes]:
        left = {True: AMONG, False: AMONG}  # v1's, and v2's own
        for line in filter(bytes.strip, lines):
            document = orjson.loads(line)
            of_v1 = "legacyId" in document
            if left[of_v1]:
                left[of_v1] -= 1
                kept[document["_id"]] = document.get("legacyId")
                yield line
            if not left[True]:
                return

    keep_lines(data / "verified.zip", copy / "some.zip", CASES, first)
    keep_lines(
        data / "backup.zip",
        copy / "backup.zip",
        CASES,
        lambda lines: (line for line in filter(bytes.strip, lines) if id_of(line) in kept),
    )
    return Keys(frozenset(str(key) for key in kept.values() if is_uuid(key)))


def judged(planting: Planting, found: Mapping[str, Tally]) -> CheckResult:
    """The result: every planted fault is matched by a finding with its table, key and field, or missed."""
    findings = [finding for tally in found.values() for finding in tally.findings]
    missed = {name: one for name, one in planting.planted.items() if not _names(findings, one)}
    planted, few = len(planting.planted), len(planting.planted) < LEAST
    error = f"only {planted} faults could be planted in this data" if few else ""
    if missed:
        error = f"{len(missed)} of {planted} planted faults were not found"
    return CheckResult(
        id=ID,
        suite="harness",
        phase=Phase.DATA,
        scope="this run's own recall",
        title=f"of {planted} faults planted in a copy of the export, {planted - len(missed)} were found",
        outcome=Outcome.UNKNOWN if error else Outcome.PASS,
        attempt=int(os.environ.get("CUTOVER_ATTEMPT", "1")),
        seen=planted,
        matched=planted - len(missed),
        totals={Kind.UNVERIFIABLE: len(missed)} if missed else {},
        classes={Class.INTRODUCED: len(missed)} if missed else {},
        findings=[
            Finding(kind=Kind.UNVERIFIABLE, table=one.table, key=one.key, field=one.field, rule=name)
            for name, one in missed.items()
        ],
        error=error,
        notes={"planted": list(planting.planted), "nothing to plant in": list(planting.impossible)},
    )


def _names(findings: Iterable[Finding], planted: Planted) -> bool:
    field = planted.field.partition("[")[0]
    return any(
        finding.cls is Class.INTRODUCED
        and finding.table == planted.table
        and finding.key.partition("/")[0] == planted.key
        and (not field or finding.field.partition("[")[0] == field)
        for finding in findings
    )


def tell() -> None:
    """Records the result; without one the run's verdict is UNKNOWN."""
    gc.disable()  # as in checks.evidence; this process ends in a moment
    run = Run.from_environment()
    run.append_result(self_test(run, load(run.settings_environment())))


if __name__ == "__main__":
    sys.exit(concluded(tell))
