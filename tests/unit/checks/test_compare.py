"""Whatever is planted in one of two equal sides is found, counted once, and named by key and field."""

from __future__ import annotations

import copy
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.compare import UNKNOWN, Comparison
from checks.facts import paths
from checks.oracle import cases
from checks.oracle.expectation import Expected, Origin, Remark
from checks.tally import Tally
from migration.model import Class, Kind
from tests.unit.checks.material import NOW, case_row, doc_id, key, spool

RICH = {
    "pwd_wage_amount": "85000.00",
    "pwd_determination_date": "2024-04-02",
    "notes": "first line\nsecond",
    "tags": ["a", "b"],
    "rfi_received_date": "2024-05-01",
    "additional_recruitment_methods": '[{"type":"radio_ad","dates":["2024-01-02"]}]',
    "documents": [{"id": "d", "name": "n", "url": "u"}],
    "is_favorite": True,
}


def _expected(number: int, **columns: Any) -> Expected:
    row = case_row(number, **{**RICH, **columns})
    return cases.expected(row, [], [], owner=doc_id("users", 1), number=10004, clock_ms=NOW)


def _compared(
    folder: Path,
    expected: list[Expected],
    found: list[dict[str, Any]],
    before: list[dict[str, Any]] | None = None,
) -> dict[str, Tally]:
    target, earlier = spool(folder / "t.zip", "cases", found), spool(folder / "b.zip", "cases", before or [])
    comparison = Comparison(target, earlier, paths("cases"), retired=lambda document: "retired" in document)
    comparison.run(expected)
    return comparison.tallies


def _red(tallies: dict[str, Tally]) -> set[str]:
    return {name for name, tally in tallies.items() if tally.classes[Class.INTRODUCED]}


def test_equal_sides_match_in_every_field(tmp_path: Path) -> None:
    expected = [_expected(number) for number in range(1, 5)]
    tallies = _compared(tmp_path, expected, [each.document for each in expected])
    assert _red(tallies) == set()
    assert tallies["documents.cases"].matched == tallies["compared.cases"].matched == 4
    assert all(tallies[f"fields.cases.{path}"].seen == 4 for path in paths("cases") if "[]" not in path)
    assert tallies["fields.cases.rfiEntries[].receivedDate"].seen == 4


def test_a_missing_document_is_named_by_its_key(tmp_path: Path) -> None:
    expected = [_expected(1), _expected(2)]
    tallies = _compared(tmp_path, expected, [expected[0].document])
    (finding,) = tallies["documents.cases"].findings
    assert (finding.kind, finding.key) == (Kind.MISSING, key(2))


def test_a_stray_document_is_named_by_its_key(tmp_path: Path) -> None:
    tallies = _compared(tmp_path, [_expected(1)], [_expected(1).document, _expected(2).document])
    (finding,) = tallies["documents.cases"].findings
    assert (finding.kind, finding.key) == (Kind.EXTRANEOUS, key(2))


def test_the_same_document_twice_is_found(tmp_path: Path) -> None:
    tallies = _compared(tmp_path, [_expected(1)], [_expected(1).document] * 2)
    assert tallies["documents.cases"].totals == {Kind.EXTRANEOUS: 1}


def test_a_document_of_v2_must_be_as_it_was_backed_up(tmp_path: Path) -> None:
    own = {"_id": doc_id("cases", 9), "employerName": "v2", "x": 1.0}
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert _red(_compared(tmp_path / "a", [], [own], [own])) == set()
    tallies = _compared(tmp_path / "b", [], [{**own, "x": 1}], [own])
    (finding,) = tallies["foreign.cases"].findings
    assert (finding.field, finding.expected, finding.actual) == ("x", "1.0", "1")


def test_a_document_of_v2_that_is_gone_is_missing(tmp_path: Path) -> None:
    tallies = _compared(tmp_path, [], [], [{"_id": doc_id("cases", 9)}])
    assert tallies["foreign.cases"].totals == {Kind.MISSING: 1}


def test_a_document_whose_row_has_left_v1_must_be_gone(tmp_path: Path) -> None:
    gone = {"_id": doc_id("cases", 9), "retired": True}
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert _red(_compared(tmp_path / "a", [], [], [gone])) == set()
    assert _red(_compared(tmp_path / "b", [], [gone], [gone])) == {"documents.cases"}


def test_a_field_that_nobody_knows_is_counted(tmp_path: Path) -> None:
    tallies = _compared(tmp_path, [_expected(1)], [{**_expected(1).document, "surprise": 1.0}])
    assert _red(tallies) == {f"fields.cases.{UNKNOWN}"}


def test_a_declared_difference_is_counted_apart_and_is_no_failure(tmp_path: Path) -> None:
    expected = _expected(1, priority_level="medium")
    tally = _compared(tmp_path, [expected], [expected.document])["fields.cases.priorityLevel"]
    assert (tally.seen, tally.matched, tally.classes) == (1, 0, {Class.DECLARED: 1})


def test_a_remark_excuses_no_other_value(tmp_path: Path) -> None:
    expected = _expected(1, priority_level="medium")
    tallies = _compared(tmp_path, [expected], [{**expected.document, "priorityLevel": "high"}])
    assert "fields.cases.priorityLevel" in _red(tallies)


def test_two_rows_that_want_one_document_are_refused(tmp_path: Path) -> None:
    tallies = _compared(tmp_path, [_expected(1), _expected(1)], [_expected(1).document])
    assert tallies["documents.cases"].totals == {Kind.REJECTED: 1}


def test_a_foreign_expectation_is_counted_as_foreign(tmp_path: Path) -> None:
    own: dict[str, Any] = {"_id": doc_id("cases", 9), "flag": False}
    expected = Expected("cases", own["_id"], own, Origin.FOREIGN, [Remark("flag", Class.DECLARED, "off")])
    tallies = _compared(tmp_path, [expected], [{**own, "flag": True}], [own])
    assert _red(tallies) == {"foreign.cases"}


_PLACES = st.sampled_from(sorted(_expected(1).document.keys() - {"_id", "legacyId"}))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    place=_PLACES, how=st.sampled_from(["drop", "null", "text", "other", "nested"]), victim=st.integers(1, 4)
)
def test_any_planted_difference_is_found_by_its_field_and_key(place: str, how: str, victim: int) -> None:
    expected = [_expected(number) for number in range(1, 5)]
    found = copy.deepcopy([each.document for each in expected])
    _plant(found[victim - 1], place, how)
    with tempfile.TemporaryDirectory() as folder:
        tallies = _compared(Path(folder), expected, found)
    changed = found[victim - 1].get(place) != expected[victim - 1].document.get(place)
    tally = tallies[f"fields.cases.{place}"]
    assert changed
    assert [finding.key for finding in tally.findings] == [key(victim)]
    assert tally.seen == 4
    assert tally.matched == 3


def _plant(document: dict[str, Any], place: str, how: str) -> None:
    value = document[place]
    if how == "drop":
        del document[place]
    elif how == "null":
        document[place] = None
    elif how == "nested" and isinstance(value, list) and value and isinstance(value[0], dict):
        value[0].pop(next(iter(value[0])))
    elif isinstance(value, str):
        document[place] = value + " "
    elif isinstance(value, bool):
        document[place] = not value
    elif isinstance(value, float):
        document[place] = value + 1
    else:
        document[place] = [*value, value[0]] if value else ["new"]


@pytest.mark.parametrize(
    ("place", "wrong"), [("isFavorite", 1), ("pwdWageAmount", 8500000), ("deletedAt", None), ("jobTitle", "")]
)
def test_near_equal_values_of_another_kind_are_found(tmp_path: Path, place: str, wrong: object) -> None:
    tallies = _compared(tmp_path, [_expected(1)], [{**_expected(1).document, place: wrong}])
    assert f"fields.cases.{place}" in _red(tallies)
