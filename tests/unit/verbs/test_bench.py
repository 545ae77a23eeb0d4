"""The page about the judge's speed tells each ratio within its own round, and a missed target."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from fixtures import resources
from migration.errors import Refusal
from verbs import bench
from verbs.bench_checks import Measured, Round, Took, figures, page, products_of


def _round(baseline: float, phase: float) -> Round:
    products = {"people": 0.5, "cases": phase}
    half = Took(baseline / 2, baseline / 4)
    return Round(half, half, Took(phase, phase * 2), phase - 1, self_test=1.5, products=products)


def _measured(*rounds: Round, megabytes: int = 300) -> Measured:
    peak = resources.Peak(megabytes, 4)
    return Measured(100_000, list(rounds), {"fence": 0.2, "load": 9.8}, migrating=peak, judging=peak)


def test_a_ratio_is_that_of_its_own_round() -> None:
    phase, *_ = figures(_measured(_round(4, 8), _round(10, 19), _round(4, 10)))
    assert (phase.measured, phase.ratio, phase.met) == ("10.0 s", "2.0 times the baseline", True)


@pytest.mark.parametrize(
    ("measured", "missed"),
    [
        (_measured(_round(10, 19)), []),
        (_measured(_round(10, 20.5)), ["data phase, pytest's start and self-test included"]),
        (_measured(_round(2, 6.5)), ["data phase, pytest's start and self-test included"]),
        (
            _measured(_round(10, 19), megabytes=1025),
            [f"memory of all Python processes, {what}" for what in ("judging", "migrating")],
        ),
    ],
)
def test_a_missed_target_is_told(measured: Measured, missed: list[str]) -> None:
    assert [one.what for one in figures(measured) if not one.met] == missed
    assert page(measured).count("| NO |") == len(missed)


def test_the_page_has_every_round_product_and_step() -> None:
    lines = page(_measured(_round(4, 8), _round(6, 9))).splitlines()
    for line in (
        "| 2.0 (1.0) | 2.0 (1.0) | 4.0 (2.0) | 8.0 (16.0) | 2.0 (8.0) | 1.5 | 7.0 |",
        "| 3.0 (1.5) | 3.0 (1.5) | 6.0 (3.0) | 9.0 (18.0) | 1.5 (6.0) | 1.5 | 8.0 |",
        "| cases | 8.5 |",
        "| load | 9.8 |",
        "| together | 10.0 |",
    ):
        assert line in lines


def test_products_add_up_over_processes_and_span_from_the_first_to_the_last() -> None:
    lines = [
        '{"product": "people", "began": 10.0, "ended": 11.0, "processor": 0.5}',
        '{"product": "cases", "began": 10.5, "ended": 14.0, "processor": 3.0}',
        '{"product": "cases", "began": 11.0, "ended": 13.5, "processor": 2.0}',
    ]
    assert products_of(lines) == ({"people": 0.5, "cases": 5.0}, 4.0)


def test_an_unknown_bench_is_refused() -> None:
    with pytest.raises(Refusal, match="no bench 'speed'"):
        bench.run("speed")


@pytest.mark.skipif(not resources.PROC.exists(), reason="only Linux tells")
def test_memory_is_that_of_all_python_processes_together() -> None:
    """A child holds 64 MB until its standard input ends."""
    script = "import sys; held = b'x' * (64 << 20); print(flush=True); sys.stdin.read()"
    with resources.watched() as alone:
        pass
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        assert {os.getpid(), child.pid} <= set(resources.family(os.getpid()))
        with resources.watched() as together:
            pass
        child.communicate()
    assert together.processes > alone.processes
    assert (together.megabytes or 0) >= (alone.megabytes or 0) + 50


@pytest.mark.skipif(not resources.PROC.exists(), reason="only Linux tells")
def test_processor_time_of_a_server_is_counted() -> None:
    """A child works for a fifth of a second of its own time, once it is told to."""
    script = (
        "import sys, time\n"
        "sys.stdin.readline()\n"
        "while time.process_time() < 0.2: pass\n"
        "print(flush=True)\n"
        "sys.stdin.read()\n"
    )
    command = [sys.executable, "-S", "-c", script]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        before = resources.processor_seconds(child.pid)
        child.stdin.write(b"\n")
        child.stdin.flush()
        child.stdout.readline()
        assert resources.processor_seconds(child.pid) - before >= 0.1
