"""`./inv dates`: both implementations over a file of vectors, their counts, and the exit codes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from checks import dates_cli
from fixtures.vectors import SHOWN, exactly, judged, read
from migration.errors import FAIL, PASS, REFUSED, Refusal
from verbs import vectors

ROOT = Path(__file__).parents[3]
GOOD: dict[str, Any] = {
    "fn": "calculatePWDExpiration",
    "input": {"determinationDate": "2024-04-02"},
    "expected": "2024-07-01",
}
WRONG = {**GOOD, "expected": "2024-06-30"}
UNKNOWN = {**GOOD, "fn": "calculateSomethingElse"}
ONLY_THE_CHECKS = {"fn": "isBusinessDay", "input": {"date": "2021-12-31"}, "expected": True}
QUARANTINED = {"fn": "calculateRFIDueDate", "input": {"receivedDate": "20240630"}, "expected": "2024-07-30"}


def file_of(folder: Path, *found: Any) -> Path:
    """A vector file; bytes are written as they are."""
    path = folder / "vectors.jsonl"
    path.write_bytes(b"\n".join(each if isinstance(each, bytes) else orjson.dumps(each) for each in found))
    return path


def counts(text: str) -> list[str]:
    """What a report says of each implementation."""
    return [
        line.partition(": ")[2] for line in text.splitlines() if "not covered" in line and " passed" in line
    ]


@pytest.mark.parametrize(
    ("lines", "code", "both"),
    [
        ([GOOD], PASS, ["1 passed, 0 failed, 0", "1 passed, 0 failed, 0"]),
        ([GOOD, b"", ONLY_THE_CHECKS], PASS, ["2 passed, 0 failed, 0", "1 passed, 0 failed, 1"]),
        ([QUARANTINED], PASS, ["1 passed, 0 failed, 0", "0 passed, 0 failed, 1"]),
        ([WRONG], FAIL, ["0 passed, 1 failed, 0", "0 passed, 1 failed, 0"]),
        ([GOOD, UNKNOWN], FAIL, ["1 passed, 0 failed, 1", "1 passed, 0 failed, 1"]),
    ],
)
def test_the_code_follows_from_what_failed_or_is_uncovered_in_the_checks_rules(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], lines: list[Any], code: int, both: list[str]
) -> None:
    assert vectors.judge(str(file_of(tmp_path, *lines))) == code
    assert counts(capfd.readouterr().out) == [f"{each} not covered" for each in both]


def test_a_failure_is_shown_with_its_line_input_expectation_and_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert dates_cli.main(["--vectors", str(file_of(tmp_path, GOOD, WRONG))]) == FAIL
    said = capsys.readouterr().out
    assert "line 2 calculatePWDExpiration" in said
    assert '{"determinationDate":"2024-04-02"}' in said
    assert 'expected "2024-06-30", got "2024-07-01"' in said


def test_only_the_first_failures_are_shown_and_all_are_counted(tmp_path: Path) -> None:
    outcome = judged("any", read(file_of(tmp_path, *[WRONG] * (SHOWN + 5))), dates_cli.answer)
    assert (outcome.failed, len(outcome.failures)) == (SHOWN + 5, SHOWN)
    assert "  and 5 more failed" in list(outcome.lines())


@pytest.mark.parametrize(
    "line",
    [
        b"not json",
        b"[1]",
        b"null",
        b'{"fn":"x","input":{}}',
        b'{"fn":1,"input":{},"expected":1}',
        b"\xff\xfe",
    ],
)
def test_a_bad_line_is_one_paragraph_with_its_number_and_code_12(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], line: bytes
) -> None:
    assert dates_cli.main(["--vectors", str(file_of(tmp_path, GOOD, line))]) == REFUSED
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("Line 2 of the vector file")
    assert said.err.count("\n") == 1


@pytest.mark.parametrize("content", [None, b"", b"\n \n"])
def test_a_file_that_is_missing_or_empty_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "vectors.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Refusal, match=r"can not be read|holds no vectors"):
        read(path)


def test_the_verb_ends_with_12_and_no_traceback_for_a_folder(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "invoke", "dates", "--vectors", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == REFUSED
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_error_of_the_implementation_is_a_failure_and_no_traceback(tmp_path: Path) -> None:
    def broken(_: str, __: Any) -> Any:
        raise KeyError

    outcome = judged("broken", read(file_of(tmp_path, GOOD)), broken)
    assert outcome.failed == 1
    assert '{"$error":"KeyError"}' in outcome.failures[0]


@pytest.mark.parametrize(
    ("expected", "got"), [(True, 1), (None, False), ({}, {"a": None}), ([1], [1, 2]), ("1", 1), (0, False)]
)
def test_what_only_looks_alike_is_not_equal(expected: Any, got: Any) -> None:
    assert not exactly(expected, got)
    assert not exactly(got, expected)


def test_a_whole_number_equals_itself_with_a_point() -> None:
    assert exactly([90, {"a": None}], [90.0, {"a": None}])


def test_the_mapping_passes_every_public_vector_that_it_covers() -> None:
    outcome = judged("mapping", read(dates_cli.DEFAULT), vectors.answer)
    assert outcome.failures == []
    assert outcome.passed > 400
