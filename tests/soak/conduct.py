"""`./inv soak conduct`: every row of the table of disturbances, on real pairs, and the table as a page."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from fixtures import pair as pairs
from migration.config import ROOT
from tests.conduct.rows import Row, all_rows
from tests.conduct.rows_restart import restart_rows
from tests.conduct.stage import Stage
from tests.soak.campaign import Account, Batch, Campaign, broken, total

ROWS_A_BATCH = 12
USERS, CASES = 8, 40
SHOWN = 600


def campaign() -> Campaign:
    """All rows, a dozen on a pair; those that end parts of it on another."""
    count = len(all_rows())
    return Campaign(
        name="conduct",
        batches=[
            *(
                Batch(f"rows {at + 1}-{min(at + ROWS_A_BATCH, count)}", partial(_dozen, at))
                for at in range(0, count, ROWS_A_BATCH)
            ),
            Batch("restarts", _restarts),
        ],
        page=page,
        judged=[ROOT / "migration", ROOT / "verbs", ROOT / "tests" / "conduct"],
    )


def _dozen(at: int, folder: Path) -> Account:
    with _stage(folder) as stage:
        return _played(stage, all_rows()[at : at + ROWS_A_BATCH])


def _restarts(folder: Path) -> Account:
    with _stage(folder) as stage:
        return _played(stage, restart_rows(folder / "pair"))


@contextmanager
def _stage(folder: Path) -> Iterator[Stage]:
    folder.chmod(0o755)  # PostgreSQL may run as somebody else
    try:
        stage = Stage(folder / "stage", pairs.up(folder / "pair", users=USERS, cases=CASES))
        yield stage
        stage.close()
    finally:
        pairs.down(folder / "pair")


def _played(stage: Stage, rows: list[Row]) -> Account:
    played, lines = [], []
    for row in rows:
        began = time.monotonic()
        try:
            outcome = row.play(stage)
        except Exception as error:  # noqa: BLE001 - whatever breaks a row is what the page has to tell
            outcome = "BROKEN"
            lines.append(f"{row.group}, {row.name}: {_where(error)}")
            stage.restore()
        took = round(time.monotonic() - began, 1)
        played.append([row.group, row.name, row.done, outcome, took])
    return {"tried": len(played), "broken": lines, "rows": played}


def _where(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno} {type(error).__name__} {error}"[:SHOWN].replace(
        "\n", " "
    )


def page(accounts: list[Account]) -> str:
    """docs/soak-conduct.md."""
    rows = [row for account in accounts for row in account["rows"]]
    table = [
        f"| {number} | {group} | {name} | {done} | {outcome} | {took} |"
        for number, (group, name, done, outcome, took) in enumerate(rows, start=1)
    ]
    return "\n".join(
        [
            "# Conduct under disturbance\n",
            "Made by `./inv soak conduct`, which goes on where it was stopped; do not edit.\n",
            f"{len(rows)} rows, {len(broken(accounts))} broken, {total(accounts, 'seconds'):.0f} s. Each is "
            f"played on a real pair of {USERS} people and {CASES} cases (PostgreSQL, the embedded "
            "deployment), with proxies between that cut, refuse and lose. Faults are put where they are by "
            "address and by signal; nothing of the engine is replaced but the point that a signal waits at, "
            "and the length of waits that would only cost time.\n",
            "*Same digests*: each transformed table and all documents of the target equal those of an "
            "undisturbed run. *One import*: exactly one import was carried out on the target. *Rolled back "
            "equal*: rows, fence, documents and state of both sides are as before the row; that is how every "
            "row ends. Seconds are of a busy machine.\n",
            "| | Point or fault | Where | What was done | Outcome | Seconds |\n"
            "| ---: | --- | --- | --- | --- | ---: |",
            *table,
            "",
            *(f"- {line}" for line in broken(accounts)),
            *([""] if broken(accounts) else []),
        ]
    )


if __name__ == "__main__":
    sys.exit(campaign().main())
