"""What v2 would refuse to save is counted per rule: inherited from v1, or introduced by us."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from checks.calendar.validation import ERRORS, FIELDS, path_of, validated
from checks.judges.enforcement import Enforcement
from checks.judges.first_edit import UNREADABLE, FirstEdit
from checks.oracle.expectation import Expected, Origin
from checks.tally import Tally
from migration.model import Class
from tests.unit.checks.material import NOW

SOUND: dict[str, Any] = {
    "_id": "case",
    "caseStatus": "i140",
    "pwdFilingDate": "2024-01-08",
    "pwdDeterminationDate": "2024-07-08",
    "pwdExpirationDate": "2025-06-30",
    "sundayAdFirstDate": "2024-08-04",
    "sundayAdSecondDate": "2024-08-11",
    "jobOrderStartDate": "2024-08-01",
    "jobOrderEndDate": "2024-08-31",
    "noticeOfFilingStartDate": "2024-08-01",
    "noticeOfFilingEndDate": "2024-08-15",
    "eta9089FilingDate": "2024-10-15",
    "eta9089CertificationDate": "2025-04-01",
    "eta9089ExpirationDate": "2025-09-28",
    "i140FilingDate": "2025-05-01",
    "i140ApprovalDate": "2025-08-01",
    "rfiEntries": [
        {"receivedDate": "2024-11-01", "responseDueDate": "2024-12-01", "responseSubmittedDate": "2024-11-20"}
    ],
    "rfeEntries": [
        {"receivedDate": "2025-06-02", "responseDueDate": "2025-07-01", "responseSubmittedDate": "2025-06-20"}
    ],
}


def entry(kind: str, **values: str) -> dict[str, Any]:
    """The sound entry of a kind with some values changed."""
    return {f"{kind}Entries": [{**SOUND[f"{kind}Entries"][0], **values}]}


BREAKS: dict[str, Mapping[str, Any]] = {
    "V-PWD-01": {"pwdFilingDate": "2024-07-08"},
    "V-PWD-02": {"pwdExpirationDate": "2024-07-08"},
    "V-REC-01": {"sundayAdFirstDate": "2024-08-05"},
    "V-REC-02": {"sundayAdSecondDate": "2024-08-12"},
    "V-REC-03": {"sundayAdSecondDate": "2024-08-04"},
    "V-REC-04": {"jobOrderEndDate": "2024-08-01"},
    "V-REC-05": {"jobOrderEndDate": "2024-08-30"},
    "V-REC-06": {"noticeOfFilingEndDate": "2024-08-01"},
    "V-REC-07": {"noticeOfFilingEndDate": "2024-08-13"},
    "V-REC-08": {"noticeOfFilingEndDate": None},
    "V-REC-09": {"noticeOfFilingStartDate": None},
    "V-ETA-01": {"eta9089FilingDate": "2024-09-29"},
    "V-ETA-02": {"eta9089FilingDate": "2025-01-29", "rfiEntries": []},
    "V-ETA-03": {"pwdExpirationDate": "2024-10-15"},
    "V-ETA-04": {"eta9089CertificationDate": "2024-10-15"},
    "V-I140-01": {"i140FilingDate": "2025-04-01"},
    "V-I140-02": {"i140FilingDate": "2025-09-29", "i140ApprovalDate": "2025-12-01", "rfeEntries": []},
    "V-I140-03": {"i140ApprovalDate": "2025-05-01"},
    "V-RFI-01": entry("rfi", receivedDate="2024-10-15", responseDueDate="2024-11-14"),
    "V-RFI-02": entry("rfi", responseDueDate="2024-12-02"),
    "V-RFI-03": entry("rfi", responseSubmittedDate="2024-11-01"),
    "V-RFE-01": entry("rfe", receivedDate="2025-05-01"),
    "V-RFE-02": entry("rfe", responseDueDate="2025-06-02"),
    "V-RFE-03": entry("rfe", responseSubmittedDate="2025-06-02"),
}


def judged(source: Mapping[str, Any], target: Mapping[str, Any]) -> dict[str, Tally]:
    """The tallies over one case: what v1 makes of it, and what the target holds."""
    judge = FirstEdit(NOW)
    judge.judge(Expected("cases", "v1-key", dict(source)), dict(target), b"")
    return dict(judge.tallies())


def refused(tallies: Mapping[str, Tally]) -> dict[str, dict[Class, int]]:
    """The rules that refused, with the class of each finding."""
    prefix = "statuses.refused."
    return {
        name.removeprefix(prefix): dict(tally.classes)
        for name, tally in tallies.items()
        if name.startswith(prefix) and tally.classes
    }


def test_a_sound_case_is_refused_by_no_rule_and_counted_by_each() -> None:
    tallies = judged(SOUND, SOUND)
    assert refused(tallies) == {}
    assert {tally.matched for tally in tallies.values()} == {1}


def test_every_rule_has_a_case_that_breaks_it() -> None:
    assert set(BREAKS) == set(ERRORS)


@pytest.mark.parametrize("rule", ERRORS)
def test_a_case_that_broke_the_rule_in_v1_is_inherited(rule: str) -> None:
    case = {**SOUND, **BREAKS[rule]}
    tallies = judged(case, case)
    assert refused(tallies)[rule] == {Class.INHERITED: 1}
    assert tallies[f"statuses.refused.{rule}"].findings[0].key == "v1-key"


@pytest.mark.parametrize("rule", ERRORS)
def test_a_case_that_breaks_the_rule_only_in_the_target_is_introduced(rule: str) -> None:
    tallies = judged(SOUND, {**SOUND, **BREAKS[rule]})
    assert refused(tallies)[rule] == {Class.INTRODUCED: 1}


def test_a_date_that_v2_can_not_read_is_a_finding_and_no_error() -> None:
    case = {**SOUND, **entry("rfi", receivedDate="2024-02-30")}
    assert refused(judged(SOUND, case)) == {UNREADABLE: {Class.INTRODUCED: 1}}


@pytest.mark.parametrize(
    ("steps", "rule", "field"),
    [
        ({"sundayAdSecondDate": "2024-09-31"}, "V-ETA-01", "recruitmentEndDate"),
        ({"sundayAdFirstDate": "2024-06-31", "sundayAdSecondDate": None}, "V-ETA-02", "recruitmentStartDate"),
    ],
)
def test_a_step_on_a_day_that_does_not_exist_is_blamed_where_v2_keeps_it(
    steps: Mapping[str, Any], rule: str, field: str
) -> None:
    """v2's server takes a text of the right shape for a step, its validator can not read it."""
    finding = judged(SOUND, {**SOUND, **steps})[f"statuses.refused.{rule}"].findings[0]
    assert (finding.cls, finding.field) == (Class.INTRODUCED, field)


def test_a_deleted_case_is_not_edited_and_a_case_of_v2s_own_is_none_of_ours() -> None:
    broken = {**SOUND, **BREAKS["V-REC-01"]}
    assert refused(judged({**broken, "deletedAt": 1.0}, {**broken, "deletedAt": 1.0})) == {}
    judge = FirstEdit(NOW)
    judge.judge(Expected("cases", "own", broken, Origin.FOREIGN), broken, b"")
    judge.judge(None, broken, b"")
    assert all(tally.seen == 0 for _, tally in judge.tallies())


def test_only_the_first_unanswered_request_is_looked_at_else_the_last() -> None:
    sound, late = SOUND["rfiEntries"][0], {**SOUND["rfiEntries"][0], "responseDueDate": "2024-12-24"}
    unanswered = {key: value for key, value in late.items() if key != "responseSubmittedDate"}
    for entries, rules in (
        ([late, sound], {}),
        ([sound, late], {"V-RFI-02"}),
        ([unanswered, sound], {"V-RFI-02"}),
    ):
        case = {**SOUND, "rfiEntries": entries}
        assert set(refused(judged(case, case))) == set(rules)


def test_what_enforcement_would_do_is_a_note_and_no_finding() -> None:
    case = {"_id": "case", "caseStatus": "recruitment", "pwdExpirationDate": "2026-01-14"}
    judge = Enforcement(NOW)
    judge.judge(Expected("cases", "v1-key", case), case, b"")
    tally = dict(judge.tallies())["statuses.enforcement"]
    assert dict(tally.notes) == {"pwd_expired, close": 1}
    assert (tally.matched, tally.seen) == (1, 1)


def test_every_field_of_the_validator_has_a_place_in_the_document() -> None:
    assert path_of("rfi_due_date") == "rfiEntries[].responseDueDate"
    assert {path_of(field) for field in FIELDS} <= set(SOUND)


def test_the_hour_of_the_clock_does_not_matter_to_what_is_refused() -> None:
    form = {"pwd_expiration_date": "2026-01-15"}
    assert validated(form, NOW).answer() == validated(form, NOW + 86_399_999).answer()
