"""Is every value of every row what v1 had? One item per field of v2's schema, 100 % of rows, exact.

Fields without a v1 source are items too: they must be absent. Missing and stray documents are counted by
`counts.documents`; here every document that both sides have is compared.
"""

from __future__ import annotations

import pytest

from checks import products
from checks.compare import SYSTEM, UNKNOWN
from checks.conftest import Judged
from checks.evidence import Product
from checks.facts import paths
from checks.world import MAY_BE_EMPTY, OURS

pytestmark = pytest.mark.data
FIELDS = [f"{table}.{path}" for table in OURS for path in (*SYSTEM, *paths(table))]


def _product(name: str) -> Product:
    return products.cases if name.startswith("cases.") or name == "cases" else products.people


@pytest.mark.parametrize("name", FIELDS)
def test_field(judge: Judged, name: str) -> None:
    judge(
        _product(name),
        f"fields.{name}",
        title=f"{name} is what v1 had, in every row",
        scope=name,
        may_be_empty="[]." in name or name.partition(".")[0] in MAY_BE_EMPTY,
    )


@pytest.mark.parametrize("table", OURS)
def test_no_other_field(judge: Judged, table: str) -> None:
    judge(
        _product(table),
        f"fields.{table}.{UNKNOWN}",
        title=f"{table} has no field that nobody knows",
        scope=table,
        may_be_empty=table in MAY_BE_EMPTY,
    )
