"""Every row of the list of bad configurations is refused as it says, and the page is the list's."""

from __future__ import annotations

from pathlib import Path

import pytest

from migration import config
from tests.unit.migration.bad_configuration import CASES, PAGE, SOUND, Case, page


@pytest.mark.parametrize("case", CASES, ids=[case.wrong for case in CASES])
def test_a_bad_configuration_is_refused_with_its_message(case: Case, tmp_path: Path) -> None:
    message = case.message(tmp_path)
    assert case.says in message
    assert "hunter2" not in message
    assert "Nothing was changed." in message


def test_the_configuration_without_a_mistake_is_taken(tmp_path: Path) -> None:
    assert (
        config.load(root=tmp_path / "checkout", environ={"HOME": str(tmp_path), **SOUND}).environment
        == "test"
    )


def test_the_list_is_long_and_names_each_mistake_once() -> None:
    assert len({case.wrong for case in CASES}) == len(CASES) >= 25


def test_the_page_is_current() -> None:
    written = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    assert written == page(), "write it anew: .venv/bin/python -m tests.unit.migration.bad_configuration"
