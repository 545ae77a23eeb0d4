"""What other programs read: a schema that is the records' own, and XML that never flatters."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from pydantic import ValidationError

from migration import verdict
from migration.model import MergedResults, Outcome
from migration.run import Run
from reports.published import SCHEMA, schema, write_junit
from reports.render import write
from tests.unit.migration.proven import conclude, proven
from tests.unit.migration.test_verdict import result
from tests.unit.reports import records

RED = ("failure", "error")


def test_the_published_schema_is_that_of_the_records() -> None:
    assert SCHEMA.read_text() == schema(), "write it anew: ./inv schema (and give it a version of its own)"
    published = json.loads(schema())
    assert published["properties"]["version"]["const"] == 1
    assert published["additionalProperties"] is False
    assert set(published["required"]) == {"results", "standing", "missing", "version"}
    finding = published["$defs"]["Finding"]
    assert {"kind", "class", "key", "expected", "actual"} <= set(finding["properties"])


@pytest.fixture
def merged(tmp_path: Path) -> dict[str, Any]:
    """A results.json as a run leaves it: green, red, and one that never reported."""
    run = proven(tmp_path)
    run.append_result(result("fail", id="data.red"))
    run.require("data", ["data.silent"])
    conclude(run)
    content: dict[str, Any] = json.loads((run.folder / "results.json").read_bytes())
    return content


def test_a_run_s_results_are_what_the_schema_says(merged: dict[str, Any]) -> None:
    read = MergedResults.model_validate_json(json.dumps(merged))
    assert read.model_dump(mode="json", by_alias=True) == merged
    assert merged["version"] == 1
    assert merged["missing"]["data"] == ["data.silent"]
    assert set(merged["standing"]) >= {"data.red", "data.silent"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": 2},
        {"results": [{"id": "x"}]},
        {"standing": {"x": {"verdict": "GREAT", "reason": ""}}},
        {"missing": {"no-such-phase": []}},
        {"unknown": 1},
    ],
)
def test_results_that_are_not_of_this_version_are_told(wrong: dict[str, Any], merged: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        MergedResults.model_validate(merged | wrong)


def cases(folder: Path) -> dict[str, str]:
    """Each case of junit.xml and how it ended; the sums of the file are checked on the way."""
    root = ElementTree.fromstring(write_junit(folder).read_bytes())  # noqa: S314 - written just now
    found = list(root.iter("testcase"))
    for element in (root, *root.iter("testsuite")):
        mine = list(element.iter("testcase"))
        assert int(element.attrib["tests"]) == len(mine)
        for name, tag in (("failures", "failure"), ("errors", "error")):
            assert int(element.attrib[name]) == sum(case.find(tag) is not None for case in mine)
    assert len({case.attrib["name"] for case in found}) == len(found)
    return {
        case.attrib["name"]: next((tag for tag in RED if case.find(tag) is not None), "") for case in found
    }


def test_a_passing_run_has_a_green_case_for_each_check_and_for_the_verdict(tmp_path: Path) -> None:
    found = cases(records.passed(tmp_path))
    assert set(found.values()) == {""}
    assert set(found) == {"verdict", *(check.id for check in records.PASSING)}


def test_a_failing_run_names_what_was_found_and_keeps_hostile_text_harmless(tmp_path: Path) -> None:
    folder = records.failed(tmp_path)
    found = cases(folder)
    assert found["fields.field[cases.pwdWageAmount]"] == "failure"
    assert found["sample.profiles"] == "error"
    assert found["verdict"] == "failure"
    root = ElementTree.fromstring((folder / "junit.xml").read_bytes())  # noqa: S314 - as above
    (failure,) = [case.find("failure") for case in root.iter("testcase") if "pwdWage" in case.attrib["name"]]
    assert failure is not None
    assert failure.attrib["message"] == "2 mismatched"
    assert f"introduced mismatched cases {records.KEY.format(3)} pwdWageAmount" in str(failure.text)
    assert "expected absent, actual <script>" in str(failure.text)
    assert "\\u202e" in str(failure.text)
    assert "\u202e" not in str(failure.text)


def test_what_was_required_and_never_reported_is_an_error(tmp_path: Path) -> None:
    run = proven(tmp_path)
    run.require("data", ["data.silent"])
    conclude(run)
    found = cases(run.folder)
    assert found["data.silent"] == "error"
    assert found["verdict"] == "error"


@pytest.mark.parametrize("name", ["verdict.json", "required.json", "results.json", "results.jsonl", "all"])
def test_a_run_that_died_is_never_green(name: str, tmp_path: Path) -> None:
    folder = records.passed(tmp_path)
    for path in list(folder.iterdir()):
        if path.is_file() and name in (path.name, "all"):
            path.unlink()
    if name in ("results.json", "results.jsonl"):
        (folder / "results.json").unlink(missing_ok=True)
        (folder / "results.jsonl").unlink(missing_ok=True)
    assert set(cases(folder).values()) & set(RED)


def test_red_then_green_without_a_load_between_is_an_error(tmp_path: Path) -> None:
    run = proven(tmp_path)
    for outcome, attempt in ((Outcome.FAIL, 2), (Outcome.PASS, 3)):
        run.append_result(result(outcome.value, id="data.flips", scope="", attempt=attempt))
    conclude(run)
    assert cases(run.folder)["data.flips"] == "error"


def test_a_report_is_drawn_again_to_the_byte_here_and_elsewhere(tmp_path: Path) -> None:
    run = proven(tmp_path / "here")
    (run.folder / "evidence" / "sign_in.png").write_bytes(b"\x89PNG picture")
    elsewhere = tmp_path / "another" / "place" / run.id
    first = drawn(run.folder)
    assert drawn(run.folder) == first
    shutil.copytree(run.folder, elsewhere)
    for name in first:
        (elsewhere / name).unlink()
    assert verdict.merge(Run(elsewhere, tmp_path / "no-data")) == "PASS"
    assert drawn(elsewhere) == first


def drawn(folder: Path) -> dict[str, bytes]:
    """What is drawn from the records."""
    write(folder)
    write_junit(folder)
    return {name: (folder / name).read_bytes() for name in ("report.html", "summary.md", "junit.xml")}
