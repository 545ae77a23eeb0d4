"""Troubles of the checks themselves never pass, and an open deployment is judged by what it answers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from checks import in_process
from fixtures import wire
from fixtures.faults import APART, DOCUMENTS, DocumentFault, Fault, Place, around
from fixtures.wire import WireError
from migration import verdict
from migration.config import Settings
from migration.model import Outcome, Phase, Verdict
from migration.progress import Silent
from migration.run import Run
from migration.target import Target
from tests.teeth.bench import Bench, assert_expected, red, verdict_of
from verbs import suites

CRASHED = ["check-crashes", "not-exported"]
MERGED = ["results-cut", "result-forgotten", "red-made-green"]
ALONE = ["worker-killed", "check-deselected", "too-small-source", "functions-open", "app-answers-nothing"]


def test_every_fault_around_the_checks_is_planted_here() -> None:
    assert sorted([*CRASHED, *MERGED, *ALONE]) == sorted(fault.name for fault in around.AROUND)
    assert {fault.place for fault in around.AROUND} == {Place.CHECKS, Place.OPEN}


def only(name: str) -> pytest.MarkDecorator:
    """The one fault that a test plants, as its parameter: so its id tells the fault."""
    return pytest.mark.parametrize("fault", [APART[name]], ids=[name])


@pytest.mark.parametrize("name", CRASHED)
def test_an_export_that_can_not_be_read_is_unknown(name: str, bench: Bench, tmp_path: Path) -> None:
    data = bench.copy(tmp_path, "verified.zip")
    if name == "check-crashes":
        (data / "verified.zip").write_bytes((bench.run.data / "verified.zip").read_bytes()[:-4000])
    results = bench.judged(data)
    assert verdict_of(results) is APART[name].verdict
    assert_expected(APART[name], results)


@pytest.mark.parametrize("name", MERGED)
def test_a_record_that_is_not_whole_is_unknown(name: str, bench: Bench, copied: tuple[Settings, Run]) -> None:
    _, run = copied
    results = bench.judged(run.data)
    run.require(Phase.DATA, [one.id for one in results])
    if name == "red-made-green":
        run.append_result(results[0].model_copy(update={"outcome": Outcome.FAIL, "attempt": 0}))
    for result in results[:-1] if name == "result-forgotten" else results:
        run.append_result(result)
    if name == "results-cut":
        record = run.folder / "results.jsonl"
        record.write_bytes(record.read_bytes()[:-30])
    assert verdict.merge(run, [Phase.DATA]) is APART[name].verdict


@only("too-small-source")
def test_a_source_that_is_too_small_is_unknown(fault: Fault, bench: Bench, tmp_path: Path) -> None:
    demanding = bench.settings.model_copy(update={"minimum_users": 1000, "minimum_cases": 100_000})
    results = in_process.judged(bench.run, demanding, bench.copy(tmp_path))
    assert verdict_of(results) is fault.verdict
    assert red(results) == ["vacuity.source[users]", "vacuity.source[cases]"]


@only("worker-killed")
def test_judges_that_were_killed_are_unknown(
    fault: Fault, copied: tuple[Settings, Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, run = copied
    watched = suites._watched

    def killed(child: subprocess.Popen[bytes], *others: object) -> int:
        os.kill(child.pid, signal.SIGKILL)
        return watched(child, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(suites, "_watched", killed)
    suites.judge(settings, run, Phase.DATA, Silent(), workers=1)
    assert verdict.merge(run, [Phase.DATA]) is fault.verdict


@only("check-deselected")
def test_a_check_that_was_left_out_is_unknown(
    fault: Fault, copied: tuple[Settings, Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, run = copied
    left_out = "counts.documents[cases]"
    monkeypatch.setattr(suites, "OPTIONS", [*suites.OPTIONS, "-k", "test_documents and users"])
    suites.judge(settings, run, Phase.DATA, Silent(), workers=1)
    assert verdict.merge(run, [Phase.DATA]) is fault.verdict
    outcomes = {result.id: result.outcome for result in run.results()}
    assert outcomes["harness.data"] is Outcome.UNKNOWN
    assert outcomes["counts.documents[users]"] is Outcome.PASS
    assert left_out not in outcomes


@only("functions-open")
def test_functions_that_answer_anybody_are_found(fault: Fault, bench: Bench, tmp_path: Path) -> None:
    with _answering(TILES) as url:
        target = bench.settings.target.model_copy(update={"url": url})
        open_to_all = bench.settings.model_copy(update={"target": target})
        results = in_process.judged(bench.run, open_to_all, bench.copy(tmp_path), phase=Phase.APP)
    access = [result for result in results if result.suite == "access"]
    assert verdict_of(access, Phase.APP) is fault.verdict
    assert_expected(fault, access)
    assert [result.id for result in access if result.outcome is Outcome.PASS] == []


@pytest.mark.parametrize(
    "fault", [fault for fault in DOCUMENTS if not fault.fits_schema], ids=lambda fault: fault.name
)
def test_what_v2_s_schema_keeps_out_can_be_planted_in_copies_only(fault: DocumentFault, bench: Bench) -> None:
    assert fault.name in APART
    with pytest.raises(WireError, match="schema"):
        fault.plant(bench.settings)


@pytest.fixture
def opened(bench: Bench) -> Iterator[None]:
    """The target is open, and afterwards as it was verified."""
    settings = bench.settings.target
    Target(settings.url, settings.admin_key.get_secret_value()).unpause()
    yield
    wire.import_zip(settings.url, settings.admin_key.get_secret_value(), bench.run.data / "verified.zip")


@pytest.mark.usefixtures("opened")
def test_an_open_target_that_nobody_touched_is_green(bench: Bench, tmp_path: Path) -> None:
    assert red(bench.judged(bench.copy(tmp_path), Phase.APP)) == []


@pytest.mark.usefixtures("opened")
@pytest.mark.parametrize("fault", around.OPENED, ids=lambda fault: fault.name)
def test_what_changes_after_the_data_was_judged_is_found_through_the_app(
    fault: DocumentFault, bench: Bench, tmp_path: Path
) -> None:
    fault.plant(bench.settings)
    results = bench.judged(bench.copy(tmp_path), Phase.APP)
    assert verdict_of(results, Phase.APP) is Verdict.FAIL
    assert_expected(fault, results)


@only("app-answers-nothing")
def test_an_app_that_answers_nothing_proves_nothing(fault: Fault, bench: Bench, tmp_path: Path) -> None:
    with _answering(None) as url:
        target = bench.settings.target.model_copy(update={"url": url})
        silent = bench.settings.model_copy(update={"target": target})
        results = in_process.judged(bench.run, silent, bench.copy(tmp_path), phase=Phase.APP)
    sample = [result for result in results if result.suite == "sample"]
    assert verdict_of(sample, Phase.APP) is fault.verdict
    assert_expected(fault, sample)


TILES = {"pwd": {"count": 7}}


@contextmanager
def _answering(value: object) -> Iterator[str]:
    """A deployment that answers every query with this value, whoever asks: it has every function there is."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer: dict[str, object] = {"status": "success", "value": value}
            if "queries" in asked:
                answer = {"results": [answer for _ in asked["queries"]]}
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Keeps quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
