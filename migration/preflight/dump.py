"""A dump of the source of our own: taken, restored into a scratch database, and compared with the source.

The dump and what it is compared with are of one snapshot, which is exported by our session and imported by
pg_dump. Passwords go by a service file of mode 0600, never by argv. The dump stays in the data folder: it is
the backup. The programs' own words are not shown, because they may quote rows.
"""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr

from migration import files, source
from migration.config import Settings
from migration.errors import Refusal
from migration.preflight.model import Answer
from migration.preflight.scene import Scene

SCHEMAS = ("public", "auth")
_FOLDER = "preflight/dumps"
_LISTED = 4
_MAJOR = re.compile(r"\b(\d+)(?:\.\d+)?")

_TABLES = """
    SELECT n.nspname, c.relname, c.relkind::text, has_table_privilege(c.oid, 'SELECT')
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = ANY(%s) AND c.relkind IN ('r', 'p', 'S') AND NOT c.relispartition
    ORDER BY 1, 2
"""

Sums = dict[str, tuple[int, str]]
"""Rows and an order-free digest by table."""


def proven(scene: Scene, place: str = _FOLDER) -> Answer:
    """Dumps, restores and compares; the dump is kept in `place` of the data folder, as the only one of its
    environment, when the restored rows are those of the source."""
    binaries = scene.tools.binaries()
    _as_new_as_the_server(binaries, source.describe(scene.source).server_version)
    folder = files.private_folder(scene.settings.data_dir / place)
    path = folder / f"{scene.settings.environment}-{scene.now:%Y%m%dT%H%M%SZ}.sql.gz"
    partial = path.with_suffix(".partial")
    try:
        wanted = _taken(scene, binaries, partial)
        found = _restored(scene, binaries, partial)
        different = sorted(name for name, sums in wanted.items() if found.get(name) != sums)
        if different:
            return Answer(False, _difference(different, wanted, found))
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    for older in folder.glob(f"{scene.settings.environment}-*.sql.gz"):
        if older != path:
            older.unlink()
    rows = sum(count for count, _ in wanted.values())
    detail = f"Our own dump was restored: {rows:,} rows of {len(wanted)} tables are equal ({path.name})."
    return Answer(True, detail, str(path.relative_to(scene.settings.data_dir)))


def _taken(scene: Scene, binaries: Path, path: Path) -> Sums:
    """Writes the dump, and sums the same snapshot."""
    connection = scene.source
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        row = connection.execute("SELECT pg_export_snapshot()").fetchone()
        listed = connection.execute(_TABLES, (list(SCHEMAS),)).fetchall()
        unreadable = [f"{schema}.{name}" for schema, name, _, may in listed if not may]
        _dump(scene.settings, binaries, path, str(row[0] if row else ""), unreadable)
        return _sums(connection, [(s, n) for s, n, kind, may in listed if may and kind != "S"])


def _dump(settings: Settings, binaries: Path, path: Path, snapshot: str, unreadable: list[str]) -> None:
    path.touch(mode=0o600)
    command = [str(binaries / "pg_dump"), "--no-password", "--no-owner", "--no-privileges", "--compress=6"]
    command += [f"--schema={name}" for name in SCHEMAS]
    command += [f"--exclude-table={name}" for name in unreadable]
    command += [f"--snapshot={snapshot}", f"--file={path}", "--lock-wait-timeout=10000"]
    with _service(settings.source.dsn.get_secret_value()) as environment:
        done = subprocess.run(
            [*command, "service=cutover"], env=environment, capture_output=True, check=False
        )
    if done.returncode != 0:
        raise Refusal(
            f"pg_dump could not dump the source (code {done.returncode}).",
            next_step="Connect as postgres, who may read every table of public and auth.",
        )


def _restored(scene: Scene, binaries: Path, path: Path) -> Sums:
    """Restores into a scratch database and sums what is there. What can not be restored shows in the sums."""
    folder = Path(tempfile.mkdtemp(prefix="scratch-", dir=scene.settings.data_dir))
    try:
        with scene.tools.scratch(folder) as dsn:
            scratch = scene.settings.model_copy(
                update={"source": scene.settings.source.model_copy(update={"dsn": SecretStr(dsn)})}
            )
            with source.connect(scratch) as connection:
                _prepare(scene.source, connection)
            _load(dsn, binaries, path)
            with source.connect(scratch) as connection:
                listed = connection.execute(_TABLES, (list(SCHEMAS),)).fetchall()
                return _sums(connection, [(s, n) for s, n, kind, _ in listed if kind != "S"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _prepare(wanted: psycopg.Connection, scratch: psycopg.Connection) -> None:
    """The source's extensions, as far as this machine has them: columns may be of their types."""
    rows = wanted.execute(
        "SELECT e.extname, n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace"
    ).fetchall()
    for extension, schema in rows:
        statements = (
            sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema)),
            sql.SQL("CREATE EXTENSION IF NOT EXISTS {} SCHEMA {}").format(
                sql.Identifier(extension), sql.Identifier(schema)
            ),
        )
        try:
            for statement in statements:
                scratch.execute(statement)
        except psycopg.Error:
            continue  # not installed here; a table that needs it will be missing, and that is seen
    scratch.execute("DROP SCHEMA IF EXISTS public CASCADE")  # the dump makes it


def _load(dsn: str, binaries: Path, path: Path) -> None:
    command = [str(binaries / "psql"), "--no-psqlrc", "--no-password", "--quiet", "service=cutover"]
    with _service(dsn) as environment:
        process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        assert process.stdin is not None  # noqa: S101 - it was asked for
        try:
            with gzip.open(path, "rb") as dumped, process.stdin as into:
                shutil.copyfileobj(dumped, into, 1 << 20)
        except (OSError, EOFError):
            process.kill()
            raise Refusal("The dump could not be read back.", next_step="Try again.") from None
        finally:
            process.wait()


def _sums(connection: psycopg.Connection, tables: list[tuple[str, str]]) -> Sums:
    found: Sums = {}
    for schema, name in tables:
        row = connection.execute(
            sql.SQL(
                "SELECT count(*), coalesce(sum(hashtextextended(ROW(t.*)::text, 0)::numeric), 0)::text"
                " FROM {} t"
            ).format(sql.Identifier(schema, name))
        ).fetchone()
        assert row is not None  # noqa: S101 - an aggregate always answers one row
        found[f"{schema}.{name}"] = (int(row[0]), str(row[1]))
    return found


def _difference(different: list[str], wanted: Sums, found: Sums) -> str:
    restored = {name: f"{sums[0]} restored" for name, sums in found.items()}
    shown = [
        f"{name} ({wanted[name][0]} rows, {restored.get(name, 'not restored')})"
        for name in different[:_LISTED]
    ]
    return f"Our own dump does not restore to the source's rows: {', '.join(shown)}."


@contextmanager
def _service(dsn: str) -> Iterator[dict[str, str]]:
    """The environment in which PostgreSQL's programs find an address as the service `cutover`."""
    parts = {key: str(value) for key, value in conninfo_to_dict(dsn).items() if value}
    with tempfile.NamedTemporaryFile("w", prefix="cutover-service-") as file:  # made with mode 0600
        file.write("[cutover]\n" + "".join(f"{key}={value}\n" for key, value in parts.items()))
        file.flush()
        yield {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "PGSERVICEFILE": file.name}


def _as_new_as_the_server(binaries: Path, server: str) -> None:
    told = subprocess.run(
        [str(binaries / "pg_dump"), "--version"], capture_output=True, text=True, check=False
    ).stdout
    ours, theirs = _MAJOR.search(told), _MAJOR.search(server)
    if ours is None or (theirs is not None and int(ours[1]) < int(theirs[1])):
        raise Refusal(
            f"pg_dump here is {told.strip() or 'not to be run'}, but the source is PostgreSQL {server}.",
            next_step="Install PostgreSQL of that version, or set PG_BIN, or SUPABASE_ACCESS_TOKEN.",
        )
