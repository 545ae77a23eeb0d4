"""A case document, from v1's row and its RFI and RFE rows (decision 0001: cases)."""

from __future__ import annotations

from collections.abc import Sequence
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


def expected(
    row: Row, rfi: Sequence[Row], rfe: Sequence[Row], *, owner: str, number: int, clock_ms: int
) -> Expected:
    """The case document that this row must have become. `owner` is the `_id` of its user in v2.

    Raises `Rejected` when the row must be in quarantine.
    """
    if UNREADABLE in row:
        raise Rejected("unreadable_row")
    remarks: list[Remark] = []
    given, created = row.get, _created(row)
    document: Document = {
        "_id": ids.of_row(number, row["id"]),
        "_creationTime": created,
        "userId": owner,
        "legacyId": row["id"],
        "legacyUserId": row["user_id"],
        "employerName": given("employer_name") or "",
        "positionTitle": given("position_title") or "",
        "additionalRecruitmentMethods": attachments.methods(given("additional_recruitment_methods")),
        "recruitmentApplicantsCount": float(given("recruitment_applicants_count") or 0),
        "isProfessionalOccupation": bool(given("is_professional_occupation")),
        "rfiEntries": entries.expected("rfi", row, rfi, created),
        "rfeEntries": entries.expected("rfe", row, rfe, created),
        "priorityLevel": _priority(given("priority_level"), remarks),
        "isFavorite": bool(given("is_favorite")),
        "tags": attachments.tags(given("tags")),
        "calendarSyncEnabled": given("calendar_sync_enabled") is not False,
        "showOnTimeline": True,
        "documents": attachments.documents(row, created),
        "createdAt": created,
    }
    _plain(document, row, created)
    derived = _computed(document)
    _status(document, row, remarks)
    auto = status.auto(document, clock_ms)
    if auto != (document["caseStatus"], document["progressStatus"]):
        document["progressStatusOverride"] = True
    if not document["employerName"] or not document["positionTitle"]:
        remarks += _empty_names(document)
    return Expected("cases", row["id"], document, Origin.MADE, remarks, row, derived, auto)


def _created(row: Row) -> float:
    created = moment(row.get("created_at"))
    if created is None or created <= 0:
        raise Rejected("impossible_date", "created_at")
    return created


def _plain(document: Document, row: Row, created: float) -> None:
    given = row.get  # asked four million times
    for field, column in TEXTS.items():
        if (value := given(column)) is not None and value != "":
            document[field] = value
    for field, column in DATES.items():
        if (value := given(column)) is not None:
            document[field] = calendar_date(value)
    updated, deleted = moment(row.get("updated_at")), moment(row.get("deleted_at"))
    document["updatedAt"] = created if updated is None else updated
    if deleted is not None:
        document["deletedAt"] = deleted
    if (wage := cents(row.get("pwd_wage_amount"))) is not None:
        document["pwdWageAmount"] = wage


def _computed(document: Document) -> dict[str, str]:
    """Fills in the dates that follow from others; answers with those that v2 derives."""
    try:
        if "pwdDeterminationDate" in document and "pwdExpirationDate" not in document:
            document["pwdExpirationDate"] = dates.pwd_expiration(document["pwdDeterminationDate"])
        if "eta9089CertificationDate" in document and "eta9089ExpirationDate" not in document:
            document["eta9089ExpirationDate"] = dates.eta_expiration(document["eta9089CertificationDate"])
        derived = dates.derived(document)
    except OverflowError:
        raise Rejected("impossible_date") from None
    document.update(derived)
    return derived


def _status(document: Document, row: Row, remarks: list[Remark]) -> None:
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
        remarks.append(Remark("progressStatus", Class.DECLARED, "unknown_progress_text", text))
    notes = attachments.notes(row, document["createdAt"], text if unknown else None)
    if notes:
        document["notes"] = notes


def _priority(value: Any, remarks: list[Remark]) -> str:
    if value in _PRIORITIES:
        return str(value)
    if value is not None:
        remarks.append(Remark("priorityLevel", Class.DECLARED, "unknown_priority", value))
    return "normal"


def _empty_names(document: Document) -> list[Remark]:
    return [
        Remark(field, Class.INHERITED, "empty_required_name", document[field])
        for field in REQUIRED_TEXTS
        if document[field] == ""
    ]
