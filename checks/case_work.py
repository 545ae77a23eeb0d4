"""The judgement of the cases, range by range (`checks.ranges`): what is done with one range, and the whole.

Most answers are sums over the ranges. Those to questions about all cases at once (how many of each, which
ten, is each v1 id there once) are joined before they are told.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from filelock import FileLock

from checks.compare import Comparison, Judge
from checks.facts import paths
from checks.judges import edges
from checks.judges.absence import Absence
from checks.judges.counts import Counts
from checks.judges.dates import Dates
from checks.judges.enforcement import Enforcement
from checks.judges.first_edit import FirstEdit
from checks.judges.mails import Readers, Reminders, Sent, sent
from checks.judges.schema import Schema
from checks.judges.statuses import Statuses
from checks.judges.ten import Ten
from checks.ranges import Keys, Ranges
from checks.refusals import Refusals
from checks.tally import Tally
from checks.target.archive import Spool, unpack
from checks.target.graph import Graph
from checks.world import World
from migration.config import Settings
from migration.run import Run

TABLE = "cases"
ROWS = ("public.cases", "public.case_rfi", "public.case_rfe")
_Mails = tuple[Readers, Readers, frozenset[Sent]]


@dataclass
class Seen:
    """What was seen of the cases of one range, or of several."""

    sums: dict[str, Tally]
    counts: Counts
    ten: Ten
    legacy_ids: edges.LegacyIds
    refusals: Refusals
    dismissed: dict[str, object]  # the users of the cases that a dismissed deadline names
    dismissed_before: dict[str, object]  # the same before the import

    def join(self, other: Seen) -> None:
        """Take over what was seen of other ranges."""
        for name, tally in other.sums.items():
            self.sums[name].join(tally)
        self.counts.join(other.counts)
        self.ten.join(other.ten)
        self.legacy_ids.join(other.legacy_ids)
        self.refusals.join(other.refusals)
        self.dismissed.update(other.dismissed)
        self.dismissed_before.update(other.dismissed_before)

    def tallies(self) -> dict[str, Tally]:
        """Everything that the documents themselves tell."""
        found = (judge.tallies() for judge in (self.counts, self.ten, self.legacy_ids))
        return {**self.sums, **{name: tally for each in found for name, tally in each}}


class CaseWork:
    """One process at the cases. Use `opened`."""

    def __init__(
        self, world: World, folder: Path, ranges: Ranges | None = None, *, of: Keys | None = None
    ) -> None:
        """`of` when the export holds no other cases of v1 than these."""
        self._world, self._folder, self._of = world, folder, of
        numbers = world.after.numbers
        self._ranges = ranges or Ranges.of(world.after.size(TABLE), numbers.get(TABLE, 0))
        self.parts = self._ranges.parts

    @cached_property
    def _graphs(self) -> tuple[Graph, Graph]:
        return self._world.graphs()

    @cached_property
    def _mails(self) -> _Mails:
        """Who gets mails, who should, and which reminders are behind; worked out by the first to ask."""
        path = self._folder / f"{TABLE}.mails"
        with FileLock(f"{path}.lock"):
            if not path.exists():
                unfinished = path.with_suffix(".unfinished")
                unfinished.write_bytes(pickle.dumps(self._read_mails()))
                unfinished.replace(path)
            mails: _Mails = pickle.loads(path.read_bytes())  # noqa: S301 - as in checks.divided: ours, in a private folder
        return mails

    def _read_mails(self) -> _Mails:
        graph, before = self._graphs
        actual = Readers.among(graph.users.values(), graph.profiles)
        expected = Readers.of_expected(before, self._world.expected_people)
        return actual, expected, sent(self._world.after.documents("notifications"))

    def part(self, number: int) -> Seen:
        """Judge the cases of one range."""
        world, counts = self._world, Counts()
        graph, graph_before = self._graphs
        actual, wanted, behind = self._mails  # before the counts begin: it may ask for everybody
        target, before = (self._spool(side, number) for side in ("after", "before"))
        ten, legacy_ids, refusals = Ten(), edges.LegacyIds(), world.count_anew()
        summed: tuple[Judge, ...] = (
            Absence(TABLE),
            Dates(),
            Statuses(world.clock_ms),
            FirstEdit(world.clock_ms),
            Enforcement(world.clock_ms),
            edges.CaseEdges(graph, world.people, graph_before),
            Reminders(world.clock_ms, actual, wanted, behind),
        )
        schema = Schema(TABLE, world.after.numbers)
        comparison = Comparison(
            target,
            before,
            paths(TABLE),
            (*summed, counts, ten, legacy_ids),
            schema=schema,
            retired=world.retired(TABLE),
        )
        within = self._ranges.range(number) if self.parts > 1 else self._of
        comparison.run(counts.watched(world.expected_cases(within)))
        dismissed = edges.dismissed_owners(graph, target)
        dismissed_before = edges.dismissed_owners(graph_before, before)
        target.close()
        before.close()
        sums = {**comparison.tallies, **dict(pair for judge in summed for pair in judge.tallies())}
        return Seen(sums, counts, ten, legacy_ids, refusals, dismissed, dismissed_before)

    def _spool(self, side: str, number: int) -> Spool:
        """The documents of a range, of the export ("after") or the backup; the first to ask unpacks all."""
        paths = self._unpacked(side)
        with FileLock(self._folder / f"{TABLE}.{side}.lock"):
            if not paths[number].exists():
                unpack(getattr(self._world, side), TABLE, paths, self._ranges.part_of)
            spool = Spool(TABLE, paths[number])
            paths[number].unlink()  # the open map keeps it
        return spool

    def _unpacked(self, side: str) -> list[Path]:
        return [self._folder / f"{TABLE}.{side}.{number}" for number in range(self.parts)]

    def whole(self, seen: Sequence[Seen]) -> Mapping[str, Tally]:
        """All tallies of the cases, once every range has been seen."""
        for path in (*self._unpacked("after"), *self._unpacked("before")):
            path.unlink(missing_ok=True)  # what was unpacked again for a worker that died
        first, *others = seen
        for other in others:
            first.join(other)
        graph, before = self._graphs
        dismissed = edges.dismissed_edges(graph, first.dismissed, before, first.dismissed_before)
        rows = self._world.rows_of(ROWS, first.refusals)
        return {**first.tallies(), **rows, "edges.userProfiles.dismissedDeadlines": dismissed}


@contextmanager
def opened(run: Run, settings: Settings, folder: Path) -> Iterator[CaseWork]:
    """The work on a run's cases."""
    with World.of(run, settings) as world:
        yield CaseWork(world, folder)
