"""The transform over what the factories make: all of v1's variety, and every hazard with its reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fixtures.hazards import ROBBED_SUBJECT, SCHEDULED, TWICE_ON_TARGET, hazards_for
from fixtures.layout import Layout
from fixtures.population import populate
from fixtures.seed import seed_source
from migration import introspect, snapshot, source
from migration.link import TABLES
from migration.snapshot import Least
from migration.transform import TransformReport
from tests.unit.mapping.shapes import faults
from tests.unit.mapping.support import NUMBERS, Pair, foreign
from tests.unit.migration.support import settings_for

SEED = 20260115


def _transformed(pair: Pair, dsn: str) -> TransformReport:
    with source.connect(settings_for(pair.folder, dsn)) as connection:
        layout = introspect.read(connection)
        snapshot.take(connection, layout, pair.raw, Least(1, 1, None), lambda *_: None)
    return pair.transform()


def _full(table: str) -> str:
    return table if table.startswith("auth.") else f"public.{table}"


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    made = Pair(tmp_path)
    made.raw.chmod(0o700)
    return made


def test_all_of_v1_s_variety_maps_into_v2_s_schema(pair: Pair, seeded_source: str) -> None:
    report = _transformed(pair, seeded_source)
    assert report.quarantined == []
    assert (report.tables["users"].documents, report.tables["cases"].documents) == (25, 400)
    for table in TABLES:
        assert [found for one in pair.documents(table) if (found := faults(table, one, NUMBERS))] == []


def test_no_secret_of_v1_is_in_any_document(pair: Pair, seeded_source: str) -> None:
    _transformed(pair, seeded_source)
    written = b"".join((pair.out / f"{table}.ndjson").read_bytes() for table in TABLES)
    assert not [word for word in (b"gAAAA", b"$2a$", b"ya29.", b'"secret"') if word in written]


def test_every_hazard_of_the_source_is_set_aside_for_its_reason(
    pair: Pair, new_database: Callable[[Layout | None], str]
) -> None:
    dsn = new_database(Layout())
    seed_source(dsn, users=5, cases=20, seed=SEED, hazards=True)
    stranger = foreign("users", 4, email="stranger@example.com")
    pair.target(
        {
            "users": [
                foreign("users", 1, email=SCHEDULED, deletedAt=1.0),
                foreign("users", 2, email=TWICE_ON_TARGET),
                foreign("users", 3, email=TWICE_ON_TARGET.upper()),
                stranger,
            ],
            "authAccounts": [
                foreign(
                    "authAccounts",
                    1,
                    userId=stranger["_id"],
                    provider="google",
                    providerAccountId=ROBBED_SUBJECT,
                )
            ],
        }
    )
    report = _transformed(pair, dsn)
    hazards = hazards_for(populate(users=5, cases=20, seed=SEED), SEED)
    expected = {(_full(table), key): reason for (table, key), reason in hazards.expected.items()}
    found = {(row.table, row.key): row.reason for row in report.quarantined}
    assert len(expected) > 40
    assert found == expected


@pytest.mark.parametrize(
    "layout",
    [Layout(users_table="perm_users"), Layout(doubtful=False)],
    ids=["perm_users", "without doubtful columns"],
)
def test_other_readings_of_v1_s_layout_map_as_well(
    pair: Pair, new_database: Callable[[Layout | None], str], layout: Layout
) -> None:
    dsn = new_database(layout)
    seed_source(dsn, users=8, cases=60, seed=SEED)
    report = _transformed(pair, dsn)
    assert report.quarantined == []
    for table in TABLES:
        assert [found for one in pair.documents(table) if (found := faults(table, one, NUMBERS))] == []
