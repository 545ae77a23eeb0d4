"""Has every row and every column of v1 a destination? One item per table and per column."""

from __future__ import annotations

import pytest

from checks import products
from checks.accounts import accounts
from checks.conftest import Judged
from checks.source.layout import LEFT, MOVED, TABLES
from migration.model import Severity

pytestmark = pytest.mark.data
COLUMNS = [f"{table}.{column}" for table, layout in TABLES.items() for column in layout.columns]
_BY_CASES = ("public.cases", "public.case_rfi", "public.case_rfe")


@pytest.mark.parametrize("table", MOVED)
def test_rows(judge: Judged, table: str) -> None:
    product = products.cases if table in _BY_CASES else products.people
    judge(
        product,
        f"rows.{table}",
        title=f"every row of {table} has a destination",
        scope=table,
        may_be_empty=True,
    )


@pytest.mark.parametrize("table", LEFT)
def test_left_out(judge: Judged, table: str) -> None:
    title = f"{table} is left out by rule: {TABLES[table].rule}"
    judge(accounts, f"left.{table}", title=title, scope=table, severity=Severity.MAJOR, may_be_empty=True)


@pytest.mark.parametrize("table", TABLES)
def test_book(judge: Judged, table: str) -> None:
    title = f"the engine's account of {table} agrees with PostgreSQL's counts"
    judge(accounts, f"book.{table}", title=title, scope=table, may_be_empty=True)


def test_tables(judge: Judged) -> None:
    judge(accounts, "tables", title="every table of v1 is moved or left out by rule", scope="tables")


@pytest.mark.parametrize("table", TABLES)
def test_columns(judge: Judged, table: str) -> None:
    title = f"{table} has no column that nobody decided about"
    judge(accounts, f"columns.{table}", title=title, scope=table, may_be_empty=True)


@pytest.mark.parametrize("column", COLUMNS)
def test_column(judge: Judged, column: str) -> None:
    table, _, name = column.rpartition(".")
    why = TABLES[table].dropped.get(name)
    title = f"{column} is dropped: {why}" if why else f"{column} is carried"
    judge(accounts, f"column.{column}", title=title, scope=column, severity=Severity.MAJOR, may_be_empty=True)
