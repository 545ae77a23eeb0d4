"""Small helpers of the engine's tests: settings for a database, a source with a few rows."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import psycopg
from pydantic import SecretStr

from migration import fence, source
from migration.archive import Archive
from migration.config import Settings
from migration.endpoints import SourceSettings, TargetSettings, source_name, target_name
from migration.ids import encode
from migration.target import Target

USER = "11111111-1111-4111-8111-111111111111"
CASE = "22222222-2222-4222-8222-222222222222"
CANARY = "canary@example.test"
STEPS = ["fence", "pause", "backup", "export", "link", "transform", "load"]


def settings_for(
    folder: Path, dsn: str = "postgresql://u:p@127.0.0.1:1/x", url: str = "http://127.0.0.1:1"
) -> Settings:
    """Settings of an embedded pair whose records go to `folder`."""
    return Settings(
        environment="embedded",
        source=SourceSettings(dsn=SecretStr(dsn), name=source_name(dsn)),
        target=TargetSettings(url=url, admin_key=SecretStr("local-test|aabbcc"), name=target_name(url)),
        app_url=None,
        canary_email=CANARY,
        canary_password=None,
        data_dir=folder / "data",
        runs_dir=folder / "reports" / "runs",
        pair_file=folder / "pair.json",
        workers=1,
        sample_fraction=0.1,
        sample_minimum=50,
        minimum_users=1,
        minimum_cases=1,
        quarantine_file=folder / "quarantine.toml",
    )


def add_user(dsn: str, *, id: str = USER, email: str = "Ann@Example.test") -> None:
    """One person with an auth row, an identity and a profile row."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO auth.users (id, email, encrypted_password, email_confirmed_at, created_at)"
            " VALUES (%s, %s, '$2a$10$secret-hash', '2025-01-02 03:04:05.678901+00', '2025-01-01')",
            (id, email),
        )
        connection.execute(
            "INSERT INTO auth.identities (id, provider_id, user_id, identity_data, provider, created_at)"
            " VALUES (gen_random_uuid(), %s, %s, '{}', 'google', '2025-01-01')",
            (f"sub-{id}", id),
        )
        connection.execute(
            "INSERT INTO public.users (id, auth_user_id, email, google_refresh_token)"
            " VALUES (%s, %s, %s, 'gAAAA-token')",
            (id, id, email),
        )


def add_case(dsn: str, *, id: str = CASE, user: str = USER, notes: str | None = None) -> None:
    """One case of that person, with money and a note."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO public.cases (id, user_id, employer_name, beneficiary_identifier, position_title,"
            " pwd_wage_amount, pwd_filing_date, notes, tags, rfi_list)"
            " VALUES (%s, %s, 'Acme', 'BEN-1', 'Engineer', 85000.00, '2024-02-29', %s, '{a,NULL,\"b c\"}',"
            """ '[{"title": "q\\"x"}]')""",
            (id, user, notes),
        )


def zip_of(path: Path, table: str, number: int, lines: list[bytes]) -> Path:
    """An import ZIP of one table."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("_tables/documents.jsonl", json.dumps({"name": table, "id": number}) + "\n")
        archive.writestr(f"{table}/documents.jsonl", b"".join(line + b"\n" for line in lines))
        archive.writestr(f"{table}/generated_schema.jsonl", b'"uniform"\n')
    return path


def user_line(number: int, raw: bytes, email: str) -> bytes:
    """A v2 user as a line of an import."""
    document = {"_id": encode(number, raw), "_creationTime": 1700000000000.0, "email": email}
    return json.dumps(document).encode()


def number_of(target: Target, table: str, path: Path) -> int:
    """The number that the target gave to a table."""
    with Archive(target.export(path)) as archive:
        return archive.numbers()[table]


def tables_of(target: Target, path: Path) -> dict[str, list[bytes]]:
    """The documents of each of the target's tables, exported to `path`."""
    with Archive(target.export(path)) as archive:
        return {name: sorted(archive.lines(name)) for name in archive.tables()}


def fenced_tables(settings: Settings) -> tuple[str, ...]:
    """The tables of the source that are fenced now."""
    with source.connect(settings) as connection:
        return fence.standing(connection)


def add_stranger(target: Target, folder: Path) -> bytes:
    """A v2 user who never was in v1."""
    number = number_of(target, "users", folder / "numbers.zip")
    line = user_line(number, b"their own id 16b", "stranger@example.test")
    target.import_zip(zip_of(folder / "theirs.zip", "users", number, [line]))
    return line
