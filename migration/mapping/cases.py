"""`public.cases` with its RFI and RFE rows -> v2's `cases`.

Plain fields are the table; what depends on other fields (status, expirations, the five derived dates)
follows from the migrated fields, as v2 itself would derive it.
"""

from __future__ import annotations

from collections.abc import Sequence

from migration.mapping.dates import day, derived_dates, eta9089_expiration, pwd_expiration
from migration.mapping.documents import COLUMNS as DOCUMENT_COLUMNS
from migration.mapping.documents import documents
from migration.mapping.entries import CASE_COLUMNS as ENTRY_COLUMNS
from migration.mapping.entries import Entry, entries
from migration.mapping.fields import Document, Field, Row, Tally, as_list, columns, flag, mapped, number
from migration.mapping.instants import created, instant
from migration.mapping.methods import methods
from migration.mapping.money import cents
from migration.mapping.notes import notes
from migration.mapping.status import auto_status, has_open_entry, translate
from migration.mapping.text import copy, keep, lower, text_of

PRIORITIES = frozenset({"low", "normal", "high", "urgent"})


def _priority(value: object) -> str:
    return value if isinstance(value, str) and value in PRIORITIES else "normal"


FIELDS = (
    Field("legacyId", "id", lower),
    Field("legacyUserId", "user_id", lower),
    Field("caseNumber", "case_number", copy),
    Field("internalCaseNumber", "internal_case_number", copy),
    Field("employerName", "employer_name", keep, ""),
    Field("employerFein", "employer_fein", copy),
    Field("beneficiaryIdentifier", "beneficiary_identifier", copy),
    Field("positionTitle", "position_title", keep, ""),
    Field("jobTitle", "job_title", copy),
    Field("socCode", "soc_code", copy),
    Field("socTitle", "soc_title", copy),
    Field("jobOrderState", "job_order_state", copy),
    Field("pwdFilingDate", "pwd_filing_date", day),
    Field("pwdDeterminationDate", "pwd_determination_date", day),
    Field("pwdExpirationDate", "pwd_expiration_date", day),
    Field("pwdCaseNumber", "pwd_case_number", copy),
    Field("pwdWageAmount", "pwd_wage_amount", cents),
    Field("pwdWageLevel", "pwd_wage_level", copy),
    Field("jobOrderStartDate", "job_order_start_date", day),
    Field("jobOrderEndDate", "job_order_end_date", day),
    Field("sundayAdFirstDate", "sunday_ad_first_date", day),
    Field("sundayAdSecondDate", "sunday_ad_second_date", day),
    Field("sundayAdNewspaper", "sunday_ad_newspaper", copy),
    Field("additionalRecruitmentStartDate", "additional_recruitment_start_date", day),
    Field("additionalRecruitmentEndDate", "additional_recruitment_end_date", day),
    Field("recruitmentNotes", "recruitment_notes", copy),
    Field("recruitmentApplicantsCount", "recruitment_applicants_count", number, 0.0),
    Field("recruitmentSummaryCustom", "recruitment_summary_custom", copy),
    Field("isProfessionalOccupation", "is_professional_occupation", flag, False),
    Field("noticeOfFilingStartDate", "notice_of_filing_start_date", day),
    Field("noticeOfFilingEndDate", "notice_of_filing_end_date", day),
    Field("eta9089FilingDate", "eta9089_filing_date", day),
    Field("eta9089AuditDate", "eta9089_audit_date", day),
    Field("eta9089CertificationDate", "eta9089_certification_date", day),
    Field("eta9089ExpirationDate", "eta9089_expiration_date", day),
    Field("eta9089CaseNumber", "eta9089_case_number", copy),
    Field("i140FilingDate", "i140_filing_date", day),
    Field("i140ReceiptDate", "i140_receipt_date", day),
    Field("i140ReceiptNumber", "i140_receipt_number", copy),
    Field("i140ApprovalDate", "i140_approval_date", day),
    Field("i140DenialDate", "i140_denial_date", day),
    Field("priorityLevel", "priority_level", _priority, "normal"),
    Field("isFavorite", "is_favorite", flag, False),
    Field("calendarSyncEnabled", "calendar_sync_enabled", flag, True),
    Field("updatedAt", "updated_at", instant),
    Field("deletedAt", "deleted_at", instant),
)

READS = (
    columns(FIELDS)
    | ENTRY_COLUMNS
    | frozenset(DOCUMENT_COLUMNS)
    | {"case_status", "progress_status", "additional_recruitment_methods", "notes", "tags", "created_at"}
)


def case_document(
    row: Row, rfi: Sequence[Entry], rfe: Sequence[Entry], clock_ms: float, tally: Tally
) -> Document:
    """The case without `_id` and `userId`, which the caller knows. `rfi`, `rfe`: its table rows in order.

    `clock_ms` is the run's frozen clock: v2's status rules look at today. Raises `Unmappable`.
    """
    made = created(row)
    document = mapped(row, FIELDS)
    document["_creationTime"] = document["createdAt"] = made
    document.setdefault("updatedAt", made)
    document["additionalRecruitmentMethods"] = methods(row.get("additional_recruitment_methods"))
    document["rfiEntries"] = entries(row, "rfi", rfi, made, tally)
    document["rfeEntries"] = entries(row, "rfe", rfe, made, tally)
    document["documents"] = documents(row, made, tally)
    document["tags"] = [text_of(tag) for tag in as_list(row.get("tags") or None) if tag is not None]
    document["showOnTimeline"] = True
    _complete_dates(document)
    _set_status(document, row, made, clock_ms)
    return document


def _complete_dates(document: Document) -> None:
    """Expirations that v1 left out are computed; those it has are kept, even where they break their rule."""
    if "pwdExpirationDate" not in document and "pwdDeterminationDate" in document:
        document["pwdExpirationDate"] = pwd_expiration(document["pwdDeterminationDate"])
    if "eta9089ExpirationDate" not in document and "eta9089CertificationDate" in document:
        document["eta9089ExpirationDate"] = eta9089_expiration(document["eta9089CertificationDate"])
    document.update((name, text) for name, text in derived_dates(document).items() if text)


def _set_status(document: Document, row: Row, made: float, clock_ms: float) -> None:
    opened = has_open_entry(document["rfiEntries"]) or has_open_entry(document["rfeEntries"])
    shown = translate(row, open_entry=opened)
    document["caseStatus"], document["progressStatus"] = shown.status
    if shown.closure:
        document["closureReason"] = shown.closure
        document["closedAt"] = document["updatedAt"]
    if auto_status(document, clock_ms) != shown.status:
        document["progressStatusOverride"] = True
    found = notes(row, made, shown.unknown)
    if found:
        document["notes"] = found
