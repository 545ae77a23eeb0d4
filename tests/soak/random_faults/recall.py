"""Judges batches of mutations, each in a copy of a run's export, and says which no finding names.

A mutation is found when a red check has a finding of class introduced with its table, its key and its field.
What is missed is looked at alone too, and made as small as hypothesis can.
"""

from __future__ import annotations

import random
import re
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import find as smallest
from hypothesis.errors import NoSuchExample

from migration.model import CheckResult, Class, Finding
from tests.soak.random_faults.batches import planted
from tests.soak.random_faults.material import Material
from tests.soak.random_faults.mutations import Mutation, mutations
from tests.teeth.bench import Bench, findings_of

ATTEMPTS = 25
"""Mutations of one place that are judged in search of a smaller one that is missed."""

_SEARCH = settings(
    max_examples=ATTEMPTS, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)
_INDEX = re.compile(r"\[\d+\]")
_BELOW = re.compile(r"[.\[]")


def named(mutation: Mutation, findings: Iterable[Finding]) -> bool:
    """Whether a finding is this mutation's own. A field at the top is named by any path below it."""
    for finding in findings:
        where = (finding.table, finding.key.partition("/")[0])
        if finding.cls is Class.INTRODUCED and where == (mutation.place.table, mutation.key):
            path = _INDEX.sub("[]", finding.field)
            if mutation.field in {path, _BELOW.split(path)[0]}:
                return True
    return False


class Judge:
    """A migrated run, whose export is judged in copies."""

    def __init__(self, bench: Bench, seed: int = 0) -> None:
        self._bench, self._export = bench, bench.run.data / "verified.zip"
        self.material = Material.read(self._export, bench.run.data / "backup.zip", seed)

    def untouched(self) -> list[str]:
        """What is red before anything is planted, and so could not name a mutation as its own."""
        with tempfile.TemporaryDirectory(prefix="cutover-random-") as folder:
            results = self._bench.judged(self._bench.copy(Path(folder)))
        found = [str(each) for each in findings_of(results) if each.cls is Class.INTRODUCED]
        return found + _crashed(results)

    def broken(self, batch: Sequence[Mutation]) -> list[str]:
        """A line for each mutation of a batch that no finding names, or that makes checks give up."""
        results = self._judged(batch)
        findings = findings_of(results)
        missed = [self._told(each) for each in batch if not named(each, findings)]
        if missed or not _crashed(results):
            return missed
        alone = {each: _crashed(self._judged([each])) for each in batch}
        return [f"{len(lines)} gave up, {lines[0]}: {each}" for each, lines in alone.items() if lines]

    def missed_alone(self, mutation: Mutation) -> bool:
        """Whether it is missed with nothing else planted."""
        return not named(mutation, findings_of(self._judged([mutation])))

    def _judged(self, batch: Sequence[Mutation]) -> list[CheckResult]:
        tables = tuple(sorted({each.place.table for each in batch}))
        with tempfile.TemporaryDirectory(prefix="cutover-random-") as folder:
            data, _ = self._bench.tampered(Path(folder), tables, planted(batch))
            return self._bench.judged(data)

    def _told(self, mutation: Mutation) -> str:
        if not self.missed_alone(mutation):
            return f"missed beside others, found alone: {mutation}"
        return f"missed: {mutation}; the smallest like it: {self._smallest(mutation)}"

    def _smallest(self, like: Mutation) -> Mutation:
        """The simplest mutation of the same place that is missed too, of those that hypothesis comes to."""
        known = {like: True}

        def missed(other: Mutation) -> bool:
            if other not in known:  # each judged once, and not without end: a shrink asks hundreds of times
                known[other] = len(known) <= ATTEMPTS and self.missed_alone(other)
            return known[other]

        strategy, chance = mutations(self.material, like.place), random.Random(0)  # noqa: S311 - no secret
        try:
            return smallest(strategy, missed, settings=_SEARCH, random=chance)
        except NoSuchExample:
            return like


def _crashed(results: Sequence[CheckResult]) -> list[str]:
    return [f"{result.id} gave up: {result.error}" for result in results if result.error]
