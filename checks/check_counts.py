"""Is every row there, once, and nothing else? Id sets both ways; per user, status, live and deleted."""

from __future__ import annotations

import pytest

from checks import products
from checks.conftest import Judged
from checks.judges.counts import LISTS, STATUSES
from checks.world import MAY_BE_EMPTY, OURS

pytestmark = pytest.mark.data


@pytest.mark.parametrize("table", OURS)
def test_documents(judge: Judged, table: str) -> None:
    product = products.cases if table == "cases" else products.people
    judge(
        product,
        f"documents.{table}",
        title=f"{table}: every document of v1, and no stray one",
        scope=table,
        may_be_empty=table in MAY_BE_EMPTY,
    )


@pytest.mark.parametrize("status", STATUSES)
def test_cases_per_status(judge: Judged, status: str) -> None:
    title = f"as many cases are {status} as v1's words say"
    judge(products.cases, f"counts.status.{status}", title=title, scope=f"cases: {status}", may_be_empty=True)


@pytest.mark.parametrize("state", ["live", "deleted"])
def test_cases_per_user(judge: Judged, state: str) -> None:
    title = f"every user has as many {state} cases as in v1"
    judge(products.cases, f"counts.per_user.{state}", title=title, scope=f"{state} cases", may_be_empty=True)


def test_deleted_cases_stay_deleted(judge: Judged) -> None:
    judge(products.cases, "counts.deleted", title="deleted cases stay deleted, live ones live", scope="cases")


@pytest.mark.parametrize("name", LISTS)
def test_list_elements(judge: Judged, name: str) -> None:
    title = f"as many elements in cases.{name} as v1 holds"
    judge(products.cases, f"counts.list.{name}", title=title, scope=f"cases.{name}", may_be_empty=True)
