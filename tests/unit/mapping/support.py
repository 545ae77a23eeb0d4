"""Small helpers of the mapping's tests: a raw snapshot, a backup and a transform from plain dictionaries."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

from migration.ids import encode
from migration.link import Lookup, build_lookup
from migration.mapping.dropped import READ
from migration.mapping.names import uuid_bytes
from migration.progress import Silent
from migration.quarantine import Resolutions
from migration.transform import TransformReport, transform

Row = dict[str, Any]
CLOCK_MS = 1768435200000.0  # 2026-01-15T00:00:00Z
NUMBERS = {"users": 10001, "authAccounts": 10002, "userProfiles": 10003, "cases": 10004}
MADE = "2025-03-04T05:06:07.891234+00:00"
MADE_MS = 1741064767891.0


def uuid(number: int, kind: str = "0") -> str:
    """A readable UUID: `kind` is a hex digit that tells users from cases."""
    return f"{kind}{number:07x}-0000-4000-8000-{number:012x}"


def user(number: int = 1, **columns: Any) -> Row:
    """A row of public.users with what every v1 database has."""
    auth = uuid(number, "a")
    return {
        "id": uuid(number),
        "auth_user_id": auth,
        "email": f"user{number}@example.com",
        "created_at": MADE,
        "updated_at": MADE,
    } | columns


def auth_user(number: int = 1, **columns: Any) -> Row:
    """The auth row of `user(number)`."""
    return {
        "id": uuid(number, "a"),
        "email": f"user{number}@example.com",
        "has_password": True,
        "email_confirmed_at": MADE,
        "banned_until": None,
        "deleted_at": None,
        "created_at": MADE,
    } | columns


def google(number: int = 1, **columns: Any) -> Row:
    """A Google identity of `user(number)`."""
    return {
        "id": uuid(number, "b"),
        "user_id": uuid(number, "a"),
        "provider": "google",
        "provider_id": f"10000000000000000000{number}",
        "created_at": MADE,
    } | columns


def case(number: int = 1, owner: int = 1, **columns: Any) -> Row:
    """A row of public.cases."""
    return {
        "id": uuid(number, "c"),
        "user_id": uuid(owner),
        "employer_name": "Acme",
        "position_title": "Engineer",
        "case_status": "PWD",
        "created_at": MADE,
        "updated_at": MADE,
    } | columns


def request(number: int = 1, of: int = 1, **columns: Any) -> Row:
    """A row of case_rfi or case_rfe."""
    return {"id": uuid(number, "d"), "case_id": uuid(of, "c"), "created_at": MADE} | columns


def settings(number: int = 1, **columns: Any) -> Row:
    """The settings row of `user(number)`; with another id it is a preferences row."""
    return {"id": uuid(number, "e"), "user_id": uuid(number)} | columns


def user_id(number: int) -> str:
    """The `_id` that `user(number)` gets."""
    return encode(NUMBERS["users"], uuid_bytes(uuid(number)))


def foreign(table: str, number: int, **fields: Any) -> Row:
    """A document that v2 had before."""
    return {
        "_id": encode(NUMBERS[table], bytes([0xEE] * 12) + number.to_bytes(4, "big")),
        "_creationTime": 1700000000000.5 + number,
    } | fields


class Pair:
    """A raw snapshot and a backup in a folder, and the transform over them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.raw, self.out = folder, folder / "raw", folder / "out"
        self.raw.mkdir()
        self.backup: dict[str, list[bytes]] = {}
        self.source({})

    def source(self, tables: Mapping[str, Iterable[Row | bytes]]) -> None:
        """Writes the raw files; a table that is not named is empty."""
        for table in READ:
            rows = tables.get(table, ())
            lines = [row if isinstance(row, bytes) else orjson.dumps(row) for row in rows]
            (self.raw / f"{table}.ndjson").write_bytes(b"".join(line + b"\n" for line in lines))

    def target(self, tables: Mapping[str, Iterable[Row | bytes]]) -> None:
        """What the backup will hold."""
        for table, documents in tables.items():
            self.backup[table] = [one if isinstance(one, bytes) else orjson.dumps(one) for one in documents]

    def lookup(self) -> Lookup:
        """Writes the backup and reads it as `link` does."""
        path = self.folder / "backup.zip"
        with zipfile.ZipFile(path, "w") as archive:
            tables = [orjson.dumps({"name": name, "id": number}) for name, number in NUMBERS.items()]
            archive.writestr("_tables/documents.jsonl", b"\n".join(tables))
            for table, lines in self.backup.items():
                archive.writestr(f"{table}/documents.jsonl", b"\n".join(lines))
        return build_lookup(path, self.raw, CLOCK_MS)

    def transform(self, resolutions: Resolutions | None = None) -> TransformReport:
        """Runs the transform into `out`."""
        return transform(self.raw, self.lookup(), self.out, progress=Silent(), resolutions=resolutions)

    def documents(self, table: str) -> list[Row]:
        """The documents written for a table, in the file's order."""
        return [orjson.loads(line) for line in (self.out / f"{table}.ndjson").read_bytes().splitlines()]

    def lines(self, table: str) -> list[bytes]:
        """The same as they are spelled."""
        return (self.out / f"{table}.ndjson").read_bytes().splitlines()
