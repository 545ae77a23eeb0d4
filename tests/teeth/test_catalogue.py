"""The catalogue is whole: no check without a fault, no weakness without a row, and the page is current."""

from __future__ import annotations

from checks import in_process
from fixtures.faults import APART, CATALOGUE, DOCUMENTS, FAULTS
from fixtures.faults.detection import EXEMPT, family, faults_of, page
from fixtures.faults.weaknesses import BEYOND, WEAKNESSES
from migration.config import ROOT
from migration.model import Phase

PHASES = (Phase.DATA, Phase.APP, Phase.AFTER, Phase.RECHECK)


def _families() -> set[str]:
    return {family(name) for phase in PHASES for name in in_process.check_ids(phase)}


def test_every_family_of_checks_has_a_fault_that_turns_it_red_or_a_reason() -> None:
    without = {name for name in _families() if not faults_of(name)}
    assert without == set(EXEMPT)
    assert all(EXEMPT.values())


def test_every_check_that_a_fault_names_exists() -> None:
    known = [name for phase in PHASES for name in in_process.check_ids(phase)] + ["harness.data"]
    unknown = {
        (fault.name, wanted)
        for fault in CATALOGUE.values()
        for wanted in fault.must
        if not any(name.startswith(wanted) for name in known)
    }
    assert unknown == set()


def test_every_weakness_that_data_can_show_has_a_fault() -> None:
    stood_for = {key for fault in CATALOGUE.values() for key in fault.weaknesses}
    assert WEAKNESSES.keys() - stood_for == BEYOND.keys()
    assert stood_for <= WEAKNESSES.keys()


def test_what_must_go_red_may_not_be_forbidden() -> None:
    for fault in CATALOGUE.values():
        assert not any(wanted.startswith(fault.never) for wanted in fault.must if fault.never), fault.name


def test_a_rehearsal_can_plant_each_fault_that_is_not_apart() -> None:
    assert FAULTS.keys().isdisjoint(APART)
    assert {fault.name for fault in DOCUMENTS if fault.fits_schema} <= FAULTS.keys()
    assert len(CATALOGUE) >= 60


def test_the_page_of_what_the_checks_can_see_is_current() -> None:
    written = (ROOT / "docs" / "detection.md").read_text(encoding="utf-8")
    assert written == page(_families()), "write it anew: ./inv faults --write-docs"
