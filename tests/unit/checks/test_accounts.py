"""The manifest's counts of values are compared with PostgreSQL's; a count it does not give never passes."""

from __future__ import annotations

from typing import Any

import pytest

from checks.accounts import _column
from migration.model import Kind


def _manifest(counts: dict[str, dict[str, int]], **listed: int) -> dict[str, Any]:
    names = {f"public.users.{column}": count for column, count in listed.items()}
    return {"snapshot": {"non_null": counts}, "transform": {"dropped_columns": names}}


@pytest.mark.parametrize("column", ["email", "google_access_token"])
@pytest.mark.parametrize(
    ("told", "kind"), [(3, None), (2, Kind.MISMATCHED), (0, Kind.MISMATCHED), (None, Kind.UNVERIFIABLE)]
)
def test_a_count_that_is_wrong_or_missing_is_found(column: str, told: int | None, kind: Kind | None) -> None:
    counts = {} if told is None else {"public.users": {column: told}}
    tally = _column(_manifest(counts), "public.users", column, 5, {column: 3})
    found = [finding for finding in tally.findings if finding.rule == "the manifest's count of values"]
    assert [(finding.kind, finding.field) for finding in found] == ([(kind, column)] if kind else [])


@pytest.mark.parametrize(
    ("column", "listed", "found"),
    [
        ("google_access_token", {"google_access_token": 3}, []),
        ("google_access_token", {"google_access_token": 2}, [Kind.MISMATCHED]),
        ("google_access_token", {}, [Kind.MISMATCHED]),
        ("email", {}, []),
        ("email", {"email": 3}, [Kind.MISMATCHED]),
    ],
)
def test_the_list_of_what_is_left_behind_is_not_taken_at_its_word(
    column: str, listed: dict[str, int], found: list[Kind]
) -> None:
    manifest = _manifest({"public.users": {column: 3}}, **listed)
    tally = _column(manifest, "public.users", column, 5, {column: 3})
    rule = "the manifest's list of what is left behind"
    assert [one.kind for one in tally.findings if one.rule == rule] == found
