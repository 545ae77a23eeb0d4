"""A case document, from v1's row and its RFI and RFE rows (decision 0001: cases)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from checks.oracle import attachments, dates, entries, status
from checks.oracle.expectation import Expected, Origin, Remark
from checks.oracle.rules import UNREADABLE, Document, Rejected, Row, calendar_date, cents, moment
from checks.target import ids
from migration.model import Class

TEXTS = {
    "caseNumber": "case_number",
    "internalCaseNumber": "internal_case_number",
    "employerFein": "employer_fein",
    "beneficiaryIdentifier": "beneficiary_identifier",
    "jobTitle": "job_title",
    "socCode": "soc_code",
    "socTitle": "soc_title",
    "jobOrderState": "job_order_state",
    "pwdCaseNumber": "pwd_case_number",
    "pwdWageLevel": "pwd_wage_level",
    "sundayAdNewspaper": "sunday_ad_newspaper",
    "recruitmentNotes": "recruitment_notes",
    "recruitmentSummaryCustom": "recruitment_summary_custom",
    "eta9089CaseNumber": "eta9089_case_number",
    "i140ReceiptNumber": "i140_receipt_number",
}
DATES = {
    "pwdFilingDate": "pwd_filing_date",
    "pwdDeterminationDate": "pwd_determination_date",
    "pwdExpirationDate": "pwd_expiration_date",
    "jobOrderStartDate": "job_order_start_date",
    "jobOrderEndDate": "job_order_end_date",
    "sundayAdFirstDate": "sunday_ad_first_date",
    "sundayAdSecondDate": "sunday_ad_second_date",
    "additionalRecruitmentStartDate": "additional_recruitment_start_date",
    "additionalRecruitmentEndDate": "additional_recruitment_end_date",
    "noticeOfFilingStartDate": "notice_of_filing_start_date",
    "noticeOfFilingEndDate": "notice_of_filing_end_date",
    "eta9089FilingDate": "eta9089_filing_date",
    "eta9089AuditDate": "eta9089_audit_date",
    "eta9089CertificationDate": "eta9089_certification_date",
    "eta9089ExpirationDate": "eta9089_expiration_date",
    "i140FilingDate": "i140_filing_date",
    "i140ReceiptDate": "i140_receipt_date",
    "i140ApprovalDate": "i140_approval_date",
    "i140DenialDate": "i140_denial_date",
}
REQUIRED_TEXTS = {"employerName": "employer_name", "positionTitle": "position_title"}
_PRIORITIES = ("low", "normal", "high", "urgent")


@dataclass(slots=True)
class Draft:
    """A case in the making: v1's row with its RFI and RFE rows, and what has been worked out of them so far.

    `owner` is the `_id` of its user in v2. `rejected` says why the row must be in quarantine instead.
    """

    row: Row
    rfi: Sequence[Row]
    rfe: Sequence[Row]
    owner: str = ""
    rejected: Rejected | None = None
    document: Document = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)
    derived: dict[str, str] = field(default_factory=dict)
    unknown_progress: str | None = None

    def expected(self, clock_ms: int) -> Expected:
        """What the target must hold; the last step."""
        document = self.document
        auto = status.auto(document, clock_ms)
        if auto != (document["caseStatus"], document["progressStatus"]):
            document["progressStatusOverride"] = True
        key = self.row["id"]
        return Expected("cases", key, document, Origin.MADE, self.remarks, self.row, self.derived, auto)


def work_out(drafts: Sequence[Draft], number: int) -> None:
    """Everything but the last step, for many cases at once; `number` is the table's in the target.

    Step by step and not case by case: a processor is a third faster when it does the same thing again.
    """
    steps: list[Callable[[Draft], None]] = [partial(_begin, number=number)]
    for step in (*steps, _requests, _recruitment, _attachments, _plain, _computed, _status, _notes):
        for draft in drafts:
            if draft.rejected is None:
                try:
                    step(draft)
                except Rejected as rejected:
                    draft.rejected = rejected


def expected(
    row: Row, rfi: Sequence[Row], rfe: Sequence[Row], *, owner: str, number: int, clock_ms: int
) -> Expected:
    """The case document that this row alone must have become. Raises `Rejected`."""
    draft = Draft(row, rfi, rfe, owner)
    work_out([draft], number)
    if draft.rejected:
        raise draft.rejected
    return draft.expected(clock_ms)


def _begin(draft: Draft, number: int) -> None:
    row, given = draft.row, draft.row.get
    if UNREADABLE in row:
        raise Rejected("unreadable_row")
    created = moment(given("created_at"))
    if created is None or created <= 0:
        raise Rejected("impossible_date", "created_at")
    draft.document = {
        "_id": ids.of_row(number, row["id"]),
        "_creationTime": created,
        "userId": draft.owner,
        "legacyId": row["id"],
        "legacyUserId": row["user_id"],
        "employerName": given("employer_name") or "",
        "positionTitle": given("position_title") or "",
        "recruitmentApplicantsCount": float(given("recruitment_applicants_count") or 0),
        "isProfessionalOccupation": bool(given("is_professional_occupation")),
        "priorityLevel": _priority(given("priority_level"), draft.remarks),
        "isFavorite": bool(given("is_favorite")),
        "calendarSyncEnabled": given("calendar_sync_enabled") is not False,
        "showOnTimeline": True,
        "createdAt": created,
    }
    if not draft.document["employerName"] or not draft.document["positionTitle"]:
        draft.remarks += _empty_names(draft.document)


def _requests(draft: Draft) -> None:
    row, created = draft.row, draft.document["createdAt"]
    draft.document["rfiEntries"] = entries.expected("rfi", row, draft.rfi, created)
    draft.document["rfeEntries"] = entries.expected("rfe", row, draft.rfe, created)


def _recruitment(draft: Draft) -> None:
    methods = attachments.methods(draft.row.get("additional_recruitment_methods"))
    draft.document["additionalRecruitmentMethods"] = methods


def _attachments(draft: Draft) -> None:
    draft.document["tags"] = attachments.tags(draft.row.get("tags"))
    draft.document["documents"] = attachments.documents(draft.row, draft.document["createdAt"])


def _plain(draft: Draft) -> None:
    document, given = draft.document, draft.row.get
    for name, column in TEXTS.items():
        if (value := given(column)) is not None and value != "":
            document[name] = value
    for name, column in DATES.items():
        if (value := given(column)) is not None:
            document[name] = calendar_date(value)
    updated, deleted = moment(given("updated_at")), moment(given("deleted_at"))
    document["updatedAt"] = document["createdAt"] if updated is None else updated
    if deleted is not None:
        document["deletedAt"] = deleted
    if (wage := cents(given("pwd_wage_amount"))) is not None:
        document["pwdWageAmount"] = wage


def _computed(draft: Draft) -> None:
    """Fills in the dates that follow from others, those that v2 derives last."""
    document = draft.document
    try:
        if "pwdDeterminationDate" in document and "pwdExpirationDate" not in document:
            document["pwdExpirationDate"] = dates.pwd_expiration(document["pwdDeterminationDate"])
        if "eta9089CertificationDate" in document and "eta9089ExpirationDate" not in document:
            document["eta9089ExpirationDate"] = dates.eta_expiration(document["eta9089CertificationDate"])
        draft.derived = dates.derived(document)
    except OverflowError:
        raise Rejected("impossible_date") from None
    document.update(draft.derived)


def _status(draft: Draft) -> None:
    row, document = draft.row, draft.document
    word = status.folded(row.get("case_status"))
    if word not in status.WORDS:
        raise Rejected("unknown_case_status", "case_status")
    document["caseStatus"], reason = status.WORDS[word]
    if reason:
        document["closureReason"], document["closedAt"] = reason, document["updatedAt"]
    entry_open = status.is_open([*document["rfiEntries"], *document["rfeEntries"]])
    text = row.get("progress_status")
    document["progressStatus"], unknown = status.progress(word, text, entry_open=entry_open)
    if unknown:
        draft.unknown_progress = text
        draft.remarks.append(Remark("progressStatus", Class.DECLARED, "unknown_progress_text", text))


def _notes(draft: Draft) -> None:
    if notes := attachments.notes(draft.row, draft.document["createdAt"], draft.unknown_progress):
        draft.document["notes"] = notes


def _priority(value: Any, remarks: list[Remark]) -> str:
    if value in _PRIORITIES:
        return str(value)
    if value is not None:
        remarks.append(Remark("priorityLevel", Class.DECLARED, "unknown_priority", value))
    return "normal"


def _empty_names(document: Document) -> list[Remark]:
    return [
        Remark(name, Class.INHERITED, "empty_required_name", document[name])
        for name in REQUIRED_TEXTS
        if document[name] == ""
    ]
