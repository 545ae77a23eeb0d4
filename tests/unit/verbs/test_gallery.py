"""The pictures of docs/ are taken of real pages, of made-up data only."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from playwright.sync_api import Playwright

from fixtures.portraits import Look, browser, portrait
from migration import config
from migration.errors import Refusal
from tests.unit.reports import records
from tests.unit.reports.rich import drawn
from verbs import gallery


def test_what_is_missing_is_named_and_no_run_of_a_real_pair_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "runs_dir", lambda: tmp_path)
    drawn("PASS", tmp_path)
    real = drawn("FAIL", tmp_path / "elsewhere").parent.rename(tmp_path / "20260116T120000Z-cd34")
    records.write(real / "manifest.json", {**records.MANIFEST, "environment": "production"})
    with pytest.raises(Refusal, match="came to FAIL, UNKNOWN"):
        gallery.take()


def test_a_portrait_has_the_size_that_was_asked_for(tmp_path: Path, playwright: Playwright) -> None:
    picture = tmp_path / "phone.png"
    with browser(playwright) as chromium:
        size = portrait(chromium, drawn("FAIL", tmp_path), picture, Look(width=390, height=844))
    content = picture.read_bytes()
    assert size == len(content) > 5_000
    assert struct.unpack(">II", content[16:24]) == (390, 844)
