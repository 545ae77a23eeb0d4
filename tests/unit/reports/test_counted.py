"""Counts as a picture: both sides, the difference, and every row of v1 accounted for in one bar."""

from __future__ import annotations

import pytest

from checks.judges.counts import NOTED_USERS, Counts
from checks.oracle.expectation import Expected, Origin
from migration.model import Outcome
from reports.counted import WIDTH, groups, pieces
from reports.tables import Account
from tests.unit.reports import records


def test_each_side_has_what_is_not_missing_on_it_and_bars_share_a_scale() -> None:
    (group,) = groups([records.SHORT, records.check("counts.documents[users]", seen=26, matched=26)])
    cases, users = group.bars
    assert (cases.source, cases.target, cases.difference) == (417, 416, -1)
    assert cases.source_width == WIDTH
    assert users.target_width == pytest.approx(WIDTH * 26 / 417, abs=0.1)


def test_users_that_differ_come_first_and_those_not_shown_are_counted() -> None:
    counts, users = Counts(), NOTED_USERS + 30
    many = [_case(user, number) for user in range(users) for number in range(user + 1)]
    for one in counts.watched(many):
        if one is not many[0]:
            counts.judge(one, one.document, b"")
    tally = dict(counts.tallies())["counts.per_user.live"]
    check = records.check(
        "counts.cases_per_user[live]",
        outcome=Outcome.FAIL,
        seen=tally.seen,
        matched=tally.matched,
        totals=dict(tally.totals),
        classes=dict(tally.classes),
        notes=dict(tally.notes),
    )
    (group,) = groups([check])
    assert len(group.bars) == NOTED_USERS
    assert (group.bars[0].label, group.bars[0].difference) == ("user-000", -1)
    assert group.bars[1].source == users
    assert group.note == f"30 more users, {users - 1} of {users} equal"


def _case(user: int, number: int) -> Expected:
    name = f"user-{user:03}"
    return Expected("cases", f"{name}-{number}", {"legacyUserId": name}, Origin.MADE)


def test_the_parts_of_a_table_fill_its_bar_and_a_gap_is_a_gap() -> None:
    whole = Account("t", 100, 50, 20, {"rule": 25}, {"reason": 5})
    assert [one.name for one in pieces(whole)] == ["migrated", "merged", "excluded", "quarantined"]
    assert sum(one.width for one in pieces(whole)) == pytest.approx(WIDTH, abs=0.5)
    lost = pieces(Account("t", 100, 50, 0, {}, {}))
    assert [one.width for one in lost] == [WIDTH / 2]
    assert pieces(Account("t", None, 0, 0, {}, {})) == []
