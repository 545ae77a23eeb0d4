"""The page says what a run began with: who took over which gate, who attested what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reports.preflight import preflight
from reports.render import write
from tests.unit.reports import records


def gate(name: str, state: str, **more: str) -> dict[str, Any]:
    return {
        "gate": name,
        "question": f"Is {name} so?",
        "state": state,
        "detail": f"{name} was looked at",
        **more,
    }


RECORD = {
    "environment": "test",
    "at": "2026-01-15T12:00:00.000Z",
    "gates": [
        gate("deployment", "open"),
        gate("backup", "accepted", by="Ann Example", note=f"restored by hand {records.HOSTILE}"),
        gate("team", "attested", by="Bo", note="rota checked"),
        gate("dns", "not applicable"),
    ],
}


def with_preflight(parent: Path, content: Any) -> str:
    run = records.passed(parent)
    records.write(run / "preflight.json", content)
    return write(run).read_text()


def test_an_override_is_printed_with_its_gate_name_and_reason(tmp_path: Path) -> None:
    html = with_preflight(tmp_path, RECORD)
    section = html[html.index('id="preflight"') :]
    for text in ("backup", "accepted", "Is backup so?", "Ann Example takes it over: restored by hand"):
        assert text in section
    assert "Bo attests it: rota checked" in section
    assert "1 accepted, 1 attested, 1 open, 1 not applicable" in section
    assert records.HOSTILE not in html
    summary = (tmp_path / str(records.MANIFEST["run_id"]) / "summary.md").read_text()
    assert "Ann Example takes it over" in summary


def test_a_run_without_a_preflight_has_no_such_section(tmp_path: Path) -> None:
    html = write(records.passed(tmp_path)).read_text()
    assert 'id="preflight"' not in html
    assert "preflight.json" not in html


@pytest.mark.parametrize("content", [{}, {"gates": 3}])
def test_a_record_without_gates_shows_none(content: Any, tmp_path: Path) -> None:
    assert 'id="preflight"' not in with_preflight(tmp_path, content)


def test_a_gate_of_no_known_state_is_never_shown_among_the_open_ones() -> None:
    found = preflight({"gates": [{"gate": "x"}, gate("y", "opened")]})
    assert found is not None
    assert [row.state for row in found.notable] == ["not recorded", "opened"]
    assert found.others == []


def test_a_torn_record_is_named(tmp_path: Path) -> None:
    run = records.passed(tmp_path)
    (run / "preflight.json").write_text('{"gates": [')
    assert "preflight.json can not be read" in write(run).read_text()
