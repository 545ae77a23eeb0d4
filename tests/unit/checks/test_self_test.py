"""The run's own recall: what is planted and found passes, what is missed or too little is UNKNOWN."""

from __future__ import annotations

from checks.self_test import LEAST, judged
from checks.tally import Tally
from fixtures.tamper import Planted, Planting
from migration.model import Kind, Outcome


def _planted(number: int) -> Planting:
    return Planting(
        {f"fault-{n}": Planted("cases", f"key-{n}", "notes[].content") for n in range(number)}, ()
    )


def _found(*numbers: int, field: str = "notes[].content") -> dict[str, Tally]:
    tally = Tally()
    for number in numbers:
        tally.find(Kind.MISMATCHED, f"key-{number}/notes[0]", table="cases", path=field)
    return {"fields": tally}


def test_a_run_that_finds_everything_it_planted_passes() -> None:
    result = judged(_planted(LEAST), _found(*range(LEAST)))
    assert (result.outcome, result.seen, result.matched) == (Outcome.PASS, LEAST, LEAST)


def test_a_planted_fault_that_was_missed_is_unknown_and_named() -> None:
    result = judged(_planted(LEAST), _found(*range(1, LEAST)))
    assert (result.outcome, result.matched) == (Outcome.UNKNOWN, LEAST - 1)
    assert [(finding.key, finding.rule) for finding in result.findings] == [("key-0", "fault-0")]


def test_a_finding_of_another_field_is_no_match() -> None:
    assert judged(_planted(LEAST), _found(*range(LEAST), field="tags")).matched == 0


def test_too_little_to_plant_is_unknown() -> None:
    result = judged(_planted(LEAST - 1), _found(*range(LEAST - 1)))
    assert (result.outcome, result.matched) == (Outcome.UNKNOWN, LEAST - 1)
