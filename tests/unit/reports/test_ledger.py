"""The ledger of features on the page: what shuts the gate first, every feature by its area."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reports.ledger import ledger
from reports.render import write
from tests.unit.reports import records


def feature(name: str, state: str, **changes: Any) -> dict[str, Any]:
    base = {
        "id": name,
        "area": "Cases",
        "name": f"Feature {name}",
        "status": "kept",
        "critical": False,
        "counted": True,
        "state": state,
        "why": "a check",
        "blocks": False,
    }
    return {**base, **changes}


RECORD = {
    "site": "the test site",
    "counted": 229,
    "features": [
        feature("CASE-01", "proven"),
        feature("CASE-02", "open", critical=True, blocks=True, why="dates.date[pwd] failed"),
        feature("CHAT-01", "signed off", area="Chat", status="dropped", why=f"gone {records.HOSTILE}"),
        feature("V2-01", "proven", counted=False),
    ],
}


def test_states_are_counted_without_those_beside_the_count() -> None:
    found = ledger(RECORD)
    assert found is not None
    assert (found.counted, found.beside) == ([("proven", 1), ("signed off", 1), ("open", 1)], 1)
    assert [row.id for row in found.blocking] == ["CASE-02"]
    assert [(name, told) for name, told, _ in found.areas] == [
        ("Cases", "2 proven, 1 open"),
        ("Chat", "1 signed off"),
    ]


def test_a_run_without_a_record_of_features_has_no_chapter_of_them() -> None:
    assert ledger({}) is None
    assert ledger({"features": "torn"}) is None


def test_the_page_shows_what_shuts_the_gate_and_lets_no_word_become_markup(tmp_path: Path) -> None:
    run = records.passed(tmp_path)
    records.write(run / "features.json", RECORD)
    html = write(run).read_text()
    assert "1 are open that must not be" in html
    assert "dates.date[pwd] failed" in html
    assert "Journeys were made on the test site." in html
    assert records.HOSTILE not in html


def test_the_page_shows_re_checks_with_their_times(tmp_path: Path) -> None:
    run = records.passed(tmp_path)
    one = {"at": "2026-01-15T12:15:00.000Z", "minutes_after_opening": 15.0, "verdict": "FAIL", "by_users": 7}
    records.write(run / "recheck.json", {"verdict": "FAIL", "rechecks": [{**one, "lost_or_changed": 3}]})
    html = write(run).read_text()
    assert "After the opening" in html
    assert "+15.0 min" in html
