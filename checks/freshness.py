"""Is the source still what the snapshot read? Rows that came, went or changed since are in no count.

The snapshot's raw files are read as evidence of what was seen then, by this module's own small reader: keys,
the time of the last change, and for auth the values that decide who gets in. Both sides are what PostgreSQL
prints as JSON, under the same settings of its session: text by text, to the microsecond.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from checks.source.columns import loads
from checks.source.layout import MOVED, TABLES
from checks.source.session import Session, opened
from checks.tally import Tally
from migration.config import Settings
from migration.errors import RunIncomplete
from migration.model import Kind
from migration.run import Run

_WATCHED = {
    "auth.users": ("email", "email_confirmed_at", "banned_until", "deleted_at"),
    "auth.identities": ("provider", "provider_id"),
    "public.users": ("updated_at", "deleted_at", "email"),
    "public.cases": ("updated_at", "deleted_at", "case_status"),
    "public.case_rfi": ("case_id", "received_date", "response_submitted_date"),
    "public.case_rfe": ("case_id", "received_date", "response_submitted_date"),
    "public.user_settings": ("timezone",),
    "public.user_preferences": ("cases_sort_by",),
}


def freshness(run: Run, settings: Settings) -> Mapping[str, Tally]:
    """`<table>` for every moved table; the unit is a row."""
    manifest = run.manifest()
    with opened(settings) as session:
        return {table: _unchanged(session, run.data / "raw", manifest, table) for table in MOVED}


def _unchanged(session: Session, raw: Path, manifest: Mapping[str, Any], table: str) -> Tally:
    tally = Tally()
    watched = [name for name in _WATCHED[table] if name in session.columns.get(table, ())]
    then = {_key(row): tuple(map(row.get, watched)) for row in _raw_rows(raw / f"{table}.ndjson")}
    told = manifest["snapshot"]["tables"][table]["rows"]
    if told != len(then):
        tally.find(
            Kind.MISMATCHED, table, table=table, expected=told, actual=len(then), rule="rows of the snapshot"
        )
    for row in session.printed(table, dict.fromkeys(("id", *TABLES[table].order, *watched))):
        key = _key(row)
        seen = then.pop(key, None)
        if seen is None:
            tally.find(Kind.EXTRANEOUS, key, table=table, rule="came after the snapshot")
        elif seen == tuple(map(row.get, watched)):
            tally.matched += 1
        else:
            tally.find(Kind.MISMATCHED, key, table=table, rule="changed after the snapshot")
    for gone in then:
        tally.find(Kind.MISSING, gone, table=table, rule="went after the snapshot")
    return tally


def _raw_rows(path: Path) -> Iterator[dict[str, Any]]:
    if not path.exists():
        raise RunIncomplete(
            f"The snapshot's file {path.name} is gone.", next_step="Begin a new run with migrate."
        )
    with path.open("rb") as lines:
        yield from map(loads, lines)


def _key(row: Mapping[str, Any]) -> str:
    """A user may have two settings rows: each goes by its own id where it has one."""
    return str(row.get("id") or row["user_id"])
