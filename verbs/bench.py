"""`bench`: how quick the embedded deployment is on this machine. What is measured: `fixtures.bench`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from fixtures import bench
from migration.config import ROOT
from migration.errors import FAIL, PASS, Refusal
from verbs.show import answer, chosen

KINDS = ("convex",)
DOCUMENTS = 100_000
SECONDS = 5.0


def run(what: str, *, documents: int = DOCUMENTS) -> int:
    """Measures, prints, and writes the page. FAIL when a target is missed."""
    if what not in KINDS:
        raise Refusal(f"There is no bench {what!r}.", next_step=f"Known: {', '.join(KINDS)}.")
    with tempfile.TemporaryDirectory() as folder, chosen().step("bench convex"):
        figures = bench.measure(Path(folder), documents=documents, seconds=SECONDS, say=answer)
    answer("\n".join(f"{one.what:<28} {one.measured:<12} {one.target:<18} {one.ratio}" for one in figures))
    if documents == DOCUMENTS:
        bench.PAGE.write_text(bench.page(figures), "utf-8")
        answer(f"written: {bench.PAGE.relative_to(ROOT)}")
    return PASS if all(one.met for one in figures) else FAIL
