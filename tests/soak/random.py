"""`./inv soak random`: random faults, of which every one must be found by a finding of its own.

One batch of the campaign is one pair: seeded by its own seed, of its own size, with documents of v2's own
added, migrated, and its export judged in copies. With `--pair` and `--place`, the mutations of that place are
drawn again and judged one by one.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from checks.world import OURS
from migration.config import ROOT
from migration.errors import FAIL, PASS
from tests.soak.campaign import Account, Batch, Campaign, broken, total
from tests.soak.random_faults.batches import batches, examples
from tests.soak.random_faults.material import Material
from tests.soak.random_faults.mutations import EDGES, Mutation, mutations, text_mutations
from tests.soak.random_faults.own import plant_own
from tests.soak.random_faults.places import Place, places
from tests.soak.random_faults.recall import Judge
from tests.soak.random_faults.texts import EVERY_KIND, wrong_texts
from tests.teeth.bench import migrated_pair

AT_EACH_PLACE, AT_EACH_EDGE, OF_EACH_TEXT = 3, 12, 4
"""Mutations of every place in every pair; rows and edges of the tables that v1 fills have more; and of every
kind of wrong text, at whatever place offers it."""

TOGETHER = 12
"""Most mutations in one copy: fewer than a check shows findings, so that none is cut off."""


@dataclass(frozen=True)
class Shape:
    """What a pair of the campaign is seeded with."""

    number: int
    users: int
    cases: int
    seed: int

    def __str__(self) -> str:
        return f"pair {self.number}: {self.users} users, {self.cases} cases, seed {self.seed}"


SHAPES = tuple(
    Shape(number, users, cases, 7_000 + number)
    for number, (users, cases) in enumerate([(12, 40), (25, 130), (40, 200), (60, 90), (18, 260)], start=1)
)


def campaign() -> Campaign:
    """The whole of it."""
    rooms = ("checks", "migration", "fixtures/faults", "fixtures/factories", "tests/soak/random_faults")
    return Campaign(
        name="random",
        batches=[Batch(str(shape), partial(_carry_out, shape)) for shape in SHAPES],
        page=page,
        judged=[*(ROOT / room for room in rooms), Path(__file__)],
    )


@contextmanager
def _judge(shape: Shape, folder: Path) -> Iterator[Judge]:
    sizes = {"users": shape.users, "cases": shape.cases, "seed": shape.seed}
    with migrated_pair(folder, **sizes, prepare=partial(plant_own, seed=shape.seed)) as bench:
        judge = Judge(bench, shape.seed)
        if red := judge.untouched():
            raise AssertionError(f"{shape} is red before anything is planted: {red[:5]}")
        yield judge


def counted(place: Place) -> int:
    """How many mutations the campaign draws of a place."""
    return AT_EACH_EDGE if place.table in OURS and place.steps[0] in EDGES else AT_EACH_PLACE


def drawn(
    material: Material, chosen: Iterable[Place], seed: int, count: Callable[[Place], int] = counted
) -> list[Mutation]:
    """So many mutations of each place that this material offers, each once."""
    found = []
    for place in chosen:
        strategy = mutations(material, place)
        if not strategy.is_empty:
            found += examples(strategy, zlib.crc32(f"{seed} {place}".encode()), count(place))
    return _distinct(found)


def _all(material: Material, chosen: Sequence[Place], seed: int) -> list[Mutation]:
    """What the campaign draws of these places: of each by itself, and of the kinds of wrong text."""
    offered = text_mutations(material).values()
    texts = (each for strategy in offered for each in examples(strategy, seed, OF_EACH_TEXT))
    return _distinct([*drawn(material, chosen, seed), *(each for each in texts if each.place in chosen)])


def _distinct(found: Iterable[Mutation]) -> list[Mutation]:
    """Each once: a copy of an export can be wrong in a way by several kinds."""
    return list({(mutation.identifier, mutation.lines): mutation for mutation in found}.values())


def _carry_out(shape: Shape, folder: Path) -> Account:
    with _judge(shape, folder) as judge:
        found = _all(judge.material, places(), shape.seed)
        packed = batches(found, TOGETHER)
        lines = [f"pair {shape.number}: {line}" for batch in packed for line in judge.broken(batch)]
    return {
        "shape": str(shape),
        "tried": len(found),
        "broken": lines,
        "copies": len(packed),
        "places": Counter(str(each.place) for each in found),
        "kinds": Counter(each.kind for each in found),
        "origins": Counter(f"{each.place.table} {each.origin}" for each in found),
    }


def page(accounts: list[Account]) -> str:
    """docs/soak-random.md."""
    tried, missed = round(total(accounts, "tried")), broken(accounts)
    hit = _sum(accounts, "places")
    kinds = _sum(accounts, "kinds")
    never = [str(place) for place in places() if str(place) not in hit]
    unused = sorted(wrong_texts(EVERY_KIND).keys() - kinds.keys())
    return "\n".join(
        [
            "# Random faults\n",
            "Made by `./inv soak random`, which goes on where it was stopped; do not edit.\n",
            f"**{tried:,} mutations, {len(missed):,} not found: recall {1 - len(missed) / tried:.2%}.**\n",
            _RULES,
            "| Pair | Mutations | Copies judged | Not found | Seconds |\n| --- | --- | --- | --- | --- |",
            *(
                f"| {each['shape']} | {each['tried']:,} | {each['copies']} | {len(each['broken'])} | "
                f"{each['seconds']:.0f} |"
                for each in accounts
            ),
            "",
            *(f"- {line}" for line in missed),
            "## By table and origin\n",
            _by_table(_sum(accounts, "origins")),
            "## By kind\n",
            f"Wrong texts of which no pair offers one: {', '.join(unused) or 'none'}.\n",
            _listed(kinds),
            "\n## By place\n",
            f"{len(hit)} of {len(places())} places of v2's schema were hit; `*` is a field that it does not "
            f"know. Never hit: {', '.join(f'`{name}`' for name in never) or 'none'}.\n",
            _listed(hit),
            "",
        ]
    )


_RULES = f"""\
A mutation makes one document come out wrong: hypothesis draws a place of v2's schema (a field, at any depth,
an unknown field, or the row), a document that offers it, and a kind of mistake. It is found when a red check
has a finding of class introduced with the mutation's table, key and field: the path to the leaf for what v1
gives, the field at the top for what is v2's own. At most {TOGETHER} mutations share a copy, and none that
could cause a finding about a document which another one changed. Each pair also holds documents of v2's own
with every field filled, and is green before anything is planted.

Not counted as a mutation, because v2 reads the same: another order of an object's fields or of a table's
documents, and another spelling of the same JSON value. Everything else is one, also -0.0 for 0.0 (Convex
orders them apart), Int64 for Float64, null for absent, and another order of a list. Left out, because no
export can hold it: an id twice, half a surrogate pair, and field names that Convex reserves.

A line about one that was not found names its pair and its place;
`python -m tests.soak.random --pair N --place TABLE.PATH` draws the same mutations again, each judged alone.
"""


def _sum(accounts: Sequence[Account], key: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for account in accounts:
        found.update(account[key])
    return found


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))


def _by_table(counts: Counter[str]) -> str:
    origins = {"v1": "made of v1", "both": "v2's, filled from v1", "v2": "v2's own", "nowhere": "made up"}
    tables = sorted({name.split()[0] for name in counts})
    rows = [
        f"| {table} | " + " | ".join(str(counts[f"{table} {origin}"]) for origin in origins) + " |"
        for table in tables
    ]
    head = f"| Table | {' | '.join(origins.values())} |\n|{' --- |' * (len(origins) + 1)}"
    return "\n".join([head, *rows, ""])


def repeat(number: int, place: str, seed: int | None) -> int:
    """Draw the mutations of one place again, and say of each, alone in a copy, whether it is found."""
    shape = SHAPES[number - 1]
    chosen = [each for each in places() if str(each) == place]
    code = PASS
    with tempfile.TemporaryDirectory(prefix="cutover-soak-") as folder, _judge(shape, Path(folder)) as judge:
        for mutation in _all(judge.material, chosen, shape.seed if seed is None else seed):
            missed = judge.missed_alone(mutation)
            code = FAIL if missed else code
            sys.stdout.write(f"{'MISSED' if missed else 'found'}: {mutation}\n")
    return code


def main() -> int:
    """The campaign; with a pair and a place, that place again."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak.random")
    parser.add_argument("--pair", type=int, choices=[shape.number for shape in SHAPES])
    parser.add_argument("--place", help="a table and a path, as the page has them")
    parser.add_argument("--seed", type=int, help="other mutations of the same place")
    asked = parser.parse_args()
    if asked.pair and asked.place:
        return repeat(asked.pair, asked.place, asked.seed)
    return campaign().main()


if __name__ == "__main__":
    sys.exit(main())
