"""Is every derived and stored date what its rule gives? 100 % of cases, introduced and inherited apart."""

from __future__ import annotations

import pytest

from checks import products
from checks.conftest import Judged
from checks.judges.dates import STORED
from checks.oracle.dates import DERIVED

pytestmark = pytest.mark.data


@pytest.mark.parametrize("field", [*STORED, *DERIVED])
def test_date(judge: Judged, field: str) -> None:
    judge(products.cases, f"dates.{field}", title=f"{field}, worked out again for every case", scope=field)


def test_rfi_due(judge: Judged) -> None:
    title = "an RFI is due 30 days after it came"
    judge(
        products.cases, "dates.rfi_due", title=title, scope="rfiEntries[].responseDueDate", may_be_empty=True
    )


def test_filing_window(judge: Judged) -> None:
    title = "a filing window opens before it closes"
    judge(products.cases, "dates.window", title=title, scope="filing window", may_be_empty=True)


def test_ten_named_pwd_cases(judge: Judged) -> None:
    title = "PWD expiration and filing window of ten named cases, those at the seasons' boundaries first"
    judge(products.cases, "dates.ten", title=title, scope="ten cases", may_be_empty=True)
