"""What a gate comes to, from answers, attestations and overrides alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from migration.errors import Refusal
from migration.preflight.gates import refuse_shut
from migration.preflight.model import (
    Answer,
    Attestation,
    Gate,
    Outcome,
    Override,
    State,
    attested,
    judged,
    not_applicable,
    overridden,
    shut,
)

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
DAY = timedelta(days=1)
GATE = Gate("team", "Is everybody there?", "Ask them.", ("production",), None, DAY)


def said(ago: timedelta, by: str = "Ann") -> Attestation:
    return Attestation(
        item="team", environment="production", pair="p", by=by, note="rota checked", at=NOW - ago
    )


def taken(ago: timedelta, found: str = "it is shut", gate: str = "team") -> Override:
    return Override(
        gate=gate, environment="production", pair="p", found=found, by="Bo", reason="known", at=NOW - ago
    )


def closed(detail: str = "it is shut") -> Outcome:
    return judged(GATE, Answer(False, detail), at=NOW)


def test_an_open_answer_opens_the_gate_and_says_nothing_of_what_would_help() -> None:
    outcome = judged(GATE, Answer(True, "all is well"), at=NOW, seconds=0.12345)
    assert (outcome.state, outcome.detail, outcome.when_shut, outcome.seconds) == (
        State.OPEN,
        "all is well",
        "",
        0.123,
    )


def test_a_shut_gate_says_what_would_open_it() -> None:
    assert closed().when_shut == "Ask them."


def test_nobody_s_word_leaves_the_gate_shut() -> None:
    assert attested(GATE, [], NOW).state is State.SHUT


def test_the_newest_word_counts_with_its_name_and_note() -> None:
    outcome = attested(GATE, [said(2 * DAY), said(timedelta(hours=1), "Cy"), said(timedelta(hours=3))], NOW)
    assert (outcome.state, outcome.by, outcome.note) == (State.ATTESTED, "Cy", "rota checked")


@pytest.mark.parametrize(
    ("ago", "state"),
    [
        (DAY, State.ATTESTED),
        (DAY + timedelta(seconds=1), State.SHUT),
        (timedelta(seconds=-1), State.SHUT),  # said by a clock that is ahead
    ],
)
def test_a_word_counts_as_long_as_its_gate_says(ago: timedelta, state: State) -> None:
    assert attested(GATE, [said(ago)], NOW).state is state


def test_a_shut_gate_is_taken_over_by_name_and_reason() -> None:
    outcome = overridden(closed(), [taken(timedelta(hours=1))], NOW)
    assert (outcome.state, outcome.by, outcome.note, outcome.detail) == (
        State.ACCEPTED,
        "Bo",
        "known",
        "it is shut",
    )
    assert shut([outcome]) == []


@pytest.mark.parametrize(
    "other",
    [
        taken(timedelta(hours=1), found="something else was found"),
        taken(timedelta(hours=1), gate="dns"),
        taken(DAY + timedelta(seconds=1)),
        taken(timedelta(seconds=-1)),
    ],
    ids=["another finding", "another gate", "a day ago", "in the future"],
)
def test_another_decision_does_not_take_it_over(other: Override) -> None:
    assert overridden(closed(), [other], NOW).state is State.SHUT


def test_an_open_gate_is_left_as_it_is() -> None:
    opened = judged(GATE, Answer(True, "it is shut"), at=NOW)
    assert overridden(opened, [taken(timedelta(hours=1))], NOW) == opened


def test_shut_gates_refuse_with_their_names_reasons_and_the_way_on() -> None:
    five = [
        closed(f"reason {number} " + "x" * 300).model_copy(update={"gate": f"g{number}"})
        for number in range(5)
    ]
    with pytest.raises(Refusal) as caught:
        refuse_shut([*five, not_applicable(GATE)])
    text = str(caught.value)
    assert "5 gates are shut: g0 (reason 0" in text
    assert "and 2 more. Nothing was changed." in text
    assert "--accept GATE --by NAME --reason TEXT" in text
    assert len(text) < 900
    refuse_shut([not_applicable(GATE), judged(GATE, Answer(True, ""), at=NOW)])
