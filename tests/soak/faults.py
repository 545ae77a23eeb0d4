"""`./inv soak faults`: the whole catalogue on pairs of other sizes and seeds than the tests have.

On each pair `tests/teeth` plants every fault of every place. Then all that a deployment takes are planted
once more over the public wire, into the target itself: some are judged by the `verify` process, the others
by the same checks in this process.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from fixtures import wire
from fixtures.faults import CATALOGUE, FAULTS, DocumentFault, Fault, Place, SourceFault
from fixtures.tamper import Planted, only_tables
from migration.config import ROOT
from migration.errors import FAIL
from migration.model import CheckResult
from migration.run import Run
from tests.soak.campaign import Account, Batch, Campaign, broken, total
from tests.teeth.bench import Bench, assert_expected, assert_named, migrated_pair, verdict_of

PAIRS = ("100,1500,4711", "40,400,1203", "25,150,815")
"""Users, cases and seed. The tests' own pair is `tests.teeth.conftest`'s."""

WIRE_PAIR = "30,200,52"
AT_ONCE, VERIFY_EVERY = 16, 8
SOURCE_BY_VERIFY = "late-edit"
EXPORT = "verified.zip"
ON_WIRE = tuple(name for name, fault in FAULTS.items() if isinstance(fault, DocumentFault))


def campaign() -> Campaign:
    """The whole of it."""
    rooms = [ROOT / room for room in ("migration", "checks", "fixtures", "verbs", "tests/teeth")]
    batches = [Batch(f"teeth on {asked}", partial(_by_teeth, asked)) for asked in PAIRS]
    for at in range(0, len(ON_WIRE), AT_ONCE):
        names = ON_WIRE[at : at + AT_ONCE]
        batches.append(Batch(f"over the wire {at}-{at + len(names) - 1}", partial(_over_the_wire, names)))
    batches.append(Batch("source, by verify", _late_write))
    return Campaign(name="faults", batches=batches, page=page, judged=[*rooms, Path(__file__)])


# ---------------------------------------------------------------- tests/teeth on another pair


def _by_teeth(asked: str, folder: Path) -> Account:
    """Every test of `tests/teeth` on such a pair; a fault that is not planted there is broken too."""
    record = folder / "teeth.xml"
    command = [sys.executable, "-m", "pytest", "tests/teeth", "--ignore", "tests/teeth/test_clean.py", "-q"]
    command += ["--pair", asked, "-n", "2", "--basetemp", str(folder / "tests"), "--junitxml", str(record)]
    with (folder / "teeth.log").open("wb") as log:
        subprocess.run(command, cwd=ROOT, stdout=log, stderr=log, check=False)
    found, lines, controls = read(record)
    lines += [f"{name} was never planted" for name in CATALOGUE if name not in found]
    planted = [{"fault": name, "found": ok, "how": "teeth"} for name, ok in found.items()]
    told = [f"pair {asked}: {line}" for line in lines]
    return {"tried": len(found), "broken": told, "pair": asked, "planted": planted, "controls": controls}


def read(record: Path) -> tuple[dict[str, bool], list[str], int]:
    """Of pytest's record: which faults were found, what went wrong, how many tests planted nothing."""
    if not record.exists():
        return {}, ["the tests did not run to their end"], 0
    found: dict[str, bool] = {}
    lines, controls = [], 0
    for case in ET.parse(record).getroot().iter("testcase"):  # noqa: S314 - a file that our own process wrote
        trouble = [one for kind in ("failure", "error", "skipped") for one in case.iter(kind)]
        if trouble:
            lines.append(f"{case.get('name')}: {trouble[0].get('message', '')}"[:400])
        name = _fault_of(case)
        controls += name is None
        if name is not None:
            found[name] = found.get(name, True) and not trouble
    return found, lines, controls


def _fault_of(case: ET.Element) -> str | None:
    """The fault that a test planted: its parameter."""
    parameter = str(case.get("name")).partition("[")[2].rstrip("]")
    return parameter if parameter in CATALOGUE else None


# ---------------------------------------------------------------- over the public wire


def _over_the_wire(names: tuple[str, ...], folder: Path) -> Account:
    rows, lines = [], []
    with _migrated(folder / "pair") as bench:
        for at, name in enumerate(names):
            fault = FAULTS[name]
            assert isinstance(fault, DocumentFault)
            how = "verify" if at % VERIFY_EVERY == 0 else "in process"
            own = folder / name
            own.mkdir()
            judge = _by_verify if how == "verify" else _in_process
            trouble = _tried(fault, bench, partial(judge, bench, own))
            _restore(bench, fault, own / "restore.zip")
            rows.append({"fault": name, "found": not trouble, "how": how})
            lines += [f"{name} ({how}): {trouble}"] if trouble else []
    return {"tried": len(rows), "broken": lines, "pair": WIRE_PAIR, "planted": rows, "controls": 0}


def _late_write(folder: Path) -> Account:
    fault = FAULTS[SOURCE_BY_VERIFY]
    assert isinstance(fault, SourceFault)
    with _migrated(folder / "pair") as bench:
        trouble = _tried(fault, bench, partial(_by_verify, bench, folder))
    row = {"fault": fault.name, "found": not trouble, "how": "verify"}
    lines = [f"{fault.name} (verify): {trouble}"] if trouble else []
    return {"tried": 1, "broken": lines, "pair": WIRE_PAIR, "planted": [row], "controls": 0}


@contextmanager
def _migrated(folder: Path) -> Iterator[Bench]:
    users, cases, seed = map(int, WIRE_PAIR.split(","))
    with migrated_pair(folder, users=users, cases=cases, seed=seed) as bench:
        yield bench


def _tried(
    fault: DocumentFault | SourceFault, bench: Bench, judge: Callable[[Fault], list[CheckResult]]
) -> str:
    """Plants and judges; what is not as the catalogue says, else nothing."""
    try:
        planted: Planted = fault.plant(bench.settings)
        results = judge(fault)
        assert_expected(fault, results)
        if isinstance(fault, DocumentFault):
            assert_named(planted, results)
    except Exception as error:  # noqa: BLE001 - whatever it is, the fault was not found as it must be
        return f"{type(error).__name__}: {error}"[:400]
    return ""


def _in_process(bench: Bench, folder: Path, fault: Fault) -> list[CheckResult]:
    data = bench.copy(folder, EXPORT)
    target = bench.settings.target
    wire.export_zip(target.url, target.admin_key.get_secret_value(), data / EXPORT)
    results = bench.judged(data)
    assert verdict_of(results) is fault.verdict, f"the verdict is {verdict_of(results)}"
    return results


def _by_verify(bench: Bench, _folder: Path, fault: Fault) -> list[CheckResult]:
    """A run of its own with the same records, judged as an operator would."""
    run = Run.create(bench.settings)
    for name in ("manifest.json", "ledger.jsonl"):
        shutil.copy(bench.run.folder / name, run.folder / name)
    run.update_manifest(run_id=run.id)
    for path in bench.run.data.iterdir():
        if path.name not in (EXPORT, "checks"):
            (run.data / path.name).symlink_to(path)
    environment = {**os.environ, **run.child_environment(bench.settings)}
    command = [sys.executable, "-m", "verbs.program", "verify", "--run", run.id, "--workers", "1", "--quiet"]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == FAIL, f"verify ended with {ended.returncode} for {fault.name}"
    return [result for result in run.results() if not result.id.startswith("harness.")]


def _restore(bench: Bench, fault: DocumentFault, cut: Path) -> None:
    """The fault's tables as they were verified."""
    target = bench.settings.target
    only_tables(bench.run.data / EXPORT, cut, fault.tables)
    wire.import_zip(target.url, target.admin_key.get_secret_value(), cut)


# ---------------------------------------------------------------- the page


def page(accounts: list[Account]) -> str:
    """docs/soak-faults.md."""
    teeth = [account for account in accounts if account["planted"] and account["controls"]]
    wired = [row for account in accounts if not account["controls"] for row in account["planted"]]
    by_verify = [row for row in wired if row["how"] == "verify"]
    lines = [
        "# The catalogue of faults, planted in pairs of other sizes and seeds\n",
        "Made by `./inv soak faults`, which goes on where it was stopped; do not edit.\n",
        f"{len(CATALOGUE)} faults; {sum(len(account['planted']) for account in accounts)} plantings, "
        f"{len(broken(accounts))} broken, {total(accounts, 'seconds'):.0f} s. Found means: every check that "
        "must be red is, no other that may not, the verdict is the expected one, and where one document was "
        "changed a finding names its table, key and field.\n",
        *(f"- {line}" for line in broken(accounts)),
        "## By `tests/teeth`, planted and found by place\n",
        "| Place | " + " | ".join(f"{_told(account['pair'])}" for account in teeth) + " |",
        "| --- |" + " --- |" * len(teeth),
        *(f"| {place} | " + " | ".join(_cell(account, place) for account in teeth) + " |" for place in Place),
        "",
        f"Besides, {sum(account['controls'] for account in teeth)} tests without a fault: green controls, "
        "refusals, and the catalogue's own.\n",
        f"## Over the public wire, {_told(WIRE_PAIR)}\n",
        f"{len(wired)} planted in the target or the source itself, {_found(wired)} found; of these "
        f"{len(by_verify)} judged by the `verify` process (exit code 10), {_found(by_verify)} found:\n",
        ", ".join(f"`{row['fault']}`" for row in by_verify) + ".\n",
        "## Every fault\n",
        "| Fault | Place | Checks that must be red | Planted | Found |",
        "| --- | --- | --- | --- | --- |",
        *_by_name(accounts),
    ]
    return "\n".join(lines) + "\n"


def _by_name(accounts: list[Account]) -> Iterator[str]:
    planted: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for account in accounts:
        for row in account["planted"]:
            planted[row["fault"]] += 1
            found[row["fault"]] += row["found"]
    for name, fault in CATALOGUE.items():
        must = ", ".join(f"`{check}`" for check in fault.must) or "the verdict itself"
        yield f"| `{name}` | {fault.place} | {must} | {planted[name]} | {found[name]} |"


def _cell(account: Account, place: Place) -> str:
    rows = [row for row in account["planted"] if CATALOGUE[row["fault"]].place is place]
    return f"{len(rows)} planted, {_found(rows)} found"


def _found(rows: list[dict[str, Any]]) -> int:
    return sum(row["found"] for row in rows)


def _told(asked: str) -> str:
    users, cases, seed = asked.split(",")
    return f"{users} users, {int(cases):,} cases, seed {seed}"


if __name__ == "__main__":
    sys.exit(campaign().main())
