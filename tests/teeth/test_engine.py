"""Bugs of the engine and cut files are found: the checks share no code with what they judge (law 4)."""

from __future__ import annotations

import importlib
import json
import shutil
from datetime import datetime
from pathlib import Path

import pytest

from fixtures.faults import MappingFault, TransformedFault, engine, transformed
from fixtures.tamper import Document, Tables, overlaid
from migration import union
from migration.link import Lookup, build_lookup
from migration.model import Outcome
from migration.progress import Silent
from migration.transform import transform
from migration.written import Known
from tests.teeth.bench import Bench, assert_expected, assert_named, findings_of, verdict_of


@pytest.fixture(scope="module")
def lookup(bench: Bench) -> Lookup:
    """What the run's own link step found."""
    clock = datetime.fromisoformat(bench.run.manifest()["clock"])
    data = bench.run.data
    return build_lookup(data / "backup.zip", data / "raw", int(clock.timestamp() * 1000))


def _exported(bench: Bench, lookup: Lookup, transformed: Path, folder: Path) -> Path:
    """A copy whose export holds what the target would after the import of these files."""
    data = bench.copy(folder, "verified.zip")
    parts = union.Parts(bench.run.data / "backup.zip", transformed, bench.run.data / "raw")
    made = folder / "import.zip"
    union.build(parts, lookup.numbers, Known({}), made)
    overlaid(bench.run.data / "verified.zip", made, data / "verified.zip")
    return data


def _transformed(bench: Bench, lookup: Lookup, folder: Path) -> Path:
    transform(bench.run.data / "raw", lookup, folder / "transformed", progress=Silent())
    return folder / "transformed"


def test_without_a_bug_everything_is_green(bench: Bench, lookup: Lookup, tmp_path: Path) -> None:
    data = _exported(bench, lookup, _transformed(bench, lookup, tmp_path), tmp_path)
    assert [one.id for one in bench.judged(data) if one.outcome is not Outcome.PASS] == []


@pytest.mark.parametrize("fault", engine.FAULTS, ids=lambda fault: fault.name)
def test_a_bug_of_the_engine_is_found(
    fault: MappingFault, bench: Bench, lookup: Lookup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, _, name = fault.attribute.partition(":")
    place = importlib.import_module(module)
    monkeypatch.setattr(place, name, fault.mutated(getattr(place, name)))
    data = _exported(bench, lookup, _transformed(bench, lookup, tmp_path), tmp_path)

    results = bench.judged(data)

    assert verdict_of(results) is fault.verdict
    assert_expected(fault, results)
    assert fault.field_named in {finding.field for finding in findings_of(results)}


@pytest.mark.parametrize("fault", transformed.FAULTS, ids=lambda fault: fault.name)
def test_a_wrong_transformed_file_is_found(
    fault: TransformedFault, bench: Bench, lookup: Lookup, tmp_path: Path
) -> None:
    folder = tmp_path / "transformed"
    shutil.copytree(bench.run.data / "transformed", folder)
    tables: Tables = {table: _documents(folder / f"{table}.ndjson") for table in fault.tables}
    planted = fault.edit(tables)
    for table, documents in tables.items():
        lines = (json.dumps(one, ensure_ascii=False, separators=(",", ":")) + "\n" for one in documents)
        (folder / f"{table}.ndjson").write_text("".join(lines), encoding="utf-8")

    results = bench.judged(_exported(bench, lookup, folder, tmp_path))

    assert verdict_of(results) is fault.verdict
    assert_expected(fault, results)
    assert_named(planted, results)


def _documents(path: Path) -> list[Document]:
    return [json.loads(line) for line in path.read_bytes().split(b"\n") if line]  # text may hold U+2028
