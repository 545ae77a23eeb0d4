"""A few of the campaign's random scenarios (`./inv soak calendar`), and that they would notice a harm."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from migration.calendar import classify, deletion, survey
from migration.calendar.classify import Event, Judgement, Kind, Known
from migration.calendar.journal import Journal
from tests.soak.calendar import scenario


@pytest.mark.parametrize("seed", range(4))
def test_random_scenario_harms_nobody_and_ends_well(seed: int, tmp_path: Path) -> None:
    assert scenario(seed, tmp_path).wrong == []


def everything_is_v1s(_event: Event, _known: Known) -> Judgement:
    return Judgement(Kind.V1, "planted")


def v2_is_not_heard(event: Event, known: Known) -> Judgement:
    return classify.judge(event, replace(known, v2_ids=frozenset(), v2_connected=False))


def guests_do_not_matter(event: Event, known: Known) -> Judgement:
    return classify.judge({key: value for key, value in event.items() if key != "attendees"}, known)


@pytest.mark.parametrize("judge", [everything_is_v1s, v2_is_not_heard, guests_do_not_matter])
def test_wrong_rule_is_noticed(judge: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey, "judge", judge)
    monkeypatch.setattr(deletion, "judge", judge)
    assert scenario(5, tmp_path).wrong


def test_event_that_is_not_brought_back_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Journal.to_restore
    monkeypatch.setattr(Journal, "to_restore", lambda journal: whole(journal)[1:])
    assert scenario(5, tmp_path).wrong
