"""`bench`: how quick the embedded deployment is on this machine (`fixtures.bench`) and the judge of the data
(`verbs.bench_checks`), and how large and quick a run's page (`verbs.bench_page`). Each writes into docs/.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from fixtures import bench
from migration.config import ROOT
from migration.errors import FAIL, PASS, Refusal
from verbs import bench_checks, bench_page
from verbs.show import answer, chosen

KINDS = ("convex", "checks", "page")
DOCUMENTS = 100_000
SECONDS = 5.0
_Results = tuple[list[bench.Figure], Path, str]


def run(what: str, *, documents: int = DOCUMENTS) -> int:
    """Measures, prints, and writes the page. FAIL when a target is missed."""
    if what not in KINDS:
        raise Refusal(f"There is no bench {what!r}.", next_step=f"Known: {', '.join(KINDS)}.")
    if what == "page":
        return bench_page.run()
    with chosen().step(f"bench {what}"):
        figures, place, page = (_convex if what == "convex" else _checks)(documents)
    answer("\n".join(f"{one.what:<50} {one.measured:<12} {one.target:<18} {one.ratio}" for one in figures))
    if documents == DOCUMENTS:
        place.write_text(page, "utf-8")
        answer(f"written: {place.relative_to(ROOT)}")
    return PASS if all(one.met for one in figures) else FAIL


def _convex(documents: int) -> _Results:
    with tempfile.TemporaryDirectory() as folder:
        figures = bench.measure(Path(folder), documents=documents, seconds=SECONDS, say=answer)
    return figures, bench.PAGE, bench.page(figures)


def _checks(documents: int) -> _Results:
    measured = bench_checks.measure(cases=documents, rounds=bench_checks.ROUNDS, say=answer)
    return bench_checks.figures(measured), bench_checks.PAGE, bench_checks.page(measured)
