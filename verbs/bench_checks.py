"""`bench checks`: how long the data phase takes over 100,000 cases, and what it costs in memory.

On a pair of its own, migrated the real way, the phase is judged as an operator's `verify` judges it: pytest's
start and the run's self-test included, from the downloaded export on. Beside it, in every round, stands the
baseline of the same minute: one bare COPY of the same tables as JSON, and one pass of orjson over the export.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from psycopg import sql

from fixtures import bench, pair, resources
from fixtures.bench import Figure
from migration import config, flow, source
from migration.config import ROOT, Settings
from migration.errors import RunIncomplete
from migration.model import Outcome, Phase, StepOutcome
from migration.progress import Silent
from migration.run import Run
from verbs import suites

PAGE = ROOT / "docs" / "bench-checks.md"
CASES_PER_USER = 100
ROUNDS = 3
AT_MOST_SECONDS, AIM_SECONDS = 20.0, 10.0
AT_MOST_TIMES, AIM_TIMES = 3.0, 1.5
AT_MOST_MEGABYTES = 1024
_TIMES = "checks/*/times.jsonl"  # written by checks.evidence
FOR_CASES = 100_000
"""The seconds are for so many cases; fewer have a share of them."""

TABLES = (
    *("auth.users", "auth.identities", "public.users", "public.perm_users", "public.user_settings"),
    *("public.user_preferences", "public.cases", "public.case_rfi", "public.case_rfe"),
)


@dataclass(frozen=True)
class Took:
    """Seconds by the clock, and seconds of processors: Python's and PostgreSQL's together."""

    seconds: float = 0.0
    processor: float = 0.0

    def __add__(self, other: Took) -> Took:
        return Took(self.seconds + other.seconds, self.processor + other.processor)


@dataclass
class Round:
    """One judgement and its baseline; `products` has the processor seconds of each in all processes."""

    copy: Took
    read: Took
    phase: Took = Took()
    span: float = 0.0  # seconds from the first product's beginning to the last one's end
    self_test: float = 0.0
    products: dict[str, float] = field(default_factory=dict)

    @property
    def baseline(self) -> Took:
        """What the same data takes when it is only read."""
        return self.copy + self.read


@dataclass
class Measured:
    """All of it. `steps` are the seconds of each step of `migrate`."""

    cases: int
    rounds: list[Round] = field(default_factory=list)
    steps: dict[str, float] = field(default_factory=dict)
    migrating: resources.Peak = field(default_factory=resources.Peak)
    judging: resources.Peak = field(default_factory=resources.Peak)


def measure(*, cases: int, rounds: int, say: Callable[[str], None]) -> Measured:
    """Start a pair, migrate it, judge it so many times; everything has ended afterwards."""
    measured = Measured(cases)
    with (
        tempfile.TemporaryDirectory(prefix="cutover-bench-") as folder,
        _pair(Path(folder), cases) as settings,
    ):
        run = Run.create(settings)
        say("migrate")
        with resources.watched() as measured.migrating:
            flow.migrate(settings, run, Silent())
        measured.steps = _steps(run)
        flow.export_target(settings, run, "verified.zip", Silent())
        with resources.watched() as measured.judging:
            for number in range(rounds):
                say(f"judge, round {number + 1} of {rounds}")
                measured.rounds.append(_round(settings, run))
    return measured


@contextmanager
def _pair(folder: Path, cases: int) -> Iterator[Settings]:
    """A pair in `folder`, which holds its runs and their data too."""
    try:
        pair.up(folder / "pair", users=max(25, cases // CASES_PER_USER), cases=cases)
        places = {
            "CUTOVER_PAIR": str(folder / "pair" / "pair.json"),
            "CUTOVER_DATA_DIR": str(folder / "data"),
            "CUTOVER_RUNS_DIR": str(folder / "reports" / "runs"),
        }
        yield config.load("embedded", environ={**os.environ, **places})
    finally:
        pair.down(folder / "pair")


def _steps(run: Run) -> dict[str, float]:
    done = [entry for entry in run.ledger() if entry.outcome is StepOutcome.DONE]
    return {entry.step: entry.duration_ms / 1000 for entry in done}


def _round(settings: Settings, run: Run) -> Round:
    server = _server(settings)
    found = Round(
        _timed(server, lambda: copy_out(settings)),
        _timed(server, lambda: read_through(run.data / "verified.zip")),
    )
    earlier = set(run.data.glob(_TIMES))
    before = len(run.results())
    found.phase = _timed(server, lambda: suites.judge(settings, run, Phase.DATA, Silent()))
    if bad := [result.id for result in run.results()[before:] if result.outcome is not Outcome.PASS]:
        raise RunIncomplete(f"Made-up data was judged, and {len(bad)} checks are not green: {bad[:3]}.")
    (times,) = set(run.data.glob(_TIMES)) - earlier
    found.products, found.span = products_of(times.read_text().splitlines())
    of_self_test = [result.duration_ms for result in run.results()[before:] if result.id == suites.SELF_TEST]
    found.self_test = sum(of_self_test) / 1000
    return found


def _server(settings: Settings) -> int:
    """The pid of the pair's PostgreSQL."""
    state = pair.read(settings.pair_file.parent)
    return state.processes["postgres"] if state else 0


def _timed(server: int, work: Callable[[], object]) -> Took:
    began, before = time.monotonic(), resources.processor_seconds(server)
    work()
    return Took(time.monotonic() - began, resources.processor_seconds(server) - before)


def copy_out(settings: Settings) -> int:
    """The bytes of every moved table as JSON, by one bare COPY a table."""
    size = 0
    with source.connect(settings) as connection:
        for table in TABLES:
            found = connection.execute("SELECT to_regclass(%s)", (table,)).fetchone()
            if found is None or found[0] is None:
                continue  # the table of users has one of two names
            query = sql.SQL("COPY (SELECT row_to_json(t) FROM {} t) TO STDOUT").format(
                sql.Identifier(*table.split("."))
            )
            with connection.cursor().copy(query) as rows:
                size += sum(len(block) for block in rows)
    return size


def read_through(export: Path) -> int:
    """The number of documents in an export, each decoded once."""
    documents = 0
    with zipfile.ZipFile(export) as opened:
        for name in opened.namelist():
            if name.endswith("documents.jsonl"):
                with opened.open(name) as lines:
                    documents += sum(1 for line in lines if orjson.loads(line))
    return documents


def products_of(lines: list[str]) -> tuple[dict[str, float], float]:
    """The processor seconds of each product in all processes together, and the seconds by the clock from the
    first one's beginning to the last one's end."""
    seconds: dict[str, float] = defaultdict(float)
    told = [orjson.loads(line) for line in lines]
    for one in told:
        seconds[one["product"]] += one["processor"]
    span = max(one["ended"] for one in told) - min(one["began"] for one in told)
    return dict(seconds), span


def figures(measured: Measured) -> list[Figure]:
    """Medians of the rounds, each ratio taken within its own round."""
    rounds, share = measured.rounds, measured.cases / FOR_CASES
    found = []
    for what, seconds in (
        ("data phase, pytest's start and self-test included", [one.phase.seconds for one in rounds]),
        ("of it the products, from the first to the last", [one.span for one in rounds]),
    ):
        times = statistics.median(
            took / one.baseline.seconds for took, one in zip(seconds, rounds, strict=True)
        )
        took = statistics.median(seconds)
        found.append(
            Figure(
                what,
                f"at most {AT_MOST_SECONDS * share:g} s and {AT_MOST_TIMES:g} times "
                f"(aim {AIM_SECONDS * share:g} s, {AIM_TIMES:g} times)",
                f"{took:.1f} s",
                took <= AT_MOST_SECONDS * share and times <= AT_MOST_TIMES,
                f"{times:.1f} times the baseline",
            )
        )
    for what, peak in (("judging", measured.judging), ("migrating", measured.migrating)):
        found.append(_memory(what, peak))
    return found


def _memory(what: str, peak: resources.Peak) -> Figure:
    known = peak.megabytes is not None
    return Figure(
        f"memory of all Python processes, {what}",
        f"at most {AT_MOST_MEGABYTES:,} MB",
        f"{peak.megabytes:,} MB" if known else "unknown here",
        peak.megabytes is None or peak.megabytes <= AT_MOST_MEGABYTES,
        f"PSS of {peak.processes} processes, this one among them" if known else "",
    )


def page(measured: Measured) -> str:
    """docs/bench-checks.md."""
    intro = (
        f"Made by `./inv bench checks` on a pair of its own with {measured.cases:,} cases; do not edit. "
        f"From the downloaded export on, {len(measured.rounds)} rounds, medians. The baseline of a round is "
        "one bare `COPY (SELECT row_to_json(t) ...)` of the same tables and one pass of orjson over the "
        "export; a busy machine slows it as well."
    )
    return "\n".join([bench.sheet("What judging costs", intro, figures(measured)), *_details(measured), ""])


def _details(measured: Measured) -> Iterator[str]:
    """The seconds behind the figures."""
    yield "## Rounds, in seconds; in brackets those of processors, Python's and PostgreSQL's together\n"
    yield "| COPY | orjson | Baseline | Data phase | Times | Self-test beside it | Of it products |"
    yield "| ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    for one in measured.rounds:
        took = (one.copy, one.read, one.baseline, one.phase)
        shown = [f"{each.seconds:.1f} ({each.processor:.1f})" for each in took]
        times = (
            one.phase.seconds / one.baseline.seconds,
            one.phase.processor / (one.baseline.processor or 1),
        )
        shown.append(f"{times[0]:.1f} ({times[1]:.1f})")
        yield f"| {' | '.join(shown)} | {one.self_test:.1f} | {one.span:.1f} |"
    yield "\n## Shared products, in processor seconds of all Python processes that work at them (median)\n"
    yield "| Product | Seconds |\n| --- | ---: |"
    for name in measured.rounds[0].products:
        yield f"| {name} | {statistics.median(one.products[name] for one in measured.rounds):.1f} |"
    yield "\n## Steps of `migrate`, in seconds\n"
    yield "| Step | Seconds |\n| --- | ---: |"
    for name, seconds in measured.steps.items():
        yield f"| {name} | {seconds:.1f} |"
    yield f"| together | {sum(measured.steps.values()):.1f} |"
