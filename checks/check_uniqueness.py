"""Is there one of everything that must be one? One profile a user, one document a v1 id, one row a way in."""

from __future__ import annotations

import pytest

from checks import products
from checks.conftest import Judged

pytestmark = pytest.mark.data
OF_PEOPLE = ("users.email", "userProfiles.userId", "userProfiles.legacyId", "authAccounts.pair")
OF_CASES = ("cases.legacyId", "entries.id")


@pytest.mark.parametrize("name", [*OF_PEOPLE, *OF_CASES])
def test_unique(judge: Judged, name: str) -> None:
    product = products.people if name in OF_PEOPLE else products.cases
    empty = name in {"authAccounts.pair", "entries.id"}
    judge(product, f"unique.{name}", title=f"{name} occurs once", scope=name, may_be_empty=empty)
