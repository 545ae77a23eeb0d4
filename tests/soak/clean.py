"""`./inv soak clean`: 200 clean migrations of different size and shape, of which none may be refused.

Each is the real thing on an embedded pair: migrated, exported, and judged by every check of the data phase
and by the run's own self-test. A share is migrated a second time, which must leave every document as it is;
a share is judged by the processes that judge a run, the open app included.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from checks import in_process, self_test
from checks.target import ids
from checks.target.archive import Archive
from migration import flow, verdict
from migration.config import ROOT, Settings
from migration.errors import RowsQuarantined
from migration.model import CheckResult, Outcome, Phase, Verdict
from migration.progress import Silent
from migration.run import Run
from tests.soak import ground as grounds
from tests.soak import shapes, stretch
from tests.soak.campaign import Account, Batch, Campaign, broken, total
from tests.soak.ground import Ground, decide, ground
from tests.soak.shapes import KINDS, Shape, shape_of
from tests.teeth.bench import verdict_of
from verbs import suites

SEEDS, SEEDS_A_BATCH = 200, 10
APP_EVERY, AGAIN_EVERY = 21, 7  # so that each kind has its turn
OPEN = (Phase.DATA, Phase.APP)


def campaign() -> Campaign:
    """The whole of it."""
    rooms = [ROOT / room for room in ("migration", "checks", "fixtures")]
    own = [Path(module.__file__ or "") for module in (grounds, shapes, stretch)]
    judged = [*rooms, *own, Path(__file__)]
    return Campaign(name="clean", batches=list(_batches()), page=page, judged=judged)


def _batches() -> Iterator[Batch]:
    for at in range(0, SEEDS, SEEDS_A_BATCH):
        seeds = range(at, min(at + SEEDS_A_BATCH, SEEDS))
        yield Batch(f"seeds {seeds[0]}-{seeds[-1]}", partial(_carry_out, seeds))


def _carry_out(seeds: range, folder: Path) -> Account:
    rows = []
    with ground(folder / "pair") as here:
        for seed in seeds:
            shape, began = shape_of(seed), time.monotonic()
            found = tried(here, shape)
            rows.append({**found, **_told(shape), "seconds": round(time.monotonic() - began, 1)})
    lines = [f"seed {row['seed']} ({row['kind']}): {row['trouble']}" for row in rows if row["trouble"]]
    return {"tried": len(rows), "broken": lines, "rows": rows}


def tried(here: Ground, shape: Shape) -> dict[str, Any]:
    """Lays out, migrates and judges one shape: its verdict, and what was not as it must be."""
    try:
        settings = here.lay(shape)
        run = migrated(settings, decisions=shape.hazards)
        found = judged(settings, run)
        again = shape.seed % AGAIN_EVERY == 0
        if again:
            found += second_run(settings, run)
        if shape.seed % APP_EVERY == 0:
            found += _by_processes(settings, run)
    except Exception as error:  # noqa: BLE001 - whatever stops a clean migration is a finding
        return {"verdict": "not judged", "trouble": f"{type(error).__name__}: {error}"[:600]}
    return {"verdict": str(Verdict.PASS) if not found else "red", "trouble": "; ".join(found)[:600]}


def migrated(settings: Settings, *, decisions: bool = False) -> Run:
    """A run that was migrated and exported; rows that wait are decided about on the way."""
    run = Run.create(settings)
    try:
        flow.migrate(settings, run)
    except RowsQuarantined:
        if not decisions:
            raise
        decide(settings, run)
        flow.migrate(settings, run, resume=True)
    flow.export_target(settings, run, "verified.zip")
    return run


def judged(settings: Settings, run: Run) -> list[str]:
    """What the data phase has against a clean run; nothing when all is well."""
    results = [*in_process.judged(run, settings, run.data), self_test.self_test(run, settings)]
    found = [_line(result) for result in results if result.outcome is not Outcome.PASS]
    if verdict_of(results) is not Verdict.PASS:
        found.append(f"the verdict is {verdict_of(results)}")
    return found


def second_run(settings: Settings, first: Run) -> list[str]:
    """Migrates once more over the migrated target: what differs from the first run's documents, and what the
    checks have against it."""
    run = migrated(settings)
    before, after = (documents(one.data / "verified.zip") for one in (first, run))
    differing = sorted(f"{table} {key.hex()}" for table, key in before.keys() ^ after.keys())
    differing += sorted(
        f"{t} {k.hex()}" for (t, k) in before.keys() & after.keys() if before[t, k] != after[t, k]
    )
    found = [f"{len(differing)} documents differ after a second run: {differing[:3]}"] if differing else []
    return found + [f"second run: {line}" for line in judged(settings, run)]


def documents(export: Path) -> Mapping[tuple[str, bytes], bytes]:
    """Every document of an export: its bytes by table and 16 id bytes."""
    with Archive(export) as archive:
        return {
            (table, ids.decode(orjson.loads(line)["_id"])[1]): line
            for table in archive.tables
            for line in archive.lines(table)
        }


def _by_processes(settings: Settings, run: Run) -> list[str]:
    """The same question, put to the processes that judge a run, and then to the open app."""
    suites.judge(settings, run, Phase.DATA, Silent(), workers=1)
    flow.open_target(settings, run)
    suites.judge(settings, run, Phase.APP, Silent(), workers=1)
    found = [_line(result) for result in run.results() if result.outcome is not Outcome.PASS]
    if (came_to := verdict.merge(run, OPEN)) is not Verdict.PASS:
        found.append(f"the processes say {came_to}")
    return found


def _line(result: CheckResult) -> str:
    first = result.findings[0] if result.findings else None
    told = f" {first.kind} {first.table} {first.key} {first.field} {first.rule}".rstrip() if first else ""
    return f"{result.id} {result.outcome}{told} {result.error}".rstrip()


def _told(shape: Shape) -> dict[str, Any]:
    """The shape as its row in the page tells it."""
    again, app = shape.seed % AGAIN_EVERY == 0, shape.seed % APP_EVERY == 0
    besides = [
        shape.layout.users_table if shape.layout.users_table != "users" else "",
        "" if shape.layout.doubtful else "plain columns",
        f"{len(shape.absent)} absent" if shape.absent else "",
        "Turkish collation" if shape.turkish else "",
        *(f"{name} {value}" for name, value in shape.session.items()),
        "twice" if again else "",
        "app" if app else "",
    ]
    return {
        "seed": shape.seed,
        "kind": shape.kind,
        "users": shape.users,
        "cases": shape.cases,
        "target": shape.target,
        "besides": ", ".join(filter(None, besides)),
    }


def page(accounts: list[Account]) -> str:
    """docs/soak-clean.md."""
    rows = [row for account in accounts for row in account["rows"]]
    passed = sum(row["verdict"] == str(Verdict.PASS) for row in rows)
    lines = [
        "# Clean migrations, of which none may be refused\n",
        "Made by `./inv soak clean`, which goes on where it was stopped; do not edit.\n",
        "Each seed is a population of its own, migrated by the real flow on an embedded pair and judged by",
        "every check of the data phase and by the run's self-test. `twice`: migrated again over the migrated",
        "target; no document may differ, and the second run is judged too. `app`: judged once more by the",
        "processes that judge a run, and then by those of the open app.\n",
        f"{passed} of {len(rows)} seeds PASS, {len(broken(accounts))} broken, "
        f"{total(accounts, 'seconds'):.0f} s.\n",
        *(f"- {line}" for line in broken(accounts)),
        "| Kind | Seeds | Users | Cases | PASS | Seconds a seed |",
        "| --- | --- | --- | --- | --- | --- |",
        *(_of_kind(kind, [row for row in rows if row["kind"] == kind]) for kind in KINDS),
        "",
        "| Seed | Kind | Users | Cases | Target holds | Besides | Verdict | Seconds |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        *(
            f"| {row['seed']} | {row['kind']} | {row['users']} | {row['cases']} | {row['target']} "
            f"| {row['besides']} | {row['verdict']} | {row['seconds']} |"
            for row in rows
        ),
    ]
    return "\n".join(lines) + "\n"


def _of_kind(kind: str, rows: list[dict[str, Any]]) -> str:
    def span(name: str) -> str:
        found = [row[name] for row in rows]
        return f"{min(found):,} to {max(found):,}" if found else ""

    passed = sum(row["verdict"] == str(Verdict.PASS) for row in rows)
    spent = sum(row["seconds"] for row in rows) / max(1, len(rows))
    return f"| {kind} | {len(rows)} | {span('users')} | {span('cases')} | {passed} | {spent:.1f} |"


if __name__ == "__main__":
    sys.exit(campaign().main())
