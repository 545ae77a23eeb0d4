"""Shared work is done once, whoever asks, and its failure is shared too."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path

import pytest

from checks.evidence import Evidence
from checks.tally import Tally
from migration.config import Settings
from migration.errors import RunIncomplete
from migration.model import FINDINGS_SHOWN, Class, Finding, Kind
from migration.run import Run

ROOT = Path(__file__).parents[3]


class _Known(Evidence):
    """Evidence without settings: these products need none."""

    @property
    def settings(self) -> Settings:
        return None  # type: ignore[return-value]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    (tmp_path / "data").mkdir()
    return Run(tmp_path, tmp_path / "data")


def test_a_product_is_computed_once(run: Run) -> None:
    calls = []

    def product(_run: Run, _settings: Settings) -> Mapping[str, Tally]:
        calls.append(1)
        return {"one": Tally(matched=3)}

    assert _Known(run).tally(product, "one").matched == 3
    assert _Known(run).tally(product, "one").matched == 3
    assert calls == [1]


def test_what_was_done_ahead_is_not_done_again(run: Run) -> None:
    calls = []

    def product(_run: Run, _settings: Settings) -> Mapping[str, Tally]:
        calls.append(1)
        return {"one": Tally(matched=3)}

    _Known(run).ahead(product)
    assert calls == [1]
    assert _Known(run).tally(product, "one").matched == 3
    assert calls == [1]


def test_nobody_waits_ahead_for_what_another_has_begun(run: Run) -> None:
    def product(_run: Run, _settings: Settings) -> Mapping[str, Tally]:
        _Known(run).ahead(product)  # as another process would: the lock is held
        return {"one": Tally(matched=3)}

    assert _Known(run).tally(product, "one").matched == 3


def test_a_tally_that_the_product_lacks_can_not_pass(run: Run) -> None:
    with pytest.raises(RunIncomplete, match="no tally two"):
        _Known(run).tally(lambda _run, _settings: {"one": Tally()}, "two")


def test_a_failure_is_shared_without_its_words(run: Run) -> None:
    calls = []

    def broken(_run: Run, _settings: Settings) -> Mapping[str, Tally]:
        calls.append(1)
        raise ValueError("ann@example.com")

    for _ in range(2):
        with pytest.raises(RunIncomplete, match="ValueError at broken") as caught:
            _Known(run).tally(broken, "one")
        assert "ann@" not in str(caught.value)
    assert calls == [1]


def test_a_tally_survives_being_shared() -> None:
    tally = Tally(matched=2)
    tally.find(Kind.MISSING, "k", cls=Class.INHERITED, table="cases", path="f", expected="2024-01-01")
    tally.note("seen twice", 2)
    assert Tally.load(tally.dump()) == tally


def test_findings_are_bounded_and_totals_exact() -> None:
    tally = Tally()
    for number in range(100):
        tally.find(Kind.MISSING, str(number), cls=Class.DECLARED if number % 2 else Class.INTRODUCED)
    tally.add(Kind.MISSING, 10, cls=Class.INHERITED, table="cases", rule="known by number")
    assert tally.totals == {Kind.MISSING: 110}
    assert len(tally.findings) == 2 * FINDINGS_SHOWN + 1
    assert tally.seen == sum(tally.classes.values()) == 110
    assert isinstance(tally.findings[0], Finding)


def test_workers_wait_for_the_one_who_computes(run: Run) -> None:
    """Three processes of one session; the product leaves a mark each time it is really computed."""
    script = textwrap.dedent(
        """
        import sys, time
        from pathlib import Path
        from checks.tally import Tally
        from migration.run import Run
        from tests.unit.checks.test_evidence import _Known
        folder = Path(sys.argv[1])
        def product(run, settings):
            with (folder / "marks").open("a") as marks:
                marks.write("x")
            return {"one": Tally(matched=7)}
        print(_Known(Run(folder, folder / "data")).tally(product, "one").matched)
        """
    )
    environment = {"CUTOVER_SESSION": "one-session", "PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-c", script, str(run.folder)]
    workers = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    assert [worker.communicate(timeout=60)[0].strip() for worker in workers] == ["7"] * 3
    assert (run.folder / "marks").read_text() == "x"
