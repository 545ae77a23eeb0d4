"""Every late write into the source is found: by freshness, and by what it changes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr

from checks import in_process
from fixtures import postgres
from fixtures.faults import SourceFault, source
from migration.config import Settings
from migration.model import Verdict
from tests.teeth.bench import Bench, assert_expected, verdict_of


@pytest.fixture
def copy_of_source(bench: Bench, request: pytest.FixtureRequest) -> Iterator[Settings]:
    """Settings whose source is a copy of the migrated one, fence included."""
    server = postgres.attach(bench.settings.pair_file.parent / "postgres")
    assert server is not None
    dsn = bench.settings.source.dsn.get_secret_value()
    name = f"late_{abs(hash(request.node.name))}"
    template = dsn.rpartition("/")[2]
    with psycopg.connect(server.dsn_for(postgres.SUPERUSER, postgres.MAINTENANCE), autocommit=True) as admin:
        admin.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER postgres").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
    yield bench.settings.model_copy(
        update={
            "source": bench.settings.source.model_copy(
                update={"dsn": SecretStr(server.dsn_for(database=name))}
            )
        }
    )
    server.drop_database(name)


@pytest.mark.parametrize("fault", source.FAULTS, ids=lambda fault: fault.name)
def test_a_late_write_is_found_and_named(
    fault: SourceFault, bench: Bench, copy_of_source: Settings, tmp_path: Path
) -> None:
    planted = fault.plant(copy_of_source)
    results = in_process.judged(bench.run, copy_of_source, bench.copy(tmp_path))
    assert verdict_of(results) is Verdict.FAIL
    assert_expected(fault, results)
    keys = {
        finding.key
        for result in results
        if result.id.startswith(fault.must[0])
        for finding in result.findings
    }
    assert planted.key in keys


def test_the_fence_is_up_again_after_a_late_write(copy_of_source: Settings) -> None:
    late = next(fault for fault in source.FAULTS if fault.name == "late-edit")
    late.plant(copy_of_source)
    with (
        psycopg.connect(copy_of_source.source.dsn.get_secret_value()) as connection,
        pytest.raises(psycopg.Error, match="Cutover"),
    ):
        connection.execute("DELETE FROM public.cases")
