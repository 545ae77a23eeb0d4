"""The operator's way through quarantine: what is listed, what is accepted as a decision."""

from __future__ import annotations

from pathlib import Path

import pytest
from invoke.context import Context
from invoke.exceptions import Exit

from migration import quarantine
from migration.config import Settings
from migration.quarantine import Quarantined
from migration.run import Run
from tests.unit.migration.support import CASE, USER, settings_for
from verbs import quarantine as verbs
from verbs import work
from verbs.line import Line

ROWS = [
    Quarantined("public.users", USER, "email_collision", "email"),
    Quarantined("public.cases", CASE, "owner_quarantined"),
    Quarantined("public.user_settings", USER, "duplicate_row", "user_id"),
]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run with rows in quarantine, on a command line of its own."""
    settings: Settings = settings_for(tmp_path)
    made, line = Run.create(settings), Line()
    quarantine.write(made.data / "quarantine.jsonl", ROWS)
    monkeypatch.setenv("CUTOVER_RUNS_DIR", str(settings.runs_dir))
    monkeypatch.setenv("CUTOVER_DATA_DIR", str(settings.data_dir))
    for module in (work, verbs):
        monkeypatch.setattr(module, "LINE", line)
    return made


def decide(key: str, **given: str) -> None:
    """`quarantine.resolve` as a person types it."""
    verbs.resolve.body(Context(), key, **{"as_": "exclude", "by": "Ann", "reason": "twin", **given})


@pytest.mark.usefixtures("run")
def test_rows_that_only_follow_their_owner_are_counted_and_not_asked_about(
    capsys: pytest.CaptureFixture[str],
) -> None:
    verbs.rows.body(Context())
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[:-1]] == ["public.users", "public.user_settings"]
    assert lines[-1] == "2 rows need a decision; 1 more belong to rows that wait."


def test_a_decision_is_noted_beside_the_pair_and_no_longer_asked_for(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    decide(USER.upper(), table="public.users")
    (noted,) = quarantine.load(tmp_path / "quarantine.toml").all()
    assert (noted.table, noted.key, noted.decision, noted.by) == ("public.users", USER, "exclude", "Ann")
    capsys.readouterr()
    verbs.rows.body(Context(), run=run.id)
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("1 rows need a decision; 1 more belong to rows that wait; 1 decisions are noted")


@pytest.mark.usefixtures("run")
def test_the_table_is_told_by_the_key_when_only_one_row_has_it(tmp_path: Path) -> None:
    decide(CASE)
    assert quarantine.load(tmp_path / "quarantine.toml").all()[0].table == "public.cases"


@pytest.mark.parametrize(
    ("key", "given", "why"),
    [
        ("no-such-key", {}, "No row no-such-key is in quarantine"),
        (CASE, {"table": "public.users"}, "of public.users is in quarantine"),
        (USER, {}, "Name one of them with --table"),
        (CASE, {"as_": "drop"}, "This is no decision: as"),
        (CASE, {"as_": "assign", "value": "ann"}, "needs the id of the new owner"),
        (CASE, {"by": ""}, "This is no decision: by"),
    ],
)
@pytest.mark.usefixtures("run")
def test_what_is_no_decision_is_refused_and_nothing_is_written(
    key: str, given: dict[str, str], why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Exit) as caught:
        decide(key, **given)
    assert caught.value.code == 12
    assert why in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "quarantine.toml").exists()
