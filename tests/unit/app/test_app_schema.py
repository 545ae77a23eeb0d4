"""The app's schema is v2's: every table, field, type and index."""

from __future__ import annotations

from pathlib import Path

import orjson

from tests.unit.app import scripts


def test_tables_fields_and_indexes_are_those_of_v2(tmp_path: Path) -> None:
    facts = orjson.loads((scripts.FACTS / "v2_schema.json").read_bytes())
    assert scripts.run("schema.ts", tmp_path) == facts
