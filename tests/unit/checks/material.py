"""What the checks' tests share: a ZIP from documents, rows with v1's columns, and ids."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from checks.target import ids
from checks.target.archive import Archive, Spool

NUMBERS = {"users": 10001, "userProfiles": 10002, "authAccounts": 10003, "cases": 10004}
CREATED = 1_700_000_000_000
NOW = 1_768_435_200_000  # 2026-01-15T00:00:00Z, the factories' day

Documents = Mapping[str, Sequence[Mapping[str, Any]]]


def key(number: int) -> str:
    """A v1 UUID that is easy to tell."""
    return str(UUID(int=number << 64 | 0x4000 << 64 | 1 << 63 | number))


def doc_id(table: str, number: int) -> str:
    """The id of the document made of the row `key(number)`."""
    return ids.of_row(NUMBERS[table], key(number))


def export(path: Path, documents: Documents, *, prefix: str = "") -> Path:
    """A snapshot export as Convex writes it."""
    with zipfile.ZipFile(path, "w") as made:
        tables = [{"name": name, "id": number} for name, number in NUMBERS.items()]
        made.writestr(f"{prefix}_tables/documents.jsonl", b"".join(orjson.dumps(t) + b"\n" for t in tables))
        for table, found in documents.items():
            lines = b"".join(orjson.dumps(document) + b"\n" for document in found)
            made.writestr(f"{prefix}{table}/documents.jsonl", lines)
            made.writestr(f"{prefix}{table}/generated_schema.jsonl", b'"uniform"\n')
    return path


def spool(path: Path, table: str, documents: Sequence[Mapping[str, Any]]) -> Spool:
    """One table of an export, at hand by id."""
    with Archive(export(path, {table: documents})) as archive:
        return Spool.of(archive, table, path.with_suffix(".spool"))


def user_row(number: int, **columns: Any) -> dict[str, Any]:
    """A row of public.users as the session gives it."""
    return {
        "id": key(number),
        "auth_user_id": None,
        "email": f"user{number}@example.com",
        "user_type": "individual",
        "created_at": CREATED,
        "updated_at": CREATED,
        **columns,
    }


def case_row(number: int, **columns: Any) -> dict[str, Any]:
    """A row of public.cases as the session gives it."""
    return {
        "id": key(number),
        "user_id": key(1),
        "employer_name": "Acme",
        "position_title": "Engineer",
        "case_status": "PWD",
        "progress_status": None,
        "created_at": CREATED,
        "updated_at": CREATED,
        **columns,
    }
