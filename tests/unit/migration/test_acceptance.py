"""Taking over findings: by name, by their exact count, and only those that the run has."""

from __future__ import annotations

from pathlib import Path

import pytest

from migration import acceptance
from migration.acceptance import Acceptance
from migration.errors import Refusal

SHUT = {"dates.rfi_due": 4}


def accepted(count: int = 4, check: str = "dates.rfi_due", reason: str = "so in v1") -> Acceptance:
    return Acceptance(check=check, count=count, by="Ann", reason=reason)


def test_accepted_count_opens_its_gate(tmp_path: Path) -> None:
    path = tmp_path / "acceptances.toml"
    acceptance.add(path, accepted(reason='she said "yes"\n\\o/ \x7f'), SHUT)
    assert acceptance.gates(SHUT, acceptance.read(path)) == {"dates.rfi_due": "open"}


def test_one_finding_more_shuts_the_gate_again(tmp_path: Path) -> None:
    path = tmp_path / "acceptances.toml"
    acceptance.add(path, accepted(), SHUT)
    assert acceptance.gates({"dates.rfi_due": 5}, acceptance.read(path)) == {
        "dates.rfi_due": "5 findings are not accepted"
    }


def test_later_acceptance_of_a_check_stands_in_for_the_earlier(tmp_path: Path) -> None:
    path = tmp_path / "acceptances.toml"
    acceptance.add(path, accepted(), SHUT)
    acceptance.add(path, accepted(5), {"dates.rfi_due": 5})
    assert acceptance.gates({"dates.rfi_due": 5}, acceptance.read(path)) == {"dates.rfi_due": "open"}


@pytest.mark.parametrize("one", [accepted(3), accepted(5), accepted(check="dates.other")])
def test_what_the_run_does_not_have_can_not_be_accepted(one: Acceptance, tmp_path: Path) -> None:
    path = tmp_path / "acceptances.toml"
    with pytest.raises(Refusal):
        acceptance.add(path, one, SHUT)
    assert not path.exists()


def test_file_with_people_s_own_words_keeps_them(tmp_path: Path) -> None:
    path = tmp_path / "acceptances.toml"
    path.write_text("# agreed on Monday\n")
    acceptance.add(path, accepted(), SHUT)
    assert path.read_text().startswith("# agreed on Monday\n")
