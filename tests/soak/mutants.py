"""`./inv soak mutants`: are mutants of the mapping, the identities and the decoders killed by the checks?

The decoders are what reads raw rows (`rows`), the target's exported lines (`mapping.exported`) and ids (`ids`);
`values` decodes the answers of functions, which no migration reads. A survivor is explained in survivors.toml,
or it is broken; so is an explanation of something that does not survive.
"""

from __future__ import annotations

import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from itertools import chain
from pathlib import Path
from queue import SimpleQueue

from migration.config import ROOT
from migration.errors import FAIL, PASS
from tests.soak import mutant_pairs
from tests.soak.campaign import Account, Batch, Campaign, broken, total
from tests.soak.mutant_judge import HELD, UNDECIDED, Fate, Trying
from tests.soak.mutant_pairs import Data
from tests.soak.mutation import Mutable, Mutant

SURVIVORS = Path(__file__).with_name("survivors.toml")
LEAST = 0.95
"""Of the mutants that were loaded, or would have been, the part that the checks must tell apart."""

AT_ONCE = 2
EVERY = 4
"""One mutant in so many is tried; the choice follows from a mutant's own text."""

GROUPS = (
    ("identity", "ids"),
    ("rows", "mapping.exported", "mapping.merge", "mapping.fields"),
    ("mapping.dates", "mapping.instants", "mapping.money", "mapping.names", "mapping.notes", "mapping.text"),
    ("mapping.status", "mapping.methods"),
    ("mapping.entries", "mapping.documents"),
    ("mapping.accounts", "mapping.users", "mapping.dropped"),
    ("mapping.profiles",),
    ("mapping.cases",),
)
MODULES = tuple(f"migration.{name}" for group in GROUPS for name in group)


def campaign() -> Campaign:
    """The whole of it; a batch is a few modules."""
    return Campaign(
        name="mutants",
        batches=[Batch(", ".join(group), partial(_carry_out, group)) for group in GROUPS],
        page=page,
        judged=[ROOT / "migration", ROOT / "checks", ROOT / "fixtures" / "factories", Path(__file__).parent],
    )


def explained(path: Path = SURVIVORS) -> dict[tuple[str, str], str]:
    """Why each known survivor, by module and name, is not killed. ValueError when one stands there twice."""
    found: dict[tuple[str, str], str] = {}
    for entry in tomllib.loads(path.read_text("utf-8"))["survivor"]:
        for name in entry["mutants"]:
            if (entry["module"], name) in found:
                raise ValueError(f"explained twice: {entry['module']} {name}")
            found[entry["module"], name] = entry["why"]
    return found


def _carry_out(group: Sequence[str], folder: Path) -> Account:
    modules = [f"migration.{name}" for name in group]
    mutants = chain.from_iterable(Mutable(module).mutants(EVERY) for module in modules)
    with mutant_pairs.all_data(folder) as data:
        fates = list(tried(mutants, data))
    known = {key: why for key, why in explained().items() if key[0] in modules}
    return {"tried": len(fates), "broken": _broken(fates, known), **_figures(fates)}


Tried = tuple[Mutant, Fate, list[str]]


def tried(mutants: Iterable[Mutant], data: Sequence[Data]) -> Iterator[Tried]:
    """What becomes of each mutant, `AT_ONCE` at a time: on the first set of data that tells it apart."""
    with ExitStack() as stack:
        free: SimpleQueue[list[Trying]] = SimpleQueue()
        for _ in range(AT_ONCE):
            free.put([stack.enter_context(Trying(one.settings, one.run, one.decisions)) for one in data])

        def one(mutant: Mutant) -> Tried:
            judges = free.get()
            try:
                return mutant, *_fate(mutant, judges)
            finally:
                free.put(judges)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            yield from pool.map(one, mutants)


def _fate(mutant: Mutant, judges: Iterable[Trying]) -> tuple[Fate, list[str]]:
    fates = []
    for judge in judges:
        fate, told = judge.fate(mutant.module, mutant.source)
        if fate not in UNDECIDED:
            return fate, told
        fates.append(fate)
    return Fate.UNSEEN if Fate.UNSEEN in fates else Fate.SAME, []


def _broken(fates: Iterable[Tried], known: dict[tuple[str, str], str]) -> list[str]:
    survived = {(mutant.module, mutant.name): fate for mutant, fate, _ in fates if fate in UNDECIDED}
    return [
        *(
            f"{module} {name} ({fate})"
            for (module, name), fate in survived.items()
            if (module, name) not in known
        ),
        *(
            f"explained, but does not survive: {module} {name}"
            for module, name in known.keys() - survived.keys()
        ),
    ]


def _figures(fates: Sequence[Tried]) -> Account:
    """Counts by module and fate, and by operator and fate; how often a suite of the checks was red."""
    by_module: Counter[str] = Counter()
    by_operator: Counter[str] = Counter()
    suites: Counter[str] = Counter()
    for mutant, fate, told in fates:
        kind = "held" if told == [HELD] else str(fate)
        by_module[f"{mutant.module.removeprefix('migration.')} {kind}"] += 1
        by_operator[f"{mutant.operator} {kind}"] += 1
        if fate is Fate.KILLED:
            suites.update({name.partition(".")[0] for name in told})
    return {"modules": by_module, "operators": by_operator, "suites": suites}


def rate(counts: Counter[str]) -> float:
    """The part of those told apart among all that were loaded or held, of counts by fate."""
    told_apart = counts["killed"] + counts["held"]
    return told_apart / max(1, told_apart + counts["same"] + counts["unseen"])


def _summed(accounts: Iterable[Account], what: str) -> dict[str, Counter[str]]:
    """Counts by fate, by the first word of the keys of a figure."""
    found: dict[str, Counter[str]] = {}
    for account in accounts:
        for key, count in account[what].items():
            name, _, kind = key.partition(" ")
            found.setdefault(name, Counter())[kind] += count
    return found


KINDS = {
    "killed": "red checks",
    "held": "wrongly set aside",
    "same": "same bytes",
    "unseen": "not seen",
    "stopped": "stopped",
}


def _table(what: str, rows: dict[str, Counter[str]]) -> list[str]:
    head = f"| {what} | {' | '.join(KINDS.values())} | told apart |"
    lines = [head, "| --- |" + " ---: |" * (len(KINDS) + 1)]
    for name, counts in rows.items():
        cells = " | ".join(str(counts[kind]) for kind in KINDS)
        lines.append(f"| {name} | {cells} | {100 * rate(counts):.1f} % |")
    return [*lines, ""]


def page(accounts: list[Account]) -> str:
    """docs/soak-mutants.md."""
    modules, operators = _summed(accounts, "modules"), _summed(accounts, "operators")
    everything = sum(modules.values(), Counter[str]())
    suites = sum((Counter(account["suites"]) for account in accounts), Counter[str]())
    loaded = Counter({kind: everything[kind] for kind in ("killed", "same", "unseen")})
    stopped = everything + Counter(killed=everything["stopped"])
    return "\n".join(
        [
            "# Mutants of the mapping\n",
            "Made by `./inv soak mutants`, which goes on where it was stopped; do not edit.\n",
            f"{total(accounts, 'tried'):,.0f} mutants, one in {EVERY} of all that mutmut's operators make of "
            "`migration/mapping`, `identity` and the decoders (`rows`, `ids`), in "
            f"{total(accounts, 'seconds'):.0f} s. Each is built into an import and judged by the data phase.\n",
            f"- **{100 * rate(everything):.1f} % of the mutants that come to a load or to a quarantine are told "
            f"apart** (at least {100 * LEAST:.0f} %)",
            f"- {100 * rate(loaded):.1f} % of those that come to a load alone",
            f"- {100 * rate(stopped):.1f} % of all, counting those that stop with an error before anything is "
            "loaded\n",
            "Red checks: the import is built, and a check is not PASS. Wrongly set aside: nothing is loaded, "
            "because rows are in quarantine that the checks' oracle would carry, or for another reason. Same "
            "bytes: import and records do not differ on any of the data. Not seen: they differ, and every check "
            "is green. Stopped: an error, or no end, before the load.\n",
            *_table("Module", modules),
            *_table("Operator", operators),
            "Suites that were red, by mutants: "
            + ", ".join(f"{name} {count}" for name, count in suites.most_common() if name != HELD)
            + ".\n",
            *(f"- {line}" for line in broken(accounts)),
            "## Survivors\n",
            "Every one is explained in tests/soak/survivors.toml; one that is not breaks the campaign.\n",
            *(f"- {count}: {why}" for why, count in Counter(explained().values()).most_common()),
            "",
        ]
    )


def main() -> int:
    """The campaign; FAIL also when too few are told apart."""
    made = campaign()
    code = made.main()
    if code != PASS:
        return code
    counts = sum(_summed(made.carry_out(print), "modules").values(), Counter[str]())
    return PASS if rate(counts) >= LEAST else FAIL


if __name__ == "__main__":
    sys.exit(main())
