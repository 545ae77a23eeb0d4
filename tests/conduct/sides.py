"""Both sides of a pair at a glance, so that a test can prove that nothing was changed on either."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from fixtures import wire
from fixtures.pair import PairState
from migration import fence
from migration.target import Target

TABLES = """
    SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname IN ('auth', 'public') ORDER BY 1, 2
"""


@dataclass(frozen=True)
class Sides:
    """The source's rows and standing fences, the target's documents and state."""

    rows: str
    fenced: tuple[str, ...]
    documents: str
    state: str


def look(state: PairState, folder: Path) -> Sides:
    """Both sides as they are now. `folder` takes the export for a moment."""
    with psycopg.connect(state.postgres_dsn, autocommit=True) as connection:
        rows, fenced = _rows(connection), fence.standing(connection)
    with Target(state.convex_url, state.convex_admin_key) as target:
        paused = target.state()
    return Sides(rows, fenced, documents(state, folder), paused)


def documents(state: PairState, folder: Path) -> str:
    """A digest of every document and stored file of the target, whatever their order in an export."""
    path = folder / "look.zip"
    wire.export_zip(state.convex_url, state.convex_admin_key, path)
    found = hashlib.sha256()
    with zipfile.ZipFile(path) as archive:
        for name in sorted(archive.namelist()):
            lines = sorted(archive.read(name).splitlines())
            found.update(f"\n{name} {len(lines)}\n".encode() + b"\n".join(lines))
    path.unlink()
    return found.hexdigest()


def _rows(connection: psycopg.Connection) -> str:
    found = hashlib.sha256()
    for schema, table in connection.execute(TABLES).fetchall():
        text = sql.SQL("SELECT md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM {} t")
        row = connection.execute(text.format(sql.Identifier(schema, table))).fetchone()
        found.update(f"{schema}.{table} {row}\n".encode())
    return found.hexdigest()


@contextmanager
def altered(state: PairState, change: str, back: str) -> Iterator[None]:
    """The source changed by one statement, and changed back by another."""
    with psycopg.connect(state.postgres_dsn, autocommit=True) as connection:
        connection.execute(change.encode())
        try:
            yield
        finally:
            connection.execute(back.encode())
