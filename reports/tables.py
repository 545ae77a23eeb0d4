"""The tables of the page that come from the manifest: row accounting, documents, dropped columns, identity.

A record may hold anything; what is not of the expected shape is shown as absent, never as zero differences.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CHANGES = ("added", "replaced", "removed")
BOUND_TO = ("revision", "clock", "begun", "source", "target", "tools", "sample", "seed")


@dataclass(frozen=True)
class Account:
    """What became of the rows of one source table (law 6)."""

    table: str
    rows: int | None
    migrated: int
    merged: int
    excluded: Mapping[str, Any]
    quarantined: Mapping[str, Any]


@dataclass(frozen=True)
class Written:
    """The documents of one target table: before the import, and what it added, replaced and removed."""

    table: str
    before: int
    added: int = 0
    replaced: int = 0
    removed: int = 0

    @property
    def after(self) -> int:
        """The documents of the table once the import was in."""
        return self.before + self.added - self.removed


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


def documents(manifest: Mapping[str, Any]) -> list[Written]:
    """What the import did to each target table."""
    before = mapping(mapping(manifest.get("backup")).get("tables"))
    load = mapping(mapping(manifest.get("load")).get("tables"))
    return [
        Written(
            table=table,
            before=number(mapping(before.get(table)).get("documents")),
            **{name: number(mapping(load.get(table)).get(name)) for name in CHANGES},
        )
        for table in sorted({*before, *load})
    ]


def moment(value: Any) -> str:
    """A recorded moment for a person, to the minute; `?` when there is none."""
    return f"{str(value)[:16].replace('T', ' ')} UTC" if value else "?"


def pair(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The two sides that were judged, as a person knows them; the whole identity is `identity`."""
    source, target = mapping(manifest.get("source")), mapping(manifest.get("target"))
    name = target.get("name") or target.get("url")
    rows = [
        (
            "Source",
            "Supabase, PostgreSQL {}, {}",
            (_word(source.get("server_version")), _short(source.get("identity"))),
        ),
        ("Target", "Convex {}, {}", (name, _short(target.get("identity")))),
        ("Frozen at", "{}", (moment(manifest["clock"]) if manifest.get("clock") else "",)),
        ("Revision", "{}", (_short(manifest.get("revision")),)),
    ]
    return [(title, text.format(*values)) for title, text, values in rows if all(values)]


def _word(value: Any) -> str:
    return str(value or "").partition(" ")[0]


def _short(value: Any) -> str:
    """So much of an identity or a revision as tells two apart."""
    return str(value or "")[:12]


def identity(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Everything the run is bound to, flattened to dotted names."""
    rows: list[tuple[str, str]] = []
    for name in BOUND_TO:
        if name in manifest:
            rows += _flat(name, manifest[name])
    parts = [("backup", "digest"), ("load", "digest"), ("load", "import_id"), ("snapshot", "fingerprint")]
    for record, name in parts:
        value = mapping(manifest.get(record)).get(name)
        rows += [(f"{record}.{name}", value)] if isinstance(value, str) else []
    return rows


def _flat(name: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [row for key in sorted(value) for row in _flat(f"{name}.{key}", value[key])]
    return [(name, str(value))]
