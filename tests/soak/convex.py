"""`./inv soak convex`: the embedded deployment against `convex-test`, and under malformed input."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from fixtures import deployment as deployments
from fixtures import malformed
from fixtures.deployment import Deployment
from fixtures.differential import runner
from fixtures.differential.programs import NOT_COMPARED
from tests.soak.campaign import Account, Batch, Campaign, broken, total

SEQUENCES, SEQUENCES_A_BATCH = 2_000, 200
REQUESTS, REQUESTS_A_BATCH = 4_000, 500
FIRST_SEED = 1_000_000  # not those of the tests


def campaign() -> Campaign:
    """The whole of it."""
    return Campaign(
        name="convex",
        batches=[
            *_batches("differential", SEQUENCES, SEQUENCES_A_BATCH),
            *_batches("malformed", REQUESTS, REQUESTS_A_BATCH),
        ],
        page=page,
        judged=[deployments.build(), runner.HERE, Path(malformed.__file__)],
    )


def _batches(kind: str, count: int, size: int) -> Iterator[Batch]:
    for at in range(0, count, size):
        seeds = range(FIRST_SEED + at, FIRST_SEED + min(at + size, count))
        yield Batch(f"{kind} {at}-{at + len(seeds)}", partial(_carry_out, kind, seeds))


def _carry_out(kind: str, seeds: range, folder: Path) -> Account:
    with _deployment(folder) as served:
        account = _differential(served, seeds) if kind == "differential" else _malformed(served, seeds)
    return {"kind": kind, **account}


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
    account = malformed.run(served, seeds)
    answers = {str(status): count for status, count in account.answers.items()}
    return {"tried": account.tried, "broken": account.broken, "answers": answers}


def page(accounts: list[Account]) -> str:
    """docs/soak-convex.md."""
    compared = [account for account in accounts if account["kind"] == "differential"]
    sent = [account for account in accounts if account["kind"] == "malformed"]
    answers: Counter[str] = Counter()
    for account in sent:
        answers.update(account["answers"])
    told = ", ".join(f"{status}: {count:,}" for status, count in sorted(answers.items()))
    return "\n".join(
        [
            "# Long runs of the embedded deployment\n",
            "Made by `./inv soak convex`, which goes on where it was stopped; do not edit.\n",
            "| Run | Tried | Broken | Seconds |\n| --- | --- | --- | --- |",
            f"| operation programs, against `convex-test` | {total(compared, 'tried'):,.0f} programs, "
            f"{total(compared, 'transactions'):,.0f} transactions, "
            f"{total(compared, 'failures'):,.0f} of them failing "
            f"on purpose or by refusal | {len(broken(compared))} | {total(compared, 'seconds'):.0f} |",
            f"| malformed requests and imports | {total(sent, 'tried'):,.0f} ({told}) | "
            f"{len(broken(sent))} | {total(sent, 'seconds'):.0f} |\n",
            "A malformed request breaks a law when it is answered 5xx, is not answered within "
            f"{malformed.PATIENCE_SECONDS:.0f} s, or is refused and yet changes documents, variables "
            "or state. schemathesis is not used: no locked package brings Convex's OpenAPI description.\n",
            *(f"- {line}" for line in broken(accounts)),
            "## What is left out of the comparison with convex-test\n",
            "Known differences, where the embedded deployment follows Convex; the generator avoids them:\n",
            *(f"- {line}" for line in NOT_COMPARED),
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(campaign().main())
