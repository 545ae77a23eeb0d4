"""What v2 makes of a case by its dates: the automatic status, and the one of a reopened case (section 5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from checks.calendar.days import Instant, filled, later
from checks.calendar.reading import constructed, parse_iso
from checks.calendar.recruitment import is_complete
from checks.calendar.windows import ENDS, WAIT_AFTER_RECRUITMENT, Case, ends, items


class Status(NamedTuple):
    """v2's two words."""

    case: str
    progress: str


_BY_DATE = (
    ("i140ApprovalDate", Status("i140", "approved")),
    ("i140DenialDate", Status("closed", "approved")),
    ("i140FilingDate", Status("i140", "filed")),
    ("eta9089CertificationDate", Status("i140", "working")),
    ("eta9089FilingDate", Status("eta9089", "filed")),
)


def is_open(entry: Mapping[str, Any]) -> bool:
    """Whether an RFI or RFE came and was never answered."""
    return filled(entry.get("receivedDate")) and not filled(entry.get("responseSubmittedDate"))


def any_open(entries: Any) -> bool:
    """Whether one of a list's entries is open."""
    return any(map(is_open, items(entries)))


def automatic(case: Case, now: Instant) -> Status:
    """`calculateAutoStatus` at an instant: what the first edit writes over a case without the override."""
    if any_open(case.get("rfeEntries")):
        return Status("i140", "rfi_rfe")
    if any_open(case.get("rfiEntries")):
        return Status("eta9089", "rfi_rfe")
    for field, status in _BY_DATE:
        if filled(case.get(field)):
            return status
    if filled(case.get("pwdDeterminationDate")):
        return _recruiting(case, now)
    return Status("pwd", "filed" if filled(case.get("pwdFilingDate")) else "working")


def reopened(case: Case, now: Instant) -> Status:
    """`determineReopenStatus`: approval before any request, and any one end of recruitment is enough."""
    rfi, rfe = any_open(case.get("rfiEntries")), any_open(case.get("rfeEntries"))
    by_date = (
        ("i140ApprovalDate", Status("i140", "approved")),
        ("i140FilingDate", Status("i140", "rfi_rfe" if rfe else "filed")),
        ("eta9089CertificationDate", Status("i140", "working")),
        ("eta9089FilingDate", Status("eta9089", "rfi_rfe" if rfi else "filed")),
    )
    for field, status in by_date:
        if filled(case.get(field)):
            return status
    given = [case[field] for field in (*ENDS, "additionalRecruitmentEndDate") if filled(case.get(field))]
    if given:
        opens = later(constructed(max(map(str, given))), WAIT_AFTER_RECRUITMENT)
        passed = opens is not None and now is not None and now >= opens
        return Status("eta9089", "working") if passed else Status("recruitment", "working")
    if filled(case.get("pwdDeterminationDate")):
        return Status("recruitment", "working")
    return Status("pwd", "filed" if filled(case.get("pwdFilingDate")) else "working")


def _recruiting(case: Case, now: Instant) -> Status:
    if not is_complete(case):
        return Status("recruitment", "working")
    return Status("eta9089", "working") if _window_open(case, now) else Status("recruitment", "filed")


def _window_open(case: Case, now: Instant) -> bool:
    """Whether 30 days have passed since the last step by text; a step that is no date counts as long ago."""
    given = [end for end in ends(case) if filled(end)]
    if not given:
        return False
    opens = later(parse_iso(max(given, key=str)), WAIT_AFTER_RECRUITMENT)
    return opens is None or now is None or opens <= now
