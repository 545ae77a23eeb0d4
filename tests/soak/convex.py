"""`./inv soak convex`: the embedded deployment against convex-test, malformed input and `kill -9`."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path

from fixtures import deployment as deployments
from fixtures import described, malformed, openapi
from fixtures.deployment import Deployment
from fixtures.differential import runner
from fixtures.differential.programs import NOT_COMPARED
from tests.contract import killed
from tests.soak.campaign import Account, Batch, Campaign, broken, total

SEQUENCES, SEQUENCES_A_BATCH = 2_000, 200
REQUESTS, REQUESTS_A_BATCH = 4_000, 500
DESCRIBED, EXAMPLES = 4, 250  # seeds, and requests a route and kind from each
KILLS, KILLS_A_BATCH = 60, 10
FIRST_SEED = 1_000_000  # not those of the tests
JUDGES = (malformed, described, openapi, killed)


def campaign() -> Campaign:
    """The whole of it."""
    return Campaign(
        name="convex",
        batches=[
            *_batches("differential", SEQUENCES, SEQUENCES_A_BATCH),
            *_batches("malformed", REQUESTS, REQUESTS_A_BATCH),
            *_batches("described", DESCRIBED, 1),
            *_batches("killed", KILLS, KILLS_A_BATCH),
        ],
        page=page,
        judged=[deployments.build(), runner.HERE, *(Path(str(one.__file__)) for one in JUDGES)],
    )


def _batches(kind: str, count: int, size: int) -> Iterator[Batch]:
    for at in range(0, count, size):
        seeds = range(FIRST_SEED + at, FIRST_SEED + min(at + size, count))
        yield Batch(f"{kind} {at}-{at + len(seeds)}", partial(_carry_out, kind, seeds))


def _carry_out(kind: str, seeds: range, folder: Path) -> Account:
    if kind == "killed":
        return {"kind": kind, **asdict(killed.run(folder, seeds))}
    with _deployment(folder) as served:
        return {"kind": kind, **WORK[kind](served, seeds)}


@contextmanager
def _deployment(folder: Path) -> Iterator[Deployment]:
    served = deployments.start(folder / "deployment", runner.PROJECT)
    try:
        yield served
    finally:
        deployments.stop(served.pid)


def _differential(served: Deployment, seeds: range) -> Account:
    compared = list(runner.run(served.url, seeds))
    lines = [f"seed {one.seed}: {one.difference}"[:500] for one in compared if one.difference]
    transactions = sum(one.transactions for one in compared)
    failures = sum(one.failures for one in compared)
    return {"tried": len(compared), "broken": lines, "transactions": transactions, "failures": failures}


def _malformed(served: Deployment, seeds: range) -> Account:
    return _answered(malformed.run(served, seeds))


def _described(served: Deployment, seeds: range) -> Account:
    return _answered(described.run(served, described.served(), seeds.start, EXAMPLES))


def _answered(account: malformed.Account) -> Account:
    answers = {str(status): count for status, count in account.answers.items()}
    return {"tried": account.tried, "broken": account.broken, "answers": answers}


WORK: dict[str, Callable[[Deployment, range], Account]] = {
    "differential": _differential,
    "malformed": _malformed,
    "described": _described,
}


def page(accounts: list[Account]) -> str:
    """docs/soak-convex.md."""
    by_kind = {kind: [one for one in accounts if one["kind"] == kind] for kind in (*WORK, "killed")}
    compared, dead = by_kind["differential"], by_kind["killed"]
    return "\n".join(
        [
            "# Long runs of the embedded deployment\n",
            "Made by `./inv soak convex`, which goes on where it was stopped; do not edit.\n",
            "| Run | Tried | Broken | Seconds |\n| --- | --- | --- | --- |",
            _row(
                "operation programs, against `convex-test`",
                f"{total(compared, 'tried'):,.0f} programs, "
                f"{total(compared, 'transactions'):,.0f} transactions, "
                f"{total(compared, 'failures'):,.0f} of them failing on purpose or by refusal",
                compared,
            ),
            _row("malformed requests and imports", _told(by_kind["malformed"]), by_kind["malformed"]),
            _row("requests from Convex's description", _told(by_kind["described"]), by_kind["described"]),
            _row(
                "`kill -9` amid mutations and imports",
                f"{total(dead, 'tried'):,.0f} kills, {total(dead, 'interrupted'):,.0f} of them in an import; "
                f"{total(dead, 'mutations'):,.0f} mutations and {total(dead, 'imports'):,.0f} imports "
                "acknowledged",
                dead,
            ),
            "",
            "A malformed request breaks a law when it is answered 5xx, is not answered within "
            f"{malformed.PATIENCE_SECONDS:.0f} s, or is refused and yet changes documents, variables "
            "or state. Requests from Convex's description are drawn by schemathesis; it is read back from "
            "the types in npm `@convex-dev/platform`, which carries no other form of it, and covers "
            f"{', '.join(f'`{path}`' for path in described.SERVED)}. After a kill every acknowledged "
            "mutation must be there with its id and creation time, and an import whole or not at all.\n",
            *(f"- {line}" for line in broken(accounts)),
            "## What is left out of the comparison with convex-test\n",
            "Known differences, where the embedded deployment follows Convex; the generator avoids them:\n",
            *(f"- {line}" for line in NOT_COMPARED),
            "",
        ]
    )


def _row(run: str, tried: str, accounts: list[Account]) -> str:
    return f"| {run} | {tried} | {len(broken(accounts))} | {total(accounts, 'seconds'):.0f} |"


def _told(accounts: list[Account]) -> str:
    """How many requests, and how they were answered."""
    answers: Counter[str] = Counter()
    for account in accounts:
        answers.update(account["answers"])
    told = ", ".join(f"{status}: {count:,}" for status, count in sorted(answers.items()))
    return f"{total(accounts, 'tried'):,.0f} ({told})"


if __name__ == "__main__":
    sys.exit(campaign().main())
