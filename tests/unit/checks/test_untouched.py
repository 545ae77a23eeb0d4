"""Tables that v1 gives nothing to: every document is there, once, and the field that differs is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from checks.tally import Tally
from checks.target.archive import Archive
from checks.untouched import equal_tables
from migration.model import FINDINGS_SHOWN, Kind
from tests.unit.checks.material import export

BEFORE = [{"_id": "a", "name": "one", "used": 1.0}, {"_id": "b", "name": "two", "used": 1.0}]


def _judged(tmp_path: Path, before: list[dict[str, Any]], after: list[dict[str, Any]]) -> Tally:
    paths = [
        export(tmp_path / f"{name}.zip", {"templates": found})
        for name, found in (("before", before), ("after", after))
    ]
    with Archive(paths[0]) as left, Archive(paths[1]) as right:
        return equal_tables(left, right, ["templates"])


def test_the_same_documents_in_another_order_are_equal(tmp_path: Path) -> None:
    tally = _judged(tmp_path, BEFORE, BEFORE[::-1])
    assert (tally.matched, tally.findings) == (2, [])


@pytest.mark.parametrize(
    ("after", "kind", "key", "field"),
    [
        ([BEFORE[0]], Kind.MISSING, "b", "_id"),
        ([*BEFORE, {"_id": "c"}], Kind.EXTRANEOUS, "c", "_id"),
        ([BEFORE[0], {**BEFORE[1], "used": 1}], Kind.MISMATCHED, "b", "used"),
        ([BEFORE[0], {"_id": "b", "used": 1.0}], Kind.MISMATCHED, "b", "name"),
        ([BEFORE[0], {**BEFORE[1], "more": None}], Kind.MISMATCHED, "b", "more"),
        ([*BEFORE, BEFORE[1]], Kind.EXTRANEOUS, "b", "_id"),
        ([{**BEFORE[1], "name": "hidden"}, *BEFORE], Kind.EXTRANEOUS, "b", "_id"),
    ],
)
def test_what_differs_is_named(
    tmp_path: Path, after: list[dict[str, Any]], kind: Kind, key: str, field: str
) -> None:
    (finding,) = _judged(tmp_path, BEFORE, after).findings
    assert (finding.kind, finding.table, finding.key, finding.field) == (kind, "templates", key, field)


def test_many_differences_are_counted_whole_and_shown_in_part(tmp_path: Path) -> None:
    many = [{"_id": f"{number:03}", "used": 1.0} for number in range(FINDINGS_SHOWN + 5)]
    tally = _judged(tmp_path, many, [{**document, "used": 2.0} for document in many])
    assert tally.totals == {Kind.MISMATCHED: FINDINGS_SHOWN + 5}
    assert {finding.field for finding in tally.findings} == {"used"}
    assert len(tally.findings) == FINDINGS_SHOWN
