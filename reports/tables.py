"""The tables of the page that come from the manifest: row accounting, documents, dropped columns, identity.

A record may hold anything; what is not of the expected shape is shown as absent, never as zero differences.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

BOUND_TO = ("revision", "clock", "begun", "source", "target", "tools", "sample", "seed", "load")


@dataclass(frozen=True)
class Account:
    """What became of the rows of one source table (law 6)."""

    table: str
    rows: int | None
    migrated: int
    merged: int
    excluded: Mapping[str, Any]
    quarantined: Mapping[str, Any]


def number(value: Any) -> int:
    """A count from a record, 0 when the record holds something else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def mapping(value: Any) -> Mapping[str, Any]:
    """An object from a record, empty when the record holds something else."""
    return value if isinstance(value, dict) else {}


def accounts(manifest: Mapping[str, Any]) -> list[Account]:
    """What became of the rows of each source table."""
    transform = mapping(manifest.get("transform"))
    snapshot = mapping(mapping(manifest.get("snapshot")).get("tables"))
    rows = []
    for table, entry in sorted(mapping(transform.get("accounting")).items()):
        account = mapping(entry)
        total = account.get("rows", mapping(snapshot.get(table)).get("rows"))
        rows.append(
            Account(
                table=table,
                rows=total if isinstance(total, int) else None,
                migrated=number(account.get("migrated")),
                merged=number(account.get("merged")),
                excluded=mapping(account.get("excluded")),
                quarantined=mapping(account.get("quarantined")),
            )
        )
    return rows


def dropped(manifest: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Each v1 column that is left behind, with the number of values it held."""
    columns = mapping(mapping(manifest.get("transform")).get("dropped_columns"))
    return [(name, number(count)) for name, count in sorted(columns.items())]


def documents(manifest: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """For each target table: documents before the import, and documents we wrote."""
    before = mapping(mapping(manifest.get("backup")).get("tables"))
    written = mapping(mapping(manifest.get("transform")).get("tables"))
    rows = []
    for table in sorted({*before, *written}):
        had, ours = mapping(before.get(table)), mapping(written.get(table))
        rows.append((table, _count(had.get("documents")), _count(ours.get("documents"))))
    return rows


def _count(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else "-"


def identity(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Everything the run is bound to, flattened to dotted names."""
    rows: list[tuple[str, str]] = []
    for name in BOUND_TO:
        if name in manifest:
            rows += _flat(name, manifest[name])
    backup = mapping(manifest.get("backup")).get("digest")
    return [*rows, *([("backup.digest", str(backup))] if backup else [])]


def _flat(name: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [row for key in sorted(value) for row in _flat(f"{name}.{key}", value[key])]
    return [(name, str(value))]
