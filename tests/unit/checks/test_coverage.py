"""Nothing is left unasked: every field of the field map, every column of v1's layout, every table of v2."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from checks import check_accounting, check_fields, in_process, untouched
from checks.aftermath import TABLES as AFTER_TABLES
from checks.facts import field_map, paths, v2_schema
from checks.judges.settings import PREFERENCES
from checks.oracle import cases, profiles
from checks.source.layout import TABLES
from checks.world import OURS
from fixtures.layout import Layout
from migration.model import Phase

ROOT = Path(__file__).parents[3]
FROM_MIGRATION = {
    "migration.config.Settings",
    "migration.config.load",
    "migration.run.Run",
    "migration.source",  # connect
    "migration.target.Answer",
    "migration.target.Target",
}


def test_every_entry_of_the_field_map_is_a_check() -> None:
    wanted = {f"{entry['target_table']}.{entry['target_field']}" for entry in field_map()}
    assert len(field_map()) == len(wanted) == 197
    assert wanted <= set(check_fields.FIELDS)


def test_every_field_of_v2s_schema_is_a_check() -> None:
    wanted = {f"{table}.{name.removesuffix('?')}" for table in OURS for name in v2_schema()[table]["fields"]}
    assert wanted <= set(check_fields.FIELDS)


def test_every_column_of_the_layout_has_a_destination_or_a_reason(
    new_database: Callable[[Layout | None], str],
) -> None:
    query = (
        "SELECT c.table_schema || '.' || c.table_name, c.column_name FROM information_schema.columns c "
        "JOIN information_schema.tables t USING (table_schema, table_name) "
        "WHERE t.table_type = 'BASE TABLE' AND c.table_schema IN ('public', 'auth')"
    )
    with psycopg.connect(new_database(Layout())) as connection:
        found = connection.execute(query).fetchall()
    unknown = [
        (table, column)
        for table, column in found
        if table not in TABLES or not (TABLES[table].rule or column in TABLES[table].columns)
    ]
    assert unknown == []
    assert len(found) > 200


def test_every_listed_column_is_a_check() -> None:
    wanted = {f"{table}.{column}" for table, layout in TABLES.items() for column in layout.columns}
    assert wanted == set(check_accounting.COLUMNS)


def test_a_column_is_either_read_or_dropped() -> None:
    assert all(set(layout.read).isdisjoint(layout.dropped) for layout in TABLES.values())


def test_the_oracle_reads_only_columns_that_are_listed_as_read() -> None:
    used = {*cases.TEXTS.values(), *cases.DATES.values(), *cases.REQUIRED_TEXTS.values()}
    assert used <= set(TABLES["public.cases"].read)
    rows = {
        "user": "public.users",
        "settings": "public.user_settings",
        "preferences": "public.user_preferences",
    }
    for column in PREFERENCES.values():
        assert column.name in TABLES[rows[column.rows]].read


def test_every_other_table_of_v2_is_a_check() -> None:
    assert {*untouched.OTHERS, *OURS} == set(v2_schema()) == set(AFTER_TABLES)


def test_constants_are_fields_of_the_profile() -> None:
    assert set(profiles.CONSTANTS) <= set(paths("userProfiles"))


def test_every_phase_but_the_browsers_has_checks_with_ids_of_their_own() -> None:
    found = {phase: in_process.check_ids(phase) for phase in Phase}
    browsers = {Phase.SMOKE, Phase.CUTOVER}
    assert {phase for phase, ids in found.items() if ids} == {*Phase} - browsers
    ids = [identifier for each in found.values() for identifier in each]
    assert len(ids) == len(set(ids)) > 600


@pytest.mark.parametrize("file", sorted((ROOT / "checks").rglob("*.py")), ids=lambda file: file.stem)
def test_a_check_takes_from_the_engine_only_words_and_open_connections(file: Path) -> None:
    """Stricter than the rooms' directions: a check that shares a decoder with the engine shares its bugs."""
    for node in ast.walk(ast.parse(file.read_text())):
        if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("migration"):
            continue
        if node.module in {"migration.model", "migration.errors"}:
            continue
        assert {f"{node.module}.{alias.name}" for alias in node.names} <= FROM_MIGRATION
