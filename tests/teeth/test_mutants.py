"""Mutants of the mapping are killed by the checks: a fixed part of `./inv soak mutants`, on ordinary data."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from migration.config import Settings
from migration.run import Run
from tests.soak.mutant_judge import Fate, Trying
from tests.soak.mutants import EVERY, MODULES, explained
from tests.soak.mutation import Mutable, source_of

PART = EVERY * 45
"""One mutant in so many of all; the campaign's own are a multiple of these."""

ON_ODD_DATA = {
    ("migration.mapping.dates", name)
    for name in (
        "is_day: return False -> return True",
        "is_day: return False -> return True #2",
        "derived_dates: end = max(_ends(case), key=_as_server, default=None)"
        " -> end = max(_ends(case), default=None)",
    )
}
"""What a small pair's data can not tell apart, because it holds no such dates; the campaign's data does."""

MONEY = "migration.mapping.money"


@pytest.fixture(scope="module")
def trying(migrated: tuple[Settings, Run]) -> Iterator[Trying]:
    """A process that judges mutants on the migrated run."""
    settings, run = migrated
    with Trying(settings, run, [settings.quarantine_file]) as process:
        yield process


@pytest.mark.parametrize("module", MODULES)
def test_a_mutant_is_killed_or_stops_or_is_explained(module: str, trying: Trying) -> None:
    known = {*explained(), *ON_ODD_DATA}
    fates = {mutant.name: trying.fate(module, mutant.source)[0] for mutant in Mutable(module).mutants(PART)}
    alive = [name for name, fate in fates.items() if fate not in (Fate.KILLED, Fate.STOPPED)]
    assert [name for name in alive if (module, name) not in known] == []


def test_the_module_as_it_is_is_no_mutant(trying: Trying) -> None:
    assert trying.fate(MONEY, source_of(MONEY).read_text("utf-8")) == (Fate.SAME, [])


def test_a_module_that_can_not_be_imported_stops(trying: Trying) -> None:
    assert trying.fate(MONEY, "import nothing_of_that_name") == (Fate.STOPPED, ["ModuleNotFoundError"])


def test_wrong_cents_are_killed_by_the_check_of_that_field(trying: Trying) -> None:
    source = source_of(MONEY).read_text("utf-8")
    fate, told = trying.fate(MONEY, source.replace("scaleb(2)", "scaleb(3)"))
    assert (fate, told) == (Fate.KILLED, ["fields.field[cases.pwdWageAmount]"])


def test_rows_that_only_the_mutant_sets_aside_are_no_load_and_killed_by_the_oracle(trying: Trying) -> None:
    source = source_of(MONEY).read_text("utf-8")
    fate, told = trying.fate(MONEY, source.replace("not amount.is_finite()", "amount.is_finite()"))
    assert (fate, told) == (Fate.KILLED, ["quarantine"])


def test_mutants_are_distinct_named_and_never_the_module_itself() -> None:
    mutable = Mutable("migration.mapping.dates")
    mutants = list(mutable.mutants(8))
    assert len({mutant.name for mutant in mutants}) == len({mutant.source for mutant in mutants})
    assert mutable.source not in {mutant.source for mutant in mutants}
    assert "derived_dates" in {mutant.name.partition(":")[0] for mutant in mutants}


def test_a_part_of_a_part_is_among_it() -> None:
    mutable = Mutable("migration.mapping.instants")
    few, more = ({mutant.name for mutant in mutable.mutants(every)} for every in (16, 4))
    assert few
    assert few < more


def test_annotations_decorators_sentences_and_the_words_of_errors_are_left_alone() -> None:
    mutants = list(Mutable("migration.ids").mutants())
    assert not [mutant for mutant in mutants if "raise InvalidId" in mutant.name]
    assert not [mutant for mutant in mutants if mutant.name.startswith(("module: def", "module: @"))]
    names = [mutant.name for mutant in Mutable("migration.mapping.dropped").mutants(6)]
    assert names
    assert not [name for name in names if "worthless to v2" in name.partition(" -> ")[0]]


@pytest.mark.parametrize("module", sorted({module for module, _ in explained()}))
def test_every_explanation_is_of_a_line_that_the_module_has(module: str) -> None:
    lines = {line.strip()[:160] for line in source_of(module).read_text("utf-8").splitlines()}
    names = [name for of, name in explained() if of == module]
    missing = [name for name in names if not any(f": {line} -> " in name for line in lines if line)]
    assert missing == []
