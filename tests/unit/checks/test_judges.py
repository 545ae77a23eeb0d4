"""Each judge turns red for what it is there for, and for nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from checks.compare import Judge
from checks.judges.absence import Absence
from checks.judges.counts import Counts
from checks.judges.dates import Dates
from checks.judges.schema import Schema
from checks.judges.statuses import Statuses
from checks.judges.ten import Ten
from checks.oracle import cases
from checks.oracle.expectation import Expected, Origin
from checks.tally import Tally
from checks.values import canonical
from migration.model import Class, Kind
from tests.unit.checks.material import CREATED, NOW, NUMBERS, case_row, doc_id, key

FERNET = "gAAAAABmZ0123456789012345678901234567890="


def _case(number: int = 1, **columns: Any) -> Expected:
    owner = doc_id("users", 1)
    return cases.expected(case_row(number, **columns), [], [], owner=owner, number=10004, clock_ms=NOW)


def _judged(judge: Judge, expected: Expected | None, **changes: Any) -> dict[str, Tally]:
    document = {**(expected.document if expected else {"_id": "stray"}), **changes}
    document = {name: value for name, value in document.items() if value is not ...}
    judge.judge(expected, document, canonical(document))
    return dict(judge.tallies())


def _red(tallies: dict[str, Tally]) -> set[str]:
    return {name for name, tally in tallies.items() if tally.classes[Class.INTRODUCED]}


# schema


def _validated(expected: Expected, **changes: Any) -> Tally:
    schema = Schema("cases", NUMBERS)
    document = {**expected.document, **changes}
    kept = {name: value for name, value in document.items() if value is not ...}
    assert schema.accepts(expected, kept) is not bool(dict(schema.tallies())["schema.cases"].totals)
    return dict(schema.tallies())["schema.cases"]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({}, None),
        ({"caseStatus": "PWD"}, "caseStatus"),
        ({"pwdWageAmount": 5}, "pwdWageAmount"),
        ({"deletedAt": None}, "deletedAt"),
        ({"userId": doc_id("cases", 1)}, "userId"),
        ({"employerName": ...}, "employerName"),
        ({"surprise": 1.0}, "surprise"),
        ({"tags": ["a", 1.0]}, "tags[1]"),
        ({"documents": [{"id": "d"}]}, "documents[0].name"),
        ({"calendarEventIds": {"rfi_due": 1.0}}, "calendarEventIds.rfi_due"),
    ],
)
def test_a_document_that_v2_would_refuse_is_named_by_its_path(
    changes: dict[str, Any], path: str | None
) -> None:
    tally = _validated(_case(), **changes)
    assert [finding.field for finding in tally.findings] == ([path] if path else [])


def test_what_v2_already_refused_before_is_inherited() -> None:
    own = Expected("cases", "x", {"_id": doc_id("cases", 1), "old": 1.0}, Origin.FOREIGN)
    assert _validated(own).classes == {Class.INHERITED: 1}


# absence


@pytest.mark.parametrize("place", [{"googleRefreshToken": FERNET}, {"fullName": f"x {FERNET}"}])
def test_a_v1_token_is_found_wherever_it_hides(place: dict[str, Any]) -> None:
    profile = Expected("userProfiles", key(1), {"_id": doc_id("userProfiles", 1)})
    assert "absence.fernet.userProfiles" in _red(_judged(Absence("userProfiles"), profile, **place))


def test_token_like_text_that_v1_holds_itself_is_no_finding() -> None:
    assert "absence.fernet.cases" not in _red(_judged(Absence("cases"), _case(notes=FERNET)))


def test_what_v2_had_by_itself_may_stay() -> None:
    kept = {"_id": "p", "googleEmail": "theirs", "autoDeadlineEnforcementEnabled": False}
    own = Expected("userProfiles", key(1), kept, Origin.JOINED)
    assert _red(_judged(Absence("userProfiles"), own)) == set()


@pytest.mark.parametrize(
    "flag", ["googleCalendarConnected", "autoDeadlineEnforcementEnabled", "emailWeeklyDigest"]
)
@pytest.mark.parametrize("value", [True, ...])
def test_a_flag_that_is_not_off_is_found(flag: str, value: object) -> None:
    flags = dict.fromkeys(
        ("googleCalendarConnected", "gmailConnected", "autoDeadlineEnforcementEnabled", "emailWeeklyDigest"),
        False,
    )
    made = Expected("userProfiles", key(1), {"_id": "p", **flags})
    assert _red(_judged(Absence("userProfiles"), made, **{flag: value})) == {f"absence.userProfiles.{flag}"}


@pytest.mark.parametrize(
    "link",
    ["https://abc.supabase.co/storage/v1/object/public/b/x.pdf", "https://abc.storage.supabase.co/x.pdf"],
)
def test_links_into_v1s_storage_are_inherited_and_one_that_v1_had_not_is_introduced(link: str) -> None:
    own = _case(documents=[{"url": link}])
    tally = _judged(Absence("cases"), own)["absence.links.cases"]
    assert tally.classes == {Class.INHERITED: 1}
    more = _judged(Absence("cases"), own, recruitmentNotes=f"see {link}")["absence.links.cases"]
    assert more.classes == {Class.INTRODUCED: 1}
    assert _judged(Absence("cases"), _case())["absence.links.cases"].classes == {}


# dates

PWD: dict[str, Any] = {"pwd_determination_date": "2024-04-02", "pwd_expiration_date": "2024-07-01"}


def test_a_date_that_agrees_with_its_rule_matches() -> None:
    tallies = _judged(Dates(), _case(**PWD))
    assert tallies["dates.pwdExpirationDate"].matched == 1
    assert _judged(Ten(), _case(**PWD))["dates.ten"].matched == 1


def test_a_wrong_date_of_v1s_is_inherited() -> None:
    tally = _judged(Dates(), _case(**{**PWD, "pwd_expiration_date": "2024-06-30"}))["dates.pwdExpirationDate"]
    assert tally.classes == {Class.INHERITED: 1}


def test_a_wrong_date_that_is_not_v1s_is_introduced() -> None:
    tallies = _judged(Dates(), _case(**PWD), pwdExpirationDate="2024-07-02")
    assert "dates.pwdExpirationDate" in _red(tallies)


@pytest.mark.parametrize(
    ("changes", "red"),
    [
        (
            {"sundayAdFirstDate": "9999-12-30", "sundayAdSecondDate": "9999-12-31"},
            {"dates.recruitmentEndDate", "dates.filingWindowOpens", "dates.ten"},
        ),
        (
            {"rfiEntries": [{"id": "r", "receivedDate": "9999-12-31", "responseDueDate": "2024-01-01"}]},
            {"dates.rfi_due"},
        ),
    ],
)
def test_a_date_at_the_end_of_the_calendar_is_a_finding_and_no_error(
    changes: dict[str, Any], red: set[str]
) -> None:
    """No row of v1 can have given it: what would follow lies beyond year 9999."""
    expected = _case(
        pwd_determination_date="2024-07-08",
        sunday_ad_first_date="2024-08-04",
        job_order_end_date="2024-09-01",
    )
    tallies = {**_judged(Dates(), expected, **changes), **_judged(Ten(), expected, **changes)}
    assert red <= _red(tallies)


def test_a_date_without_its_base_must_be_v1s() -> None:
    assert "dates.pwdExpirationDate" in _red(_judged(Dates(), _case(), pwdExpirationDate="2024-07-02"))
    assert _red(_judged(Dates(), _case(pwd_expiration_date="2024-07-02"))) == set()


@pytest.mark.parametrize("value", ["2024-04-01", ...])
def test_a_derived_date_is_worked_out_again(value: object) -> None:
    tallies = _judged(Dates(), _case(job_order_end_date="2024-03-01"), filingWindowOpens=value)
    assert "dates.filingWindowOpens" in _red(tallies)


def test_a_window_that_opens_after_it_closes_is_listed() -> None:
    columns: dict[str, Any] = {"sunday_ad_first_date": "2024-01-01", "job_order_end_date": "2024-06-20"}
    assert _judged(Dates(), _case(**columns))["dates.window"].classes == {Class.INHERITED: 1}


@pytest.mark.parametrize(("due", "cls"), [("2024-06-15", Class.INHERITED), (None, None)])
def test_an_edited_rfi_due_date_is_inherited(due: str | None, cls: Class | None) -> None:
    tally = _judged(Dates(), _case(rfi_received_date="2024-05-01", rfi_response_due_date=due))[
        "dates.rfi_due"
    ]
    assert tally.classes == ({cls: 1} if cls else {})


def test_the_ten_named_cases_begin_with_the_seasons_boundaries() -> None:
    together, one, other = Ten(), Ten(), Ten()
    for number in range(1, 30):
        day = "2024-07-01" if number == 20 else f"2024-03-{number:02}"
        expected = _case(number, pwd_determination_date=day)
        for judge in (together, one if number % 2 else other):
            judge.judge(expected, expected.document, b"")
    one.join(other)  # seen by two processes
    for judge in (together, one):
        tally = dict(judge.tallies())["dates.ten"]
        assert tally.seen == len(tally.notes) == 10
        assert [note[:36] for note in tally.notes] == [key(20), *map(key, range(1, 10))]


@pytest.mark.parametrize(
    ("v1", "changes", "cls", "field", "expected"),
    [
        ("2024-06-30", {}, Class.INHERITED, "pwdExpirationDate", "2024-07-01"),
        (
            "2024-07-01",
            {"pwdExpirationDate": "2024-07-02"},
            Class.INTRODUCED,
            "pwdExpirationDate",
            "2024-07-01",
        ),
        (
            "2024-06-30",
            {"pwdExpirationDate": "2024-07-02"},
            Class.INTRODUCED,
            "pwdExpirationDate",
            "2024-07-01",
        ),
        (
            "2024-07-01",
            {"filingWindowOpens": "2024-01-01"},
            Class.INTRODUCED,
            "filingWindowOpens",
            "2024-03-31",
        ),
    ],
)
def test_a_named_case_tells_which_field_is_wrong_and_whose_fault_it_is(
    v1: str, changes: dict[str, Any], cls: Class, field: str, expected: str
) -> None:
    case = _case(**{**PWD, "pwd_expiration_date": v1}, job_order_end_date="2024-03-01")
    tally = _judged(Ten(), case, **changes)["dates.ten"]
    found = [(finding.cls, finding.field, finding.expected) for finding in tally.findings]
    assert found == [(cls, field, expected)]


# statuses


def test_a_case_that_would_flip_at_its_first_edit_is_found() -> None:
    closed = _case(case_status="Closed")
    assert _red(_judged(Statuses(NOW), closed)) == set()
    lost = _red(_judged(Statuses(NOW), closed, progressStatusOverride=...))
    assert lost == {"statuses.first_edit", "statuses.manual_kept"}


def test_an_override_without_need_is_found() -> None:
    assert _red(_judged(Statuses(NOW), _case(), progressStatusOverride=True)) == {"statuses.manual_kept"}


def test_a_wrong_word_is_red_under_the_word_of_v1() -> None:
    tallies = _judged(Statuses(NOW), _case(case_status="ETA 9089 Audit"), caseStatus="pwd")
    assert "statuses.word.eta-9089-audit" in _red(tallies)


def test_a_lost_closure_reason_is_found() -> None:
    assert "statuses.closure" in _red(_judged(Statuses(NOW), _case(case_status="Denied"), closureReason=...))


def test_an_unanswered_rfi_must_show() -> None:
    tallies = _judged(Statuses(NOW), _case(rfi_received_date="2024-05-01"), progressStatus="working")
    assert {"statuses.open_entry", "statuses.progress"} <= _red(tallies)


# counts


def test_one_lost_and_one_stray_case_never_make_an_equal_sum() -> None:
    counts = Counts()
    lost, kept = _case(1), _case(2)
    list(counts.watched([lost, kept]))
    counts.judge(kept, kept.document, b"")
    counts.judge(None, {**lost.document, "legacyUserId": key(9)}, b"")
    tally = dict(counts.tallies())["counts.per_user.live"]
    assert {finding.key for finding in tally.findings} == {key(1), key(9)}


def test_a_deleted_case_that_comes_back_alive_is_found() -> None:
    counts = Counts()
    (deleted,) = list(counts.watched([_case(deleted_at=CREATED)]))
    counts.judge(
        deleted, {name: value for name, value in deleted.document.items() if name != "deletedAt"}, b""
    )
    assert {"counts.deleted", "counts.per_user.live", "counts.per_user.deleted"} <= _red(
        dict(counts.tallies())
    )


def test_v2s_own_cases_are_not_counted() -> None:
    counts = Counts()
    counts.judge(Expected("cases", "x", {"_id": "x"}, Origin.FOREIGN), {"_id": "x"}, b"")
    assert all(tally.seen == 0 for _, tally in counts.tallies())


def test_a_lost_list_element_is_counted() -> None:
    counts = Counts()
    (expected,) = list(counts.watched([_case(tags=["a", "b"])]))
    counts.judge(expected, {**expected.document, "tags": ["a"]}, b"")
    assert dict(counts.tallies())["counts.list.tags"].totals == {Kind.MISSING: 1}
