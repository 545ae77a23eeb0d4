"""`pair.*`: the embedded pair, kept running between commands. What it is made of: `fixtures.pair`."""

from __future__ import annotations

from pathlib import Path

from invoke.collection import Collection
from invoke.context import Context

from migration import config
from migration.errors import FAIL
from verbs.exits import leave
from verbs.flags import verb
from verbs.show import answer


@verb
def up(_: Context, users: int = 25, cases: int = 400, seed: int = 20260115, hazards: bool = False) -> None:
    """Starts a v1 and a v2 on this machine, with made-up people."""
    from fixtures import pair

    pair.up(_folder(), users=users, cases=cases, seed=seed, hazards=hazards, echo=answer)


@verb
def down(_: Context) -> None:
    """Ends the pair and removes its data."""
    from fixtures import pair

    answer("the pair has ended" if pair.down(_folder()) else "there was no pair")


@verb
def status(_: Context) -> None:
    """What of the pair lives and answers (exit 10: not all)."""
    from fixtures import pair

    parts = pair.status(_folder())
    for part in parts:
        state = "answers" if part.answers else "runs, does not answer" if part.alive else "is gone"
        answer(f"{part.part:<12} pid {part.pid:<8} {part.address:<40} {state}")
    if not parts:
        answer("there is no pair; ./inv pair.up starts one")
    leave(0 if parts and all(part.answers for part in parts) else FAIL)


@verb
def seed(_: Context, users: int = 25, cases: int = 400, seed: int = 20260115, hazards: bool = False) -> None:
    """Fills both sides of the running pair anew."""
    from fixtures import pair

    pair.seed(_folder(), users=users, cases=cases, seed=seed, hazards=hazards, echo=answer)


def _folder() -> Path:
    return config.pair_file().parent


namespace = Collection("pair", up, down, status, seed)
