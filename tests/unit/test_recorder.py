"""The recorder leaves one honest result behind for every item, whatever becomes of it."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from fixtures.recorder import capped, check_id, outcome_of
from migration import chain
from migration.model import FINDINGS_SHOWN, CheckResult, Class, Finding, Kind, Outcome

pytest_plugins = ["pytester"]
ROOT = Path(__file__).parents[2]
SUITE = "pytestmark = __import__('pytest').mark.data\n"


class Judged:
    """Runs a throw-away suite under the recorder and reads what it recorded."""

    def __init__(self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pytester, self.folder = pytester, pytester.path / "run"
        self.folder.mkdir()
        (self.folder / "manifest.json").write_text('{"run_id": "run", "environment": "embedded"}')
        monkeypatch.setenv("CUTOVER_RUN", str(self.folder))
        monkeypatch.setenv("PYTHONPATH", str(ROOT))
        pytester.makeini(
            "[pytest]\npython_files = check_*.py\naddopts = --strict-markers\nmarkers =\n  data: d\n"
        )

    def __call__(self, source: str, *args: str) -> pytest.RunResult:
        self.pytester.makepyfile(check_things=SUITE + textwrap.dedent(source))
        plugins = ("-p", "fixtures.recorder", "-p", "no:cacheprovider", "-p", "no:playwright")
        return self.pytester.runpytest(*plugins, *args)

    @property
    def results(self) -> list[CheckResult]:
        path = self.folder / "results.jsonl"
        lines = path.read_bytes().splitlines() if path.exists() else []
        return [CheckResult.model_validate(chain.content_of(line)) for line in lines]

    def outcomes(self) -> dict[str, Outcome]:
        return {result.id: result.outcome for result in self.results}


@pytest.fixture
def judged(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Judged:
    return Judged(pytester, monkeypatch)


def test_an_id_is_suite_function_and_parameter() -> None:
    assert check_id("checks/check_fields.py::test_field[cases.tags[].x]") == "fields.field[cases.tags[].x]"
    assert check_id("e2e/test_login.py::test_password") == "login.password"


def test_a_recorded_pass_is_green_and_required(judged: Judged) -> None:
    judged("def test_a(record): record(matched=3)").assert_outcomes(passed=1)
    assert judged.outcomes() == {"things.a": Outcome.PASS}
    assert "things.a" in (judged.folder / "required.json").read_text()


def test_a_recorded_failure_makes_the_item_red(judged: Judged) -> None:
    judged(
        """
        from migration.model import Finding, Kind
        def test_a(record):
            record(matched=1, findings=[Finding(kind=Kind.MISSING, table="cases", key="k1")])
        """
    ).assert_outcomes(failed=1)
    assert [(r.outcome, r.seen) for r in judged.results] == [(Outcome.FAIL, 2)]


def test_nothing_seen_is_unknown(judged: Judged) -> None:
    judged("def test_a(record): record()").assert_outcomes(failed=1)
    assert judged.outcomes() == {"things.a": Outcome.UNKNOWN}


def test_an_item_that_records_nothing_is_unknown_and_red(judged: Judged) -> None:
    judged("def test_a(record): pass").assert_outcomes(failed=1)
    assert judged.outcomes() == {"things.a": Outcome.UNKNOWN}


def test_a_crash_is_unknown_with_its_type_and_without_its_message(judged: Judged) -> None:
    result = judged("def test_a(record): raise KeyError('ann@example.com')")
    assert [(r.outcome, r.error) for r in judged.results] == [(Outcome.UNKNOWN, "KeyError")]
    assert "ann@example.com" not in result.stdout.str()


def test_an_error_of_ours_keeps_its_sentence(judged: Judged) -> None:
    judged("from migration.errors import Refusal\ndef test_a(record): raise Refusal('No backup here.')")
    assert judged.results[0].error.startswith("Refusal: No backup here.")


def test_a_skip_is_unknown(judged: Judged) -> None:
    judged("import pytest\ndef test_a(record): pytest.skip('not today')").assert_outcomes(skipped=1)
    assert [(r.outcome, r.error) for r in judged.results] == [(Outcome.UNKNOWN, "Skipped")]


def test_a_suite_of_skips_is_unknown_throughout(judged: Judged) -> None:
    judged(
        """
        import pytest
        @pytest.mark.skip
        @pytest.mark.parametrize("n", [1, 2])
        def test_a(record, n): record(matched=1)
        """
    )
    assert judged.outcomes() == {"things.a[1]": Outcome.UNKNOWN, "things.a[2]": Outcome.UNKNOWN}


def test_a_broken_fixture_is_unknown(judged: Judged) -> None:
    judged("import pytest\n@pytest.fixture\ndef f(): raise OSError\ndef test_a(record, f): record(matched=1)")
    assert [(r.outcome, r.error) for r in judged.results] == [(Outcome.UNKNOWN, "OSError")]


def test_a_crash_after_a_pass_adds_an_unknown(judged: Judged) -> None:
    judged("def test_a(record):\n    record(matched=1)\n    assert False")
    assert [r.outcome for r in judged.results] == [Outcome.PASS, Outcome.UNKNOWN]


def test_counts_that_do_not_add_up_are_unknown(judged: Judged) -> None:
    judged("def test_a(record): record(matched=1, seen=5)")
    assert judged.outcomes() == {"things.a": Outcome.UNKNOWN}


def test_a_deselected_check_stays_required(judged: Judged) -> None:
    judged("def test_a(record): record(matched=1)\ndef test_b(record): record(matched=1)", "-k", "test_a")
    assert "things.b" in (judged.folder / "required.json").read_text()
    assert judged.outcomes() == {"things.a": Outcome.PASS}


def test_the_attempt_is_written_with_the_result(judged: Judged, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUTOVER_ATTEMPT", "3")
    judged("def test_a(record): record(matched=1)")
    assert judged.results[0].attempt == 3


def test_without_a_run_nothing_is_run(judged: Judged, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUTOVER_RUN")
    result = judged("def test_a(record): record(matched=1)")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "CUTOVER_RUN is not set" in result.stderr.str()


def test_collecting_only_writes_nothing(judged: Judged) -> None:
    judged("def test_a(record): record(matched=1)", "--collect-only")
    assert sorted(path.name for path in judged.folder.iterdir()) == ["manifest.json"]


def test_workers_record_each_result_once(judged: Judged) -> None:
    judged(
        "import pytest\n@pytest.mark.parametrize('n', range(8))\ndef test_a(record, n): record(matched=1)",
        "-n2",
    ).assert_outcomes(passed=8)
    assert sorted(r.id for r in judged.results) == [f"things.a[{n}]" for n in range(8)]


def test_a_killed_worker_leaves_unknown_for_its_item(judged: Judged) -> None:
    judged(
        """
        import os, signal
        def test_a(record): record(matched=1)
        def test_b(record): os.kill(os.getpid(), signal.SIGKILL)
        def test_c(record): record(matched=1)
        """,
        "-n1",
        "--max-worker-restart=0",
    )
    assert judged.outcomes()["things.b"] is Outcome.UNKNOWN
    assert set(judged.outcomes()) == {"things.a", "things.b", "things.c"}


def test_a_suite_that_can_not_be_imported_is_no_pass(judged: Judged) -> None:
    assert judged("import nothing_of_this_name").ret != pytest.ExitCode.OK
    assert judged.results == []


def test_findings_are_capped_per_class() -> None:
    many = [
        Finding(kind=Kind.MISMATCHED, cls=cls, key=str(n))
        for n in range(FINDINGS_SHOWN + 5)
        for cls in (Class.INTRODUCED, Class.INHERITED)
    ]
    assert len(capped(many)) == 2 * FINDINGS_SHOWN


def test_findings_beyond_the_sample_lie_beside_the_record(judged: Judged) -> None:
    source = """
        def test_a(record):
            from checks.tally import Tally
            from checks.conftest import write
            from migration.model import Kind
            tally = Tally()
            for number in range(25):
                tally.find(Kind.MISSING, f"key{number}")
            write(record, tally, title="t", scope="s")
        def test_b(record): record(matched=1)
        """
    judged(source).assert_outcomes(passed=1, failed=1)
    red, green = sorted(judged.results, key=lambda result: result.id)
    assert (len(red.findings), red.totals) == (FINDINGS_SHOWN, {Kind.MISSING: 25})
    beside = [Finding.model_validate_json(line) for line in (judged.folder / red.listing).read_text().split()]
    assert [one.key for one in beside] == [f"key{number}" for number in range(20, 25)]
    assert not (judged.folder / green.listing).exists()


def test_failure_beats_unknown_beats_pass() -> None:
    both = outcome_of(2, {Class.INTRODUCED: 2}, {Kind.UNVERIFIABLE: 1, Kind.MISSING: 1})
    only = outcome_of(1, {Class.INTRODUCED: 1}, {Kind.UNVERIFIABLE: 1})
    assert (both, only, outcome_of(0, {}, {})) == (Outcome.FAIL, Outcome.UNKNOWN, Outcome.UNKNOWN)
    assert outcome_of(2, {Class.INHERITED: 1}, {Kind.MISMATCHED: 1}) is Outcome.PASS
