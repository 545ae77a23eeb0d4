"""Does every edge lead to the right document? Every case's owner is followed three ways."""

from __future__ import annotations

import pytest

from checks import products
from checks.conftest import Judged
from checks.judges.edges import CASE_EDGES

pytestmark = pytest.mark.data


@pytest.mark.parametrize("edge", CASE_EDGES)
def test_case(judge: Judged, edge: str) -> None:
    title = f"every case leads to its own owner and entries: {edge.replace('_', ' ')}"
    judge(products.cases, f"edges.cases.{edge}", title=title, scope=edge, may_be_empty=edge == "entries")


@pytest.mark.parametrize("edge", ["userProfiles.userId", "userProfiles.email", "userProfiles.firmId"])
def test_profile(judge: Judged, edge: str) -> None:
    judge(products.people, f"edges.{edge}", title=f"every profile leads to its own user: {edge}", scope=edge)


def test_account(judge: Judged) -> None:
    name = "authAccounts.userId"
    judge(
        products.people, f"edges.{name}", title="every account leads to a user", scope=name, may_be_empty=True
    )


def test_dismissed_deadline(judge: Judged) -> None:
    name = "userProfiles.dismissedDeadlines"
    title = "every dismissed deadline names a case of the same user"
    judge(products.cases, f"edges.{name}", title=title, scope=name, may_be_empty=True)
