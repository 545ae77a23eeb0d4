"""Is everything that v2 had before still there, unchanged but for what is declared?"""

from __future__ import annotations

import pytest

from checks import products
from checks.conftest import Judged
from checks.untouched import OTHERS, untouched
from checks.world import OURS

pytestmark = pytest.mark.data


@pytest.mark.parametrize("table", OURS)
def test_documents(judge: Judged, table: str) -> None:
    product = products.cases if table == "cases" else products.people
    title = f"v2's own documents of {table} are as they were backed up"
    judge(product, f"foreign.{table}", title=title, scope=table, may_be_empty=True)


@pytest.mark.parametrize("table", OTHERS)
def test_table(judge: Judged, table: str) -> None:
    title = f"{table} is as it was backed up: nothing of v1 came in, nothing of v2 got lost"
    judge(untouched, f"table.{table}", title=title, scope=table, may_be_empty=True)


def test_unlisted_tables(judge: Judged) -> None:
    title = "tables beside v2's own are as they were backed up"
    judge(untouched, "unlisted", title=title, scope="other tables", may_be_empty=True)


def test_files(judge: Judged) -> None:
    title = "every stored file is as it was backed up, byte for byte"
    judge(untouched, "files", title=title, scope="_storage", may_be_empty=True)


def test_table_numbers(judge: Judged) -> None:
    judge(untouched, "numbers", title="every table kept its number", scope="table numbers", may_be_empty=True)
