"""What v1 showed, in v2's words; and the override that keeps a first edit from flipping a case."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any
from uuid import uuid5

import pytest

from migration.mapping.cases import case_document
from migration.mapping.fields import Document, Unmappable
from migration.mapping.names import NAMESPACE
from migration.mapping.status import Status, Translated, translate
from tests.unit.mapping.support import CLOCK_MS, MADE_MS, case


def _shown(word: Any, progress: str | None = None, *, open_entry: bool = False) -> Translated:
    return translate({"case_status": word, "progress_status": progress}, open_entry=open_entry)


def _mapped(**columns: Any) -> Document:
    return case_document(case(**columns), [], [], CLOCK_MS, Counter())


@pytest.mark.parametrize(
    ("word", "status", "closure"),
    [
        ("PWD", Status("pwd", "working"), None),
        ("PWD Approved", Status("recruitment", "working"), None),
        ("Recruitment", Status("recruitment", "working"), None),
        ("ETA 9089 Prep", Status("eta9089", "working"), None),
        ("ETA 9089 Filed", Status("eta9089", "filed"), None),
        ("ETA 9089 Audit", Status("eta9089", "under_review"), None),
        ("ETA 9089 Certified", Status("i140", "working"), None),
        ("I-140 Prep", Status("i140", "working"), None),
        ("I-140 Filed", Status("i140", "filed"), None),
        ("I-140 Approved", Status("i140", "approved"), None),
        ("Complete", Status("i140", "approved"), None),
        ("Closed", Status("closed", "working"), "manual"),
        ("Withdrawn", Status("closed", "working"), "withdrawn"),
        ("Denied", Status("closed", "working"), "denied"),
        ("\u00a0eta 9089 AUDIT ", Status("eta9089", "under_review"), None),
    ],
)
def test_each_word_of_v1_has_its_word_in_v2(word: str, status: Status, closure: str | None) -> None:
    assert _shown(word) == Translated(status, closure, None)


@pytest.mark.parametrize("word", ["RFE", "active", "", " ", None, 7])
def test_an_unknown_case_word_is_set_aside(word: Any) -> None:
    with pytest.raises(Unmappable, match="unknown_case_status"):
        _shown(word)


@pytest.mark.parametrize(
    ("text", "progress"),
    [
        ("Working on it", "working"),
        ("in_progress", "working"),
        ("Under review", "under_review"),
        ("PENDING INTAKE", "waiting_intake"),
        ("Pending documents", "waiting_intake"),
        ("Pending signatures", "waiting_intake"),
        ("Waiting Period", "waiting_intake"),
        (" on_hold\n", "waiting_intake"),
        ("Filed", "filed"),
        ("completed", "approved"),
        ("rfi_rfe", "rfi_rfe"),
    ],
)
def test_a_known_progress_text_beats_the_word(text: str, progress: str) -> None:
    assert _shown("I-140 Approved", text) == Translated(Status("i140", progress), None, None)


@pytest.mark.parametrize("text", [None, "", " \t"])
def test_a_blank_progress_text_leaves_the_word_to_speak(text: str | None) -> None:
    assert _shown("I-140 Filed", text).status == Status("i140", "filed")


def test_an_unknown_progress_text_is_working_and_kept() -> None:
    assert _shown("I-140 Filed", " Call Bob ") == Translated(Status("i140", "working"), None, " Call Bob ")


def test_an_open_request_beats_every_text_while_the_case_is_open() -> None:
    assert _shown("ETA 9089 Filed", "Call Bob", open_entry=True) == Translated(
        Status("eta9089", "rfi_rfe"), None, None
    )


def test_an_open_request_on_a_closed_case_says_nothing() -> None:
    assert _shown("Denied", None, open_entry=True).status == Status("closed", "working")


def test_an_answered_request_is_not_open() -> None:
    columns = {"rfi_received_date": "2025-01-02", "rfi_response_submitted_date": "2025-01-20"}
    assert _mapped(case_status="ETA 9089 Filed", **columns)["progressStatus"] == "filed"
    del columns["rfi_response_submitted_date"]
    assert _mapped(case_status="ETA 9089 Filed", **columns)["progressStatus"] == "rfi_rfe"


def test_a_closed_case_carries_reason_time_and_override() -> None:
    document = _mapped(case_status="Withdrawn", updated_at="2025-06-01T00:00:00+00:00")
    assert document["closureReason"] == "withdrawn"
    assert document["closedAt"] == document["updatedAt"] == 1748736000000.0
    assert document["progressStatusOverride"] is True


def test_a_status_that_v2_would_derive_itself_has_no_override() -> None:
    document = _mapped(case_status="PWD", pwd_filing_date="2025-11-01", progress_status="Filed")
    assert (document["caseStatus"], document["progressStatus"]) == ("pwd", "filed")
    assert "progressStatusOverride" not in document


def test_a_status_that_the_first_edit_would_flip_is_overridden() -> None:
    assert _mapped(case_status="PWD", pwd_filing_date="2025-11-01")["progressStatusOverride"] is True


@pytest.mark.parametrize(("clock", "overridden"), [("2026-01-15", False), ("2026-01-14", True)])
def test_the_override_depends_on_the_run_s_frozen_clock(clock: str, overridden: bool) -> None:
    row = case(
        case_status="ETA 9089 Prep",
        pwd_determination_date="2025-08-01",
        job_order_start_date="2025-11-01",
        job_order_end_date="2025-12-01",
        sunday_ad_first_date="2025-11-02",
        sunday_ad_second_date="2025-11-09",
        notice_of_filing_start_date="2025-11-03",
        notice_of_filing_end_date="2025-12-16",
    )
    now = datetime.fromisoformat(clock).replace(tzinfo=UTC).timestamp() * 1000
    document = case_document(row, [], [], now, Counter())
    assert document["filingWindowOpens"] == "2026-01-15"
    assert document.get("progressStatusOverride", False) is overridden


def test_the_unknown_progress_text_follows_v1_s_note() -> None:
    document = _mapped(notes=" keep | as is \n", progress_status=" Call Bob ")
    assert [note["content"] for note in document["notes"]] == [
        " keep | as is \n",
        "Progress in v1:  Call Bob ",
    ]
    assert {note["status"] for note in document["notes"]} == {"pending"}
    assert {note["createdAt"] for note in document["notes"]} == {MADE_MS}


@pytest.mark.parametrize("text", [None, ""])
def test_a_case_without_notes_has_no_notes_field(text: str | None) -> None:
    assert "notes" not in _mapped(notes=text)


def test_notes_have_ids_derived_from_their_case() -> None:
    document = _mapped(notes="n", progress_status="Call Bob")
    names = [f"{document['legacyId']}/{name}" for name in ("notes", "progress")]
    assert [note["id"] for note in document["notes"]] == [str(uuid5(NAMESPACE, name)) for name in names]
