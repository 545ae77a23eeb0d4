"""Would v2's own validators accept every document?"""

from __future__ import annotations

import pytest

from checks import products
from checks.conftest import Judged
from checks.world import OURS

pytestmark = pytest.mark.data


@pytest.mark.parametrize("table", OURS)
def test_documents(judge: Judged, table: str) -> None:
    product = products.cases if table == "cases" else products.people
    title = f"every document of {table} passes v2's validators"
    judge(product, f"schema.{table}", title=title, scope=table, may_be_empty=table == "authAccounts")
