"""Parts of a pair that die and come back: `kill -9`, a shutdown, a start on the same data."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import replace
from pathlib import Path

from fixtures import deployment, postgres, processes
from fixtures import pair as pairs
from fixtures.pair import PairState
from fixtures.processes import wait_until


def killed(folder: Path, part: str, number: signal.Signals = signal.SIGKILL) -> None:
    """`kill -9` (or another signal that it ends by) of a part of the pair in `folder`."""
    state = pairs.read(folder)
    assert state is not None
    os.kill(state.processes[part], number)
    assert wait_until(lambda: not processes.is_same(state.processes[part], state.marks[part]), 10)


def revived(folder: Path) -> PairState:
    """The killed parts started again on their data, and pair.json brought up to date."""
    state = pairs.read(folder)
    assert state is not None
    pids, dsn, url = dict(state.processes), state.postgres_dsn, state.convex_url
    if not processes.is_same(pids["postgres"], state.marks["postgres"]):
        server = postgres.start(folder / "postgres")
        pids["postgres"], dsn = server.pid, server.dsn_for("postgres")
    if not processes.is_same(pids["deployment"], state.marks["deployment"]):
        served = deployment.start(folder / "convex", pairs.FUNCTIONS)
        pids["deployment"], url = served.pid, served.url
    marks = {part: processes.started_at(pid) or "" for part, pid in pids.items()}
    state = replace(state, processes=pids, marks=marks, postgres_dsn=dsn, convex_url=url)
    content = json.loads((folder / "pair.json").read_text())
    content |= {"postgres_dsn": dsn, "convex_url": url, "_processes": pids, "_marks": marks}
    (folder / "pair.json").write_text(json.dumps(content))
    return state
