"""`./inv soak mutants`: are mutants of the mapping, the identities and the decoders killed by the checks?

The decoders are what reads raw rows (`rows`), the target's exported lines (`mapping.exported`) and its ids
(`ids`); `values` decodes the answers of functions, which no migration reads. Every survivor is explained in
survivors.toml; one that is not, an explanation of something that does not survive, and too many survivors
are FAIL.
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
from tests.soak.campaign import Account, Batch, Campaign, total
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
JUDGED = (
    *("migration", "checks", "fixtures/factories", "fixtures/hazards.py", "fixtures/wear.py"),
    *("tests/soak/mutation.py", "tests/soak/mutant_judge.py", "tests/soak/mutant_pairs.py"),
)
MODULES = tuple(f"migration.{name}" for group in GROUPS for name in group)


def campaign() -> Campaign:
    """The whole of it; a batch is a few modules."""
    return Campaign(
        name="mutants",
        batches=[Batch(", ".join(group), partial(_carry_out, group)) for group in GROUPS],
        page=page,
        judged=[ROOT / name for name in JUDGED],
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
    mutables = [Mutable(f"migration.{name}") for name in group]
    mutants = chain.from_iterable(mutable.mutants(EVERY) for mutable in mutables)
    with mutant_pairs.all_data(folder) as data:
        fates = list(tried(mutants, data))
    survivors = [[one.module, one.name, fate] for one, fate, _ in fates if fate in UNDECIDED]
    return {"tried": len(fates), "broken": [], "survivors": survivors, **_figures(fates)}


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


def wrong(accounts: Sequence[Account]) -> list[str]:
    """What speaks against a PASS, a line each."""
    survived = {(module, name): fate for one in accounts for module, name, fate in one["survivors"]}
    known, everything = explained(), _everything(accounts)
    lines = [
        f"{' '.join(key)} ({fate}) is not explained" for key, fate in survived.items() if key not in known
    ]
    lines += [f"{' '.join(key)} is explained and does not survive" for key in known if key not in survived]
    if rate(everything) < LEAST:
        lines.append(f"only {100 * rate(everything):.1f} % are told apart")
    return lines


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


def _everything(accounts: Iterable[Account]) -> Counter[str]:
    return sum(_summed(accounts, "modules").values(), Counter[str]())


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
    everything = _everything(accounts)
    loaded = Counter({kind: everything[kind] for kind in ("killed", "same", "unseen")})
    ended = everything + Counter(killed=everything["stopped"])
    suites = sum((Counter(account["suites"]) for account in accounts), Counter[str]())
    return "\n".join(
        [
            "# Mutants of the mapping\n",
            "Made by `./inv soak mutants`, which goes on where it was stopped; do not edit.\n",
            f"{total(accounts, 'tried'):,.0f} mutants, one in {EVERY} of all that mutmut's operators make of "
            "`migration/mapping`, `identity` and the decoders (`rows`, `ids`). Each is built into an import "
            f"and judged by the data phase, two at a time: {total(accounts, 'seconds'):.0f} s.\n",
            f"- **{100 * rate(everything):.1f} % are told apart** of those that come to a load or to rows in "
            f"quarantine (at least {100 * LEAST:.0f} %)",
            f"- {100 * rate(loaded):.1f} % of those that come to a load",
            f"- {100 * rate(ended):.1f} % of all, those counted as told apart that stop with an error\n",
            *(f"- {line}" for line in wrong(accounts)),
            *_table("Module", _summed(accounts, "modules")),
            *_table("Operator", _summed(accounts, "operators")),
            *LEGEND,
            "Red suites, by mutants: "
            + ", ".join(f"{name} {count}" for name, count in suites.most_common() if name != HELD)
            + ".\n",
            "## Survivors\n",
            "By name in tests/soak/survivors.toml:\n",
            *(f"- {count}: {why}" for why, count in Counter(explained().values()).most_common()),
            "",
        ]
    )


LEGEND = (
    "Red checks: the import is built, and a check is not PASS. Wrongly set aside: nothing is loaded, because "
    "rows are in quarantine that the checks' oracle carries, or sets aside for another reason. Same bytes: "
    "import and records are the same on all of the data. Not seen: they differ, and every check is green. "
    "Stopped: an error, or no end, before anything is loaded.\n",
)


def main() -> int:
    """Carries out what is left to do, writes the page, and tells what speaks against a PASS."""
    made = campaign()
    code = made.main()
    if code != PASS:
        return code
    lines = wrong(made.carry_out(print))
    for line in lines:
        sys.stdout.write(f"{line}\n")
    return FAIL if lines else PASS


if __name__ == "__main__":
    sys.exit(main())
