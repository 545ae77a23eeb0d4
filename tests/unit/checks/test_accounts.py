"""The manifest's counts of values are compared with PostgreSQL's; a count it does not give never passes."""

from __future__ import annotations

import pytest

from checks.accounts import _column
from migration.model import Kind


@pytest.mark.parametrize("column", ["email", "google_access_token"])
@pytest.mark.parametrize(
    ("told", "kind"), [(3, None), (2, Kind.MISMATCHED), (0, Kind.MISMATCHED), (None, Kind.UNVERIFIABLE)]
)
def test_a_count_that_is_wrong_or_missing_is_found(column: str, told: int | None, kind: Kind | None) -> None:
    counts = {} if told is None else {"public.users": {column: told}}
    tally = _column({"snapshot": {"non_null": counts}}, "public.users", column, 5, {column: 3})
    found = [finding for finding in tally.findings if finding.rule == "the manifest's count of values"]
    assert [(finding.kind, finding.field) for finding in found] == ([(kind, column)] if kind else [])
