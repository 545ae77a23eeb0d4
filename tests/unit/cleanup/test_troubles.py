"""Each trouble of the table in docs/calendar.md: what becomes of it, and that the page says so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fixtures.google.server import serving
from fixtures.google.troubles import Trouble
from migration.calendar.google import Endpoints
from migration.errors import PASS
from tests.unit.cleanup import table
from tests.unit.cleanup.support import ground
from tests.unit.cleanup.table import ROWS, Row, carried_out
from verbs.calendar import counted


def row_of(name: str) -> str:
    """The page's line of a row."""
    return next(line for line in table.PAGE.read_text().splitlines() if line.startswith(f"| {name} |"))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_trouble_ends_as_the_page_says(row: Row, tmp_path: Path) -> None:
    found = carried_out(row, tmp_path)
    assert found.others_untouched
    cells = [found.plan, found.run, counted(found.states), found.proof, found.takes]
    assert row_of(row.name) == f"| {row.name} | {row.does} | {' | '.join(map(str, cells))} |"
    assert found.takes != "more than that"
    if found.states["failed"]:
        assert found.run != PASS, "a failure never looks like a success"


def test_page_has_no_row_that_is_not_tried() -> None:
    lines = table.PAGE.read_text().partition(table.BEGIN)[2].partition(table.END)[0].strip().splitlines()
    assert len(lines) == len(ROWS) + 2


def test_rate_limits_are_waited_for(tmp_path: Path) -> None:
    asked = next(row for row in ROWS if "Retry-After" in row.name)
    for name in ("calm", "asked"):
        (tmp_path / name).mkdir()
    calm = carried_out(ROWS[0], tmp_path / "calm")
    assert carried_out(asked, tmp_path / "asked").waited >= calm.waited + 1.5


@pytest.mark.parametrize("what", ["slow", "torn", "lost"])
def test_the_same_over_a_real_connection(what: str, tmp_path: Path) -> None:
    made = ground(tmp_path, users=2, events=16)
    v1 = made.scene.ids("v1")
    with serving(made.scene.emulator) as address:
        made = replace(made, transport=None, endpoints=Endpoints(address, address), answer_within=0.3)
        made.plan()
        made.scene.emulator.troubles = [Trouble(what, "delete", skip=2), Trouble("torn", "list")]  # type: ignore[arg-type]
        assert made.delete().states()["deleted"] == len(v1)
        made.scene.emulator.troubles = [Trouble("torn", "list")]
        assert made.prove().verdict == "PASS"
    assert not v1 & made.scene.living()
