"""The sample is seeded, large enough, has everyone in it, and is judged case by case."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks import sample as module
from checks.oracle.dashboard import tiles
from checks.sample import QUESTIONS, Owner, choose
from checks.tally import Tally
from migration.model import Class, Kind
from migration.target import Answer

STRATA = {f"case-{number}": (f"user-{number % 7}", f"word-{number % 5}") for number in range(200)}
CASE = {"_id": "c1", "caseStatus": "i140", "progressStatus": "approved", "employerName": "Acme"}
DELETED = {**CASE, "_id": "c2", "deletedAt": 1.0}
COUNTS = {name: {"count": 0.0} for name in ("pwd", "recruitment", "eta9089", "i140", "closed", "duplicates")}


@settings(derandomize=True)
@given(st.integers(0, 250), st.integers(0, 2**32))
def test_the_sample_has_every_user_and_status_and_its_size(wanted: int, seed: int) -> None:
    chosen = choose(STRATA, wanted, seed)
    assert {STRATA[key][0] for key in chosen} == {f"user-{number}" for number in range(7)}
    assert {STRATA[key][1] for key in chosen} == {f"word-{number}" for number in range(5)}
    assert min(wanted, len(STRATA)) <= len(chosen) <= max(wanted, 12)
    assert chosen == choose(dict(reversed(STRATA.items())), wanted, seed)


def test_another_seed_is_another_sample() -> None:
    assert choose(STRATA, 20, 1) != choose(STRATA, 20, 2)


class _App:
    """Stands for the deployment: answers one batch."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def query_batch(self, queries: list[tuple[str, dict[str, Any]]], acting_as: str) -> list[Answer]:
        assert acting_as == "u1"
        self.asked += queries
        return self.answers


def _read(*answers: Answer, other: Owner | None = None) -> tuple[dict[str, Tally], _App]:
    owner = Owner("row-1", "u1", {"case-1": CASE, "case-2": DELETED}, [CASE, DELETED])
    tallies, app = {name: Tally() for name in QUESTIONS}, _App(*answers)
    module._read(app, owner, other or owner, tallies)  # type: ignore[arg-type]
    return tallies, app


GOOD = (
    Answer({"_id": "u1"}),
    Answer([CASE]),
    Answer({**COUNTS, "complete": {"count": 1.0}}),
    Answer(CASE),
    Answer(None),
)


def _red(tallies: dict[str, Tally]) -> set[str]:
    return {name for name, tally in tallies.items() if tally.totals}


def test_right_answers_match() -> None:
    tallies, app = _read(*GOOD)
    assert _red(tallies) == set()
    assert tallies["case"].matched == 2
    assert [path for path, _ in app.asked][:3] == ["users:currentUser", "cases:list", "dashboard:getSummary"]


@pytest.mark.parametrize("control", [Answer(None), Answer({"_id": "u2"}), Answer(error="paused")])
def test_a_failed_control_proves_nothing(control: Answer) -> None:
    tallies, _ = _read(control, *GOOD[1:])
    assert _red(tallies) == set(QUESTIONS) - {"fields"}
    assert all(set(tally.totals) <= {Kind.UNVERIFIABLE} for tally in tallies.values())


@pytest.mark.parametrize(
    ("place", "answer", "red"),
    [
        (1, Answer([]), {"list"}),
        (1, Answer([CASE, DELETED]), {"list"}),
        (2, Answer({**COUNTS, "complete": {"count": 0.0}}), {"summary"}),
        (2, Answer(error="failed"), {"summary"}),
        (3, Answer(None), {"case"}),
        (3, Answer(error="failed"), {"case"}),
        (3, Answer({**CASE, "employerName": "Acme "}), {"case", "fields"}),
        (4, Answer(DELETED), {"case"}),
    ],
)
def test_a_wrong_answer_is_red(place: int, answer: Answer, red: set[str]) -> None:
    answers = [*GOOD]
    answers[place] = answer
    tallies, _ = _read(*answers)
    assert {name for name in _red(tallies) if tallies[name].classes[Class.INTRODUCED]} == red


@pytest.mark.parametrize(("seen", "red"), [(None, set()), (CASE, {"stranger"})])
def test_another_users_case_must_stay_hidden(seen: object, red: set[str]) -> None:
    other = Owner("row-2", "u2", {}, [CASE])
    tallies, app = _read(*GOOD[:3], Answer(seen), *GOOD[3:], other=other)
    assert app.asked[3] == ("cases:get", {"id": "c1"})
    assert _red(tallies) == red


PWD: dict[str, Any] = {"caseStatus": "pwd", "progressStatus": "working"}


@pytest.mark.parametrize(
    ("shown", "extra", "cls"),
    [
        (range(1002), [], None),
        (range(1000), [], Class.INHERITED),
        (range(999), [], Class.INTRODUCED),
        (range(999), ["another's"], Class.INTRODUCED),
        (None, [], Class.INTRODUCED),
    ],
)
def test_a_user_with_more_cases_than_v2_reads_is_inherited_as_far_as_that_explains(
    shown: range | None, extra: list[str], cls: Class | None
) -> None:
    owner = Owner("row-1", "u1", {}, [{**PWD, "_id": f"c{number}"} for number in range(1002)])
    listed = [{"_id": name} for name in (*(f"c{number}" for number in shown or ()), *extra)]
    counts = {**COUNTS, "complete": {"count": float(len(extra))}, "pwd": {"count": float(len(shown or ()))}}
    answers = [Answer(error="failed")] * 2 if shown is None else [Answer(listed), Answer(counts)]
    tallies = {name: Tally() for name in QUESTIONS}
    module._read(_App(Answer({"_id": "u1"}), *answers), owner, owner, tallies)  # type: ignore[arg-type]
    for name in ("list", "summary"):
        assert tallies[name].classes == ({cls: 1} if cls else {})
    if cls is Class.INHERITED:
        found = [tallies[name].findings[0] for name in ("list", "summary")]
        assert [finding.kind for finding in found] == [Kind.MISSING, Kind.MISMATCHED]
        assert {finding.rule for finding in found} == {"v2 reads no more than 1,000 cases a user"}


def test_the_tiles_count_as_v2_does() -> None:
    pwd = {"caseStatus": "pwd", "progressStatus": "working"}
    found = tiles([CASE, DELETED, pwd, {**pwd, "duplicateOf": "x"}])
    assert (found["complete"], found["i140"], found["pwd"], found["duplicates"], found["total"]) == (
        1,
        0,
        2,
        1,
        3,
    )
