"""Did nothing come along that must not? v1's tokens, connections, scheduled deletions, enforcement."""

from __future__ import annotations

import pytest

from checks import products
from checks.conftest import Judged
from checks.judges.absence import FLAGS, MUST_BE_ABSENT
from checks.world import MAY_BE_EMPTY, OURS

pytestmark = pytest.mark.data
ABSENT = [f"{table}.{name}" for table, names in MUST_BE_ABSENT.items() for name in names]


@pytest.mark.parametrize("table", OURS)
def test_no_token(judge: Judged, table: str) -> None:
    product = products.cases if table == "cases" else products.people
    title = f"no document of {table} holds anything that v1 encrypted"
    judge(product, f"absence.fernet.{table}", title=title, scope=table, may_be_empty=table in MAY_BE_EMPTY)


@pytest.mark.parametrize("name", ABSENT)
def test_no_value(judge: Judged, name: str) -> None:
    product = products.cases if name.startswith("cases.") else products.people
    judge(product, f"absence.{name}", title=f"{name} is absent", scope=name)


@pytest.mark.parametrize("name", FLAGS)
def test_flag_is_off(judge: Judged, name: str) -> None:
    """Of all but one only profiles that the migration made are asked, and a small v1 may give none."""
    judge(
        products.people,
        f"absence.userProfiles.{name}",
        title=f"{name} is off",
        scope=name,
        may_be_empty=name != "autoDeadlineEnforcementEnabled",
    )


@pytest.mark.parametrize("table", ["users", "userProfiles", "cases"])
def test_no_storage_link(judge: Judged, table: str) -> None:
    product = products.cases if table == "cases" else products.people
    title = f"no document of {table} has a link into v1's storage but those that v1 had itself"
    judge(product, f"absence.links.{table}", title=title, scope=table)
