"""Rows that need a person's decision: list them, and write a decision into quarantine.toml (law 6)."""

from __future__ import annotations

from invoke.collection import Collection
from invoke.context import Context
from pydantic import ValidationError

from migration import quarantine
from migration.errors import Refusal
from verbs.flags import verb
from verbs.line import LINE
from verbs.show import answer


@verb
def rows(_: Context, run: str = "") -> None:
    """Rows that need a person's decision, and why."""
    from verbs.work import records

    LINE.pin("", run=run)
    waiting = quarantine.read(records().data / "quarantine.jsonl")
    for row in waiting:
        answer(f"{row.table} {row.key} {row.reason} {row.where}".rstrip())
    answer(f"{len(waiting)} rows need a decision." if waiting else "No row is quarantined.")


@verb
def resolve(
    _: Context,
    key: str,
    table: str = "",
    as_: str = "",
    value: str = "",
    by: str = "",
    reason: str = "",
    env: str = "",
) -> None:
    """Writes one decision about one row."""
    LINE.pin(env)
    settings = LINE.settings(of_run=True)
    given = {"table": table, "key": key, "as": as_, "value": value, "by": by, "reason": reason}
    try:
        one = quarantine.Resolution.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the decision"
        raise Refusal(
            f"This is no decision: {place}: {first['msg']}.",
            next_step="See `./inv --help quarantine.resolve`.",
        ) from None
    quarantine.append(settings.quarantine_file, one)
    answer(f"Noted in {settings.quarantine_file}. Continue with `./inv migrate --resume`.")


namespace = Collection("quarantine")
namespace.add_task(rows, default=True)
namespace.add_task(resolve)
