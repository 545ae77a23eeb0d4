"""What is answered without a session: empty matches, anything else is named, no answer proves nothing."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from checks.access import ANONYMOUS, SUMMARY, _empty
from checks.tally import Tally
from migration.model import Kind


def _asked(path: str, answer: dict[str, Any]) -> Tally:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=answer))
    with httpx.Client(base_url="http://target", transport=transport) as client:
        return _empty(client, path, *ANONYMOUS[path])


@pytest.mark.parametrize(
    ("path", "value", "matched", "found"),
    [
        ("cases:list", [], 1, []),
        ("cases:list", [{"_id": "c"}], 0, ["cases:list"]),
        (SUMMARY, {"pwd": {"count": 0.0}, "i140": {"count": 0.0}}, 2, []),
        (SUMMARY, {"pwd": {"count": 0.0}, "i140": {"count": 2.0}}, 1, [f"{SUMMARY}/i140"]),
    ],
)
def test_only_an_empty_answer_matches(path: str, value: object, matched: int, found: list[str]) -> None:
    tally = _asked(path, {"status": "success", "value": value})
    assert (tally.matched, [finding.key for finding in tally.findings]) == (matched, found)
    assert set(tally.totals) <= {Kind.EXTRANEOUS}


@pytest.mark.parametrize("path", ["cases:list", SUMMARY])
def test_no_answer_is_unverifiable(path: str) -> None:
    assert _asked(path, {"status": "error", "errorMessage": "x"}).totals == {Kind.UNVERIFIABLE: 1}
