"""A dress rehearsal: production's rows into the test target, read only, and nothing of it counts for more."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from fixtures.pair import PairState
from migration import config, flow, source
from migration.config import Settings
from migration.errors import Refusal
from migration.run import Run
from tests.conduct.desk import Desk
from tests.conduct.sides import look

Variables = Callable[..., dict[str, str]]
NAMED = """
[environments.test]
target = "{target}"
source = "elsewhere:5432/test"
[environments.production]
target = "other-otter-1"
source = "{source}"
"""


@pytest.fixture
def dress(
    pair: tuple[Path, PairState], kept: Desk, configured: Variables, tmp_path: Path
) -> Callable[..., Settings]:
    """The pair as a dress rehearsal's: its source is named production's, its target the test's."""
    root = tmp_path / "checkout"
    root.mkdir()
    database, target = pair[1].postgres_dsn.rpartition("@")[2], pair[1].convex_url.removeprefix("http://")
    (root / "cutover.toml").write_text(NAMED.format(source=database, target=target))

    def settings(**changed: str) -> Settings:
        return config.load("dress", root=root, environ={**kept.environment, **configured(**changed)})

    return settings


def test_v1_stays_open_and_nothing_of_the_session_writes(
    dress: Callable[..., Settings], pair: tuple[Path, PairState], kept: Desk
) -> None:
    state, settings = pair[1], dress()
    before = look(state, kept.folder)
    with closing(source.connect(settings)) as session, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        session.execute("DELETE FROM public.cases")
    run = Run.create(settings)
    flow.migrate(settings, run)
    assert run.manifest()["environment"] == "dress"
    moved = look(state, kept.folder)
    assert (moved.fenced, moved.rows, moved.state) == ((), before.rows, "paused")
    with psycopg.connect(state.postgres_dsn) as connection:
        connection.execute("UPDATE public.cases SET notes = notes")  # v1's users go on
    with pytest.raises(Refusal, match="fences nothing"):
        flow.unfence(settings, run)
    back = flow.rollback(settings, run)
    assert (back.how, back.lifted) == ("restored", 0)
    assert look(state, kept.folder).documents == before.documents


def test_the_source_must_be_production_s_and_the_target_the_test_s(
    dress: Callable[..., Settings], pair: tuple[Path, PairState], tmp_path: Path
) -> None:
    file = tmp_path / "checkout" / "cutover.toml"
    text = file.read_text()
    for wrong, words in (
        (text.replace("production]", "embedded]"), "does not name production's source"),
        (
            text.replace("other-otter-1", "x").replace("test]", "embedded]"),
            "does not name test's target",
        ),
        (text.replace('source = "elsewhere:5432/test"', ""), None),
        (
            text.replace(pair[1].postgres_dsn.rpartition("@")[2], "db:5432/v1"),
            "says 'db:5432/v1' for production",
        ),
    ):
        file.write_text(wrong)
        if words is None:
            assert dress().environment == "dress"
            continue
        with pytest.raises(Refusal, match=words):
            dress()
