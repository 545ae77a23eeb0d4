"""The campaigns: begun again they go on, other code starts them over, and the page tells what broke."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from tests.soak import convex
from tests.soak.campaign import Account, Batch, Campaign


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """The code under test."""
    path = tmp_path / "judged.py"
    path.write_text("before")
    return path


def campaign(code: Path, ran: list[str], *, stop_at: str = "") -> Campaign:
    """Three batches, of which one stops the whole."""

    def run(name: str, folder: Path) -> Account:
        assert list(folder.iterdir()) == []
        ran.append(name)
        if name == stop_at:
            raise KeyboardInterrupt
        return {"tried": 5, "broken": []}

    batches = [Batch(name, partial(run, name)) for name in ("one", "two", "three")]
    return Campaign("made-up", batches, lambda _: "", [code], notes=code.parent / "notes")


def test_stopped_campaign_goes_on_where_it_was(code: Path) -> None:
    ran: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        campaign(code, ran, stop_at="two").carry_out(lambda _: None)
    accounts = campaign(code, ran).carry_out(lambda _: None)
    assert ran == ["one", "two", "two", "three"]
    assert [account["tried"] for account in accounts] == [5, 5, 5]


def test_other_code_starts_over(code: Path) -> None:
    ran: list[str] = []
    campaign(code, ran).carry_out(lambda _: None)
    campaign(code, ran).carry_out(lambda _: None)
    assert ran == ["one", "two", "three"]
    code.write_text("after")
    campaign(code, ran).carry_out(lambda _: None)
    assert ran == ["one", "two", "three"] * 2


def test_page_of_the_deployment_tells_what_broke() -> None:
    sent = {"kind": "malformed", "tried": 3, "broken": ["seed 9: 500"], "answers": {"500": 1}, "seconds": 1}
    page = convex.page([sent])
    assert "- seed 9: 500" in page
    assert "| malformed requests and imports | 3 (500: 1) | 1 |" in page
