"""Examples from a seed, batches of mutations that stay apart, and the edit that plants a batch."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TypeVar

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

from fixtures.tamper import Edit, Planted, Tables
from tests.soak.random_faults.mutations import Mutation

T = TypeVar("T")


def examples(strategy: st.SearchStrategy[T], seed: int, count: int) -> list[T]:
    """So many examples, fewer where there are no more; the same for the same seed."""
    found: list[T] = []

    @seeded(seed)
    @settings(
        max_examples=count,
        phases=(Phase.generate,),
        database=None,
        derandomize=False,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(example: T) -> None:
        found.append(example)

    collect()
    return found


def batches(found: Iterable[Mutation], size: int) -> list[list[Mutation]]:
    """The mutations in batches of at most `size`, all of a batch apart from each other."""
    packed: list[list[Mutation]] = []
    for mutation in found:
        fitting = (
            batch for batch in packed if len(batch) < size and all(mutation.apart(other) for other in batch)
        )
        batch = next(fitting, None)
        if batch is None:
            packed.append([mutation])
        else:
            batch.append(mutation)
    return packed


def planted(batch: Sequence[Mutation]) -> Edit:
    """The edit that puts every mutation of a batch in its place."""
    becomes = {
        (each.place.table, each.identifier): [json.loads(line) for line in each.lines] for each in batch
    }

    def edit(tables: Tables) -> Planted:
        left = dict(becomes)
        for table, found in tables.items():
            found[:] = [new for old in found for new in left.pop((table, str(old["_id"])), [old])]
        for (table, _), new in left.items():
            tables[table].extend(new)
        return Planted(batch[0].place.table, batch[0].key, batch[0].field)

    return edit
