"""The doctor names what is missing and what would help, and is ill only when a rehearsal could not start."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures import bootstrap, provision
from migration.errors import Refusal
from verbs import doctor


@pytest.fixture(autouse=True)
def _nothing_configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CUTOVER_PAIR", str(tmp_path / "pair.json"))
    monkeypatch.delenv("CUTOVER_ENV", raising=False)


def refuses(name: str) -> Path:
    """A search that finds nothing."""
    raise Refusal(f"No {name} was found.", next_step="Install one.")


def test_a_machine_without_pair_and_configuration_is_healthy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "packages_match", lambda: True)
    monkeypatch.setattr(bootstrap, "npm_match", lambda: True)
    found = {row.component: row for row in doctor.examine()}
    assert doctor.healthy(list(found.values()))
    assert not found["pair"].there
    assert "./inv pair.up" in found["pair"].detail


def test_a_missing_browser_is_named_with_what_helps_and_makes_it_ill(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provision, "browser_executable", lambda: refuses("Chromium"))
    found = doctor.examine()
    assert not doctor.healthy(found)
    assert "--  browser          No Chromium was found. Install one." in doctor.table(found)


def test_a_browser_that_does_not_start_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "browser_runs", lambda: False)
    browser = next(row for row in doctor.examine() if row.component == "browser")
    assert not browser.there
    assert "install-deps" in browser.detail


def test_packages_that_are_not_as_locked_lead_to_setup(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "npm_match", lambda: False)
    assert "--  npm packages     not as locked: `./inv setup`" in doctor.table(doctor.examine())
