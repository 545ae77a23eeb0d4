"""No personal value of v1 in anything that is said or written outside the raw data folder (law 13).

Canaries stand in every free text of the source, and every one that was migrated is spoiled on the target, so
that the findings are about nothing else. Then they stand where only known words may: rows are set aside.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from fixtures import pair as pairs
from fixtures.faults.model import tamper_target
from fixtures.pair import PairState
from fixtures.tamper import Planted, Tables
from tests.conduct.desk import Desk, secrets_of
from tests.teeth.bench import settings_of

CANARY = "zq7k"
FREE = {
    "users": "full_name phone job_title company firm_name profile_photo_url google_email"
    " google_refresh_token",
    "cases": "case_number internal_case_number employer_name employer_fein beneficiary_identifier"
    " position_title job_title soc_title pwd_case_number sunday_ad_newspaper recruitment_notes"
    " recruitment_summary_custom eta9089_case_number rfi_notes rfe_notes i140_receipt_number notes",
    "case_rfi": "title description notes",
    "case_rfe": "title description notes",
}
LISTS = (
    f"UPDATE public.cases SET tags = ARRAY['{CANARY} tag'], documents = jsonb_build_array(jsonb_build_object("
    f"'name', '{CANARY}.pdf', 'url', 'https://files.example/{CANARY}.pdf', 'id', '{CANARY}'))",
    f"UPDATE auth.users SET raw_user_meta_data = jsonb_build_object('full_name', '{CANARY}'),"
    f" phone = '{CANARY}' || left(id::text, 8)",
)
WORDS = (
    f"UPDATE public.cases SET progress_status = '{CANARY} stage', priority_level = '{CANARY}'",
    f"UPDATE public.cases SET documents = jsonb_build_array(jsonb_build_object('{CANARY} Smith', 1)),"
    " rfi_list = jsonb_build_array(jsonb_build_object("
    f"'received_date', '{CANARY}', 'title', '{CANARY}', '{CANARY} Jones', 1)) WHERE left(id::text, 1) < '8'",
    f"""UPDATE public.cases SET additional_recruitment_methods = '[{{"{CANARY}": "{CANARY}'""",
    f"UPDATE public.user_settings SET timezone = '{CANARY}/City'",
    f"UPDATE public.users SET notification_preferences = jsonb_build_object('email_enabled', '{CANARY}')",
)
SPOILED = ("users", "userProfiles", "cases", "authAccounts")


@pytest.fixture
def alone(tmp_path: Path, desk: Desk) -> Iterator[tuple[Desk, PairState, Path]]:
    """A desk with a pair that is nobody else's, because its source is written to."""
    folder = tmp_path / "pair"
    try:
        state = pairs.up(folder, users=4, cases=20)
        desk.secrets = [*secrets_of(state), CANARY]
        desk.more = {"CUTOVER_PAIR": str(folder / "pair.json")}
        yield desk, state, folder
    finally:
        pairs.down(folder)


def test_no_canary_leaves_the_raw_data(alone: tuple[Desk, PairState, Path]) -> None:
    desk, state, folder = alone
    written(state, [*free_texts(), *LISTS])
    moved = desk.line("migrate")
    assert moved.code == 0, moved
    tamper_target(settings_of(folder), SPOILED, spoiled)
    judged = desk.line("verify", "--workers", "1")
    assert judged.code == 10, judged
    assert found(desk) > 100
    for line in ("decide report", "explain", "features", "audit", "runs", "preflight", "rollback"):
        desk.line(*line.split())

    written(state, WORDS)
    aside = desk.line("migrate")
    assert aside.code == 10, aside
    assert desk.line("quarantine.rows").answered.count("\n") > 5
    desk.line("decide", "report")
    raw = list(desk.folder.glob("data/runs/*/raw/*.ndjson"))
    assert CANARY.encode() in b"".join(path.read_bytes() for path in raw)
    assert desk.indiscreet() == []
    assert told_elsewhere(desk, folder) == []


def free_texts() -> Iterator[str]:
    """One statement a table: each text becomes one of its own that begins with the canary."""
    for table, columns in FREE.items():
        changes = (f"{name} = '{CANARY}' || left(md5('{name}' || id::text), 8)" for name in columns.split())
        yield f"UPDATE public.{table} SET {', '.join(changes)}"


def written(state: PairState, statements: Iterator[str] | list[str] | tuple[str, ...]) -> None:
    with psycopg.connect(state.postgres_dsn) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def spoiled(tables: Tables) -> Planted:
    """Every second document is spoiled wherever it has a canary."""
    for table, documents in tables.items():
        documents[:] = [_spoiled(document) if at % 2 else document for at, document in enumerate(documents)]
        del documents[-1:]
        assert documents, table
    return Planted("cases", "")


def _spoiled(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _spoiled(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_spoiled(inner) for inner in value]
    return f"{value}!" if isinstance(value, str) and value.startswith(CANARY) else value


def found(desk: Desk) -> int:
    """How many units the migration is to blame for."""
    return sum(result["classes"].get("introduced", 0) for result in desk.record("results.json")["results"])


def told_elsewhere(desk: Desk, pair: Path) -> list[Path]:
    """Files outside reports and raw data that hold a canary: beside the pair, and temporary ones."""
    data, servers = desk.folder / "data", ("postgres", "convex")
    files = [path for place in (desk.folder, desk.temporary) for path in place.rglob("*") if path.is_file()]
    own = [path for path in files if not path.is_relative_to(data)]
    own = [path for path in own if not any(path.is_relative_to(pair / name) for name in servers)]
    return [path for path in own if CANARY.encode() in path.read_bytes()]
