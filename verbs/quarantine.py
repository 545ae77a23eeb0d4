"""Rows that need a person's decision: list them, and write a decision into quarantine.toml (law 6).

Works from the run's records alone: no pair needs to be configured or to live.
"""

from __future__ import annotations

from pathlib import Path

from invoke.collection import Collection
from invoke.context import Context
from pydantic import ValidationError

from migration import config, quarantine
from migration.errors import Refusal
from migration.quarantine import Quarantined
from migration.run import Run
from verbs import work
from verbs.flags import verb
from verbs.line import LINE
from verbs.show import answer

FOLLOWS = "owner_quarantined"


@verb
def rows(_: Context, run: str = "") -> None:
    """Rows that need a person's decision, and why."""
    LINE.pin("", run=run)
    current = work.records()
    waiting, decided = _waiting(current), {(one.table, one.key) for one in _decisions(current).all()}
    asked = [row for row in waiting if row.reason != FOLLOWS and (row.table, row.key) not in decided]
    for row in asked:
        answer(f"{row.table} {row.key} {row.reason} {row.where}".rstrip())
    answer(_summary(waiting, asked, len(decided)))


@verb
def resolve(
    _: Context,
    key: str,
    table: str = "",
    as_: str = "",
    value: str = "",
    by: str = "",
    reason: str = "",
    run: str = "",
) -> None:
    """Writes one decision about one row."""
    LINE.pin("", run=run)
    current = work.records()
    row = _named(current, key.lower(), table)
    given = {"table": row.table, "key": row.key, "as": as_, "value": value, "by": by, "reason": reason}
    try:
        one = quarantine.Resolution.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the decision"
        raise Refusal(
            f"This is no decision: {place}: {first['msg']}.",
            next_step="See `./inv --help quarantine.resolve`.",
        ) from None
    file = _file(current)
    quarantine.append(file, one)
    answer(f"Noted in {file}. Continue with `./inv migrate --resume`.")


def _named(run: Run, key: str, table: str) -> Quarantined:
    """The row that waits in this run under this key; the table must be told when two have it."""
    found = [row for row in _waiting(run) if row.key == key and table in ("", row.table)]
    if not found:
        of = f" of {table}" if table else ""
        raise Refusal(
            f"No row {key}{of} is in quarantine in run {run.id}.", next_step="`./inv quarantine.rows`."
        )
    if len(found) > 1:
        tables = ", ".join(row.table for row in found)
        raise Refusal(f"Rows of {tables} have the key {key}.", next_step="Name one of them with --table.")
    return found[0]


def _summary(waiting: list[Quarantined], asked: list[Quarantined], decided: int) -> str:
    if not waiting:
        return "No row is quarantined."
    follow = sum(row.reason == FOLLOWS for row in waiting)
    rest = f"; {follow} more belong to rows that wait" if follow else ""
    noted = f"; {decided} decisions are noted: `./inv migrate --resume` applies them" if decided else ""
    return f"{len(asked)} rows need a decision{rest}{noted}."


def _waiting(run: Run) -> list[Quarantined]:
    return quarantine.read(run.data / "quarantine.jsonl")


def _decisions(run: Run) -> quarantine.Resolutions:
    return quarantine.load(_file(run))


def _file(run: Run) -> Path:
    manifest = run.manifest()
    return config.quarantine_file(manifest["environment"], Path(manifest["pair"]))


namespace = Collection("quarantine")
namespace.add_task(rows, default=True)
namespace.add_task(resolve)
