"""The CSV export of all cases equals the source: every column, every row."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page

from e2e.csv_text import rows_of
from e2e.expected import Case, Expected, csv_cell, key_of
from e2e.journey import Journey, travel
from e2e.pages import CaseList
from e2e.watch import Watch
from fixtures.recorder import Recorder

pytestmark = pytest.mark.smoke

FILE_NAME = re.compile(r"perm-cases-\d{4}-\d\d-\d\d\.csv")
COLUMNS = [
    "_id", "employerName", "beneficiaryIdentifier", "positionTitle", "caseStatus", "progressStatus",
    "caseNumber", "internalCaseNumber", "pwdCaseNumber", "eta9089CaseNumber", "i140ReceiptNumber",
    "pwdFilingDate", "pwdDeterminationDate", "pwdExpirationDate", "pwdWageAmount", "pwdWageLevel",
    "jobOrderStartDate", "jobOrderEndDate", "sundayAdFirstDate", "sundayAdSecondDate",
    "sundayAdNewspaper", "jobOrderState", "noticeOfFilingStartDate", "noticeOfFilingEndDate",
    "additionalRecruitmentStartDate", "additionalRecruitmentEndDate", "recruitmentApplicantsCount",
    "isProfessionalOccupation", "eta9089FilingDate", "eta9089AuditDate", "eta9089CertificationDate",
    "eta9089ExpirationDate", "i140FilingDate", "i140ReceiptDate", "i140ApprovalDate", "i140DenialDate",
    "i140Category", "i140PremiumProcessing", "i140ServiceCenter", "isFavorite", "isPinned",
    "calendarSyncEnabled", "showOnTimeline", "priorityLevel", "closureReason", "closedAt", "createdAt",
    "updatedAt",
]  # fmt: skip


def test_the_export_of_all_cases_equals_the_source(
    record: Recorder, signed_in: Page, watch: Watch, expected: Expected, tmp_path: Path
) -> None:
    title = "the CSV of all the canary's cases equals the source in all 48 columns"
    with travel(record, watch, scope="cases", title=title) as journey:
        cases = CaseList(signed_in)
        cases.open_all()
        journey.sees(cases.cards, "the list of cases")
        cases.show_all()
        journey.sees(cases.cards, "all cases")
        cases.select_all()
        count = len(expected.live)
        journey.sees(cases.bar.get_by_text(re.compile(rf"\b{count}\b")), f"a selection of {count} cases")
        with signed_in.expect_download() as waiting:
            cases.export_csv().click()
        file = tmp_path / "export.csv"
        waiting.value.save_as(file)
        name = waiting.value.suggested_filename
        journey.holds("file", "name", bool(FILE_NAME.fullmatch(name)), "perm-cases-YYYY-MM-DD.csv")
        header, *rows = rows_of(file.read_bytes().decode())
        journey.equal("file", "columns", ",".join(COLUMNS), ",".join(header))
        _compare(journey, expected.live, [dict(zip(header, row, strict=False)) for row in rows])


def _compare(journey: Journey, cases: list[Case], rows: list[dict[str, str]]) -> None:
    by_id = {row["_id"]: row for row in rows}
    journey.equal("file", "rows", str(len(cases)), str(len(rows)))
    for case in cases:
        row = by_id.pop(case["_id"], None)
        journey.equal(key_of(case), "row", "present", "present" if row else "absent")
        for column in COLUMNS if row else ():
            journey.equal(
                key_of(case), column, csv_cell(case.get(column)), row.get(column, "") if row else ""
            )
    for stranger in by_id:
        journey.unexpected(stranger, "row", "a case that is not the canary's")
