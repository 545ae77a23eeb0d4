"""Which field of a case the detail page shows where: section, sub-heading, label, format.

What v2 does not show there (notes, tags, ids of the source ...) can not be verified by a browser and is
left to the data checks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from e2e.expected import (
    MISSING,
    PROGRESS,
    STAGES,
    Case,
    shown_date,
    shown_money,
    shown_premium,
    shown_text,
)
from e2e.journey import Journey

BASIC, PWD = "Basic Information", "PWD (Prevailing Wage Determination)"
RECRUITMENT, ETA, I140 = "Recruitment", "ETA 9089 (Labor Certification)", "I-140 Immigrant Petition"
RESULTS, REQUESTS, JOB = "Recruitment Results", "RFI / RFE", "Job Description"

Sections = dict[str, dict[str, list[list[str]]]]


class Shown(NamedTuple):
    """One labelled value."""

    section: str
    group: str
    label: str
    field: str
    form: Callable[[Any], str]


FIELDS = (
    Shown(BASIC, "", "Case Number", "caseNumber", shown_text),
    Shown(BASIC, "", "Employer Name", "employerName", shown_text),
    Shown(BASIC, "", "Foreign Worker ID", "beneficiaryIdentifier", shown_text),
    Shown(BASIC, "", "Position Title", "positionTitle", shown_text),
    Shown(PWD, "", "Filing Date", "pwdFilingDate", shown_date),
    Shown(PWD, "", "Determination Date", "pwdDeterminationDate", shown_date),
    Shown(PWD, "", "Expiration Date", "pwdExpirationDate", shown_date),
    Shown(PWD, "", "Case Number", "pwdCaseNumber", shown_text),
    Shown(PWD, "", "Wage Amount", "pwdWageAmount", shown_money),
    Shown(PWD, "", "Wage Level", "pwdWageLevel", shown_text),
    Shown(RECRUITMENT, "Job Order", "Start Date", "jobOrderStartDate", shown_date),
    Shown(RECRUITMENT, "Job Order", "End Date", "jobOrderEndDate", shown_date),
    Shown(RECRUITMENT, "Job Order", "State", "jobOrderState", shown_text),
    Shown(RECRUITMENT, "Sunday Ads", "First Sunday Ad", "sundayAdFirstDate", shown_date),
    Shown(RECRUITMENT, "Sunday Ads", "Second Sunday Ad", "sundayAdSecondDate", shown_date),
    Shown(RECRUITMENT, "Sunday Ads", "Newspaper", "sundayAdNewspaper", shown_text),
    Shown(RECRUITMENT, "Notice of Filing", "Posting Date", "noticeOfFilingStartDate", shown_date),
    Shown(RECRUITMENT, "Notice of Filing", "Removal Date", "noticeOfFilingEndDate", shown_date),
    Shown(RECRUITMENT, "", "Number of Applicants", "recruitmentApplicantsCount", shown_text),
    Shown(RECRUITMENT, "", "Notes", "recruitmentNotes", shown_text),
    Shown(ETA, "", "Filing Date", "eta9089FilingDate", shown_date),
    Shown(ETA, "", "Case Number", "eta9089CaseNumber", shown_text),
    Shown(ETA, "", "Audit Date", "eta9089AuditDate", shown_date),
    Shown(ETA, "", "Certification Date", "eta9089CertificationDate", shown_date),
    Shown(ETA, "", "Expiration Date", "eta9089ExpirationDate", shown_date),
    Shown(ETA, "Filing Window", "Window Opens", "filingWindowOpens", shown_date),
    Shown(ETA, "Filing Window", "Window Closes", "filingWindowCloses", shown_date),
    Shown(I140, "", "Filing Date", "i140FilingDate", shown_date),
    Shown(I140, "", "Receipt Date", "i140ReceiptDate", shown_date),
    Shown(I140, "", "Receipt Number", "i140ReceiptNumber", shown_text),
    Shown(I140, "", "Category", "i140Category", shown_text),
    Shown(I140, "", "Approval Date", "i140ApprovalDate", shown_date),
    Shown(I140, "", "Denial Date", "i140DenialDate", shown_date),
    Shown(I140, "", "Service Center", "i140ServiceCenter", shown_text),
    Shown(I140, "", "Premium Processing", "i140PremiumProcessing", shown_premium),
    Shown(JOB, "", "Position Title", "jobDescriptionPositionTitle", shown_text),
)
REQUEST_GROUPS = {
    "rfiEntries": "Request for Information (RFI)",
    "rfeEntries": "Request for Evidence (RFE)",
}
REQUEST_DATES = {"Received": "receivedDate", "Due": "responseDueDate", "Submitted": "responseSubmittedDate"}
REQUEST_TEXTS = ("title", "description", "notes")


def values_of(sections: Sections) -> dict[str, str]:
    """{field: what the page shows}. A section or label that is not there shows nothing: "-"."""
    return {shown.field: _value(sections, shown) for shown in FIELDS}


def _value(sections: Sections, shown: Shown) -> str:
    for group, label, value in sections.get(shown.section, {}).get("fields", []):
        # Recruitment's last fields stand outside its sub-headings, which a flat reading can not tell.
        if label == shown.label and shown.group in ("", group):
            return value
    return MISSING


def compare(journey: Journey, key: str, case: Case, sections: Sections) -> None:
    """Every value of one case that the page shows."""
    actual = values_of(sections)
    for shown in FIELDS:
        journey.equal(key, shown.field, shown.form(case.get(shown.field)), actual[shown.field])
    for field, words in (("caseStatus", STAGES), ("progressStatus", PROGRESS)):
        _contains(journey, key, field, words[case[field]], _texts(sections, BASIC))
    _compare_methods(journey, key, case, sections)
    _compare_texts(journey, key, case, sections)
    for field in REQUEST_GROUPS:
        _compare_requests(journey, key, field, case.get(field) or [], sections)


def _texts(sections: Sections, section: str, group: str | None = None) -> list[str]:
    found = sections.get(section, {}).get("texts", [])
    return [text for heading, text in found if group in (None, heading)]


def _contains(journey: Journey, key: str, field: str, text: str, texts: list[str]) -> None:
    """One of the texts is, or as a list's item contains, what is expected."""
    journey.equal(key, field, text, text if any(text in found for found in texts) else MISSING)


def _compare_methods(journey: Journey, key: str, case: Case, sections: Sections) -> None:
    texts = _texts(sections, RECRUITMENT, "Additional Recruitment Methods")
    for index, method in enumerate(case.get("additionalRecruitmentMethods") or []):
        field = f"additionalRecruitmentMethods[{index}]"
        _contains(journey, key, f"{field}.method", method["method"].replace("_", " "), texts)
        if method.get("description"):
            _contains(journey, key, f"{field}.description", method["description"], texts)
        if method.get("date"):
            _contains(journey, key, f"{field}.date", shown_date(method["date"]), texts)


def _compare_texts(journey: Journey, key: str, case: Case, sections: Sections) -> None:
    for field, section in (("recruitmentSummaryCustom", RESULTS), ("jobDescription", JOB)):
        if case.get(field):
            _contains(journey, key, field, case[field], _texts(sections, section))


def _compare_requests(
    journey: Journey, key: str, field: str, entries: list[dict[str, Any]], sections: Sections
) -> None:
    """The cards of RFI or RFE, in stored order."""
    group = next((name for name in _groups(sections) if name.startswith(REQUEST_GROUPS[field])), "")
    cards = list(_cards(sections, group))
    journey.equal(key, f"{field} (number)", str(len(entries)), str(len(cards)))
    texts = _texts(sections, REQUESTS, group)
    for index, (entry, card) in enumerate(zip(entries, cards, strict=False)):
        for label, name in REQUEST_DATES.items():
            shown = card.get(label, MISSING)
            journey.equal(key, f"{field}[{index}].{name}", shown_date(entry.get(name)), shown)
        for name in REQUEST_TEXTS:
            if entry.get(name):
                _contains(journey, key, f"{field}[{index}].{name}", entry[name], texts)


def _groups(sections: Sections) -> list[str]:
    content = sections.get(REQUESTS, {})
    return [row[0] for row in (*content.get("fields", []), *content.get("texts", []))]


def _cards(sections: Sections, group: str) -> Iterator[dict[str, str]]:
    """The labelled dates of each card; a card begins with Received."""
    card: dict[str, str] = {}
    for heading, label, value in sections.get(REQUESTS, {}).get("fields", []):
        if heading == group and label in REQUEST_DATES:
            if label == "Received" and card:
                yield card
                card = {}
            card[label] = value
    if card:
        yield card
