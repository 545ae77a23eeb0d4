"""What was said and found is kept for one pair, and counts for that pair only."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from migration import revision
from migration.errors import Refusal
from migration.preflight.model import Answer
from migration.preflight.records import Records
from tests.unit.migration.support import settings_for

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _revision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revision, "code", lambda: "a" * 64)


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return Records(settings_for(tmp_path))


def test_what_was_said_is_kept_privately_and_in_order(records: Records, tmp_path: Path) -> None:
    records.attest("team", by="Ann", note="all there", now=NOW)
    records.attest("dns", by="Bo", note="300 s", now=NOW)
    records.attest("team", by="Cy", note="still", now=NOW + HOUR)
    assert [one.by for one in records.attestations("team")] == ["Ann", "Cy"]
    assert [one.item for one in records.attestations()] == ["team", "dns", "team"]
    assert stat.S_IMODE((tmp_path / "data" / "preflight").stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "other",
    [
        {"environment": "test"},
        {"url": "http://127.0.0.1:2"},
        {"dsn": "postgresql://u:p@127.0.0.1:1/another"},
    ],
    ids=["environment", "target", "source"],
)
def test_another_pair_does_not_see_it(other: dict[str, str], records: Records, tmp_path: Path) -> None:
    records.attest("team", by="Ann", note="all there", now=NOW)
    records.override("dns", found="shut", by="Ann", reason="known", now=NOW)
    records.keep("audit", Answer(True, "fine"), NOW)
    settings = settings_for(tmp_path, **{name: text for name, text in other.items() if name != "environment"})
    settings = settings.model_copy(
        update={name: text for name, text in other.items() if name == "environment"}
    )
    elsewhere = Records(settings)
    assert (elsewhere.attestations(), elsewhere.overrides()) == ([], [])
    assert elsewhere.kept("audit", HOUR, NOW) is None
    assert len(records.overrides()) == 1


@pytest.mark.parametrize(("by", "note", "missing"), [("", "x", "--by"), ("Ann", "", "--note")])
def test_a_word_without_a_name_or_a_note_is_refused(
    by: str, note: str, missing: str, records: Records
) -> None:
    with pytest.raises(Refusal, match=f"{missing} is missing"):
        records.attest("team", by=by, note=note, now=NOW)
    assert records.attestations() == []


def test_a_torn_line_is_refused_not_skipped(records: Records) -> None:
    records.attest("team", by="Ann", note="all there", now=NOW)
    path = records.folder / "attestations.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(Refusal, match="can not be read whole"):
        records.attestations()


def test_an_open_answer_is_kept_as_long_as_its_gate_says(records: Records) -> None:
    records.keep("audit", Answer(True, "fine"), NOW)
    kept = records.kept("audit", HOUR, NOW + HOUR)
    assert kept is not None
    assert kept == (Answer(True, "fine"), NOW)
    assert records.kept("audit", HOUR, NOW + HOUR + timedelta(seconds=1)) is None
    assert records.kept("audit", HOUR, NOW - timedelta(seconds=1)) is None
    assert records.kept("backup", HOUR, NOW) is None


def test_an_answer_is_worth_nothing_without_the_file_it_rests_on(records: Records, tmp_path: Path) -> None:
    dump = tmp_path / "data" / "x.sql.gz"
    dump.write_text("rows")
    records.keep("backup", Answer(True, "restored", "x.sql.gz"), NOW)
    assert records.kept("backup", HOUR, NOW) is not None
    dump.unlink()
    assert records.kept("backup", HOUR, NOW) is None


def test_other_code_or_other_decisions_about_rows_ask_again(
    records: Records, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records.keep("audit", Answer(True, "fine"), NOW)
    settings = settings_for(tmp_path)
    settings.quarantine_file.write_text(
        '[[resolution]]\ntable = "public.cases"\nkey = "x"\nas = "exclude"\nby = "Ann"\nreason = "test row"\n'
    )
    assert Records(settings).kept("audit", HOUR, NOW) is None
    settings.quarantine_file.unlink()
    assert Records(settings).kept("audit", HOUR, NOW) is not None
    monkeypatch.setattr(revision, "code", lambda: "b" * 64)
    assert Records(settings).kept("audit", HOUR, NOW) is None
