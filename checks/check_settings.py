"""Is each preference what its user chose? What nobody chose is counted as defaulted."""

from __future__ import annotations

import pytest

from checks import products
from checks.conftest import Judged
from checks.judges.settings import PREFERENCES

pytestmark = pytest.mark.data


@pytest.mark.parametrize("name", PREFERENCES)
def test_preference(judge: Judged, name: str) -> None:
    judge(products.people, f"settings.{name}", title=f"{name} is what each user chose in v1", scope=name)
