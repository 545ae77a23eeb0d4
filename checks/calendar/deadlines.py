"""Deadlines that v2 shows, and the violations that it would close a case for (date_rules section 6).

`deletedAt` counts when the key is there at all: a stored null would count as deleted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checks.calendar.days import DAY, Thrown, filled, iso, later
from checks.calendar.reading import is_shaped, shaped
from checks.calendar.status import is_open
from checks.calendar.windows import CERTIFICATION_LIFE, Case, between, items

FILED = "ETA 9089 has been filed"
NO_DATE = "No date set for this deadline"
ENOUGH_TO_RESTART = 60
"""Days that the PWD must have left, and more, for anything to be started again."""

BEFORE_FILING = (
    "pwd_expiration",
    "filing_window_opens",
    "filing_window_closes",
    "recruitment_window_closes",
)
SHOWN = {
    "pwd_expiration": "pwdExpirationDate",
    "filing_window_opens": "filingWindowOpens",
    "filing_window_closes": "filingWindowCloses",
    "i140_filing_deadline": "eta9089ExpirationDate",
    "rfi_due": "rfiEntries",
    "rfe_due": "rfeEntries",
}
"""The deadlines that are extracted, in v2's order, with the field that they come from."""


def superseded(kind: str, case: Case) -> str | None:
    """Why a deadline is not active, in v2's words; None when it is. Unknown kinds are active."""
    if case.get("caseStatus") == "closed":
        return "Case is closed"
    return "Case is deleted" if "deletedAt" in case else _passed(kind, case)


def _passed(kind: str, case: Case) -> str | None:
    """The same of a case that is neither closed nor deleted."""
    if kind in BEFORE_FILING:
        return _before_filing(case, kind)
    if kind == "i140_filing_deadline":
        return _not_certified(case)
    return _answered(case, kind) if kind in ("rfi_due", "rfe_due") else None


def extracted(case: Case, today: Any) -> list[dict[str, Any]]:
    """The active deadlines with a readable date, the most urgent first."""
    if case.get("caseStatus") == "closed" or "deletedAt" in case:
        return []  # none is active
    found = []
    for kind, field in SHOWN.items():
        value = case.get(field)
        if value is None or value == [] or _passed(kind, case) is not None:
            continue  # without a date or an entry there is nothing to show
        entry = _open_entry(case, kind) if field.endswith("Entries") else None
        date = value if entry is None else entry.get("responseDueDate")
        if filled(date) and is_shaped(date) and is_shaped(today):
            own = {"entryId": entry["id"]} if entry is not None and "id" in entry else {}
            found.append({"type": kind, "date": date, "daysUntil": between(today, date), **own})
    return sorted(found, key=lambda deadline: deadline["daysUntil"])


def violation(case: Case, today: Any) -> dict[str, Any] | None:
    """The first reason for which enforcement would act on a case on this day, or None."""
    if case.get("caseStatus") == "closed" or "deletedAt" in case:
        return None
    pwd, closes = case.get("pwdExpirationDate"), case.get("filingWindowCloses")
    if not filled(case.get("eta9089FilingDate")):
        if _past(today, pwd):
            return _act("pwd_expired", "close", can_restart=False)
        window = case.get("recruitmentWindowCloses")
        window = window if filled(window) else closes
        if filled(case.get("recruitmentStartDate")) and _past(today, window):
            return _restart("recruitment_window_missed", "restart_recruitment", today, pwd)
        if _past(today, closes):
            return _restart("filing_window_missed", "restart_recruitment", today, pwd)
    if _past(today, _certificate_ends(case)):
        again = "restart_recruitment" if _past(today, closes) else "restart_eta9089"
        return _restart("eta9089_expired", again, today, pwd)
    return None


def _restart(kind: str, action: str, today: Any, pwd: Any) -> dict[str, Any]:
    """The action, if the PWD lasts long enough for it."""
    start, end = shaped(today), shaped(pwd)
    left = 0 if start is None or end is None else (end - start) // DAY
    can_restart = left > ENOUGH_TO_RESTART
    return _act(kind, action if can_restart else "close", can_restart=can_restart)


def _act(kind: str, action: str, *, can_restart: bool) -> dict[str, Any]:
    return {"type": kind, "suggestedAction": action, "canRestart": can_restart}


def _certificate_ends(case: Case) -> str | None:
    """When an unused certification ends: as stored, else 180 days after it."""
    certified = case.get("eta9089CertificationDate")
    if not filled(certified) or filled(case.get("i140FilingDate")):
        return None
    stored = case.get("eta9089ExpirationDate")
    if is_shaped(stored):
        return str(stored)
    start = shaped(certified)
    return None if start is None else iso(later(start, CERTIFICATION_LIFE))


def _past(today: Any, date: Any) -> bool:
    start, end = shaped(today), shaped(date)
    return start is not None and end is not None and end < start


def _not_certified(case: Case) -> str | None:
    if not filled(case.get("eta9089CertificationDate")) or not filled(case.get("eta9089ExpirationDate")):
        return "ETA 9089 not yet certified"
    return "I-140 has been filed" if filled(case.get("i140FilingDate")) else None


def _before_filing(case: Case, kind: str) -> str | None:
    if kind == "pwd_expiration" and not filled(case.get("pwdExpirationDate")):
        return NO_DATE
    return FILED if filled(case.get("eta9089FilingDate")) else None


def _answered(case: Case, kind: str) -> str | None:
    entry = _open_entry(case, kind)
    if entry is None:
        return f"{kind[:3].upper()} response has been submitted"
    return None if filled(entry.get("responseDueDate")) else NO_DATE


def _open_entry(case: Case, kind: str) -> Mapping[str, Any] | None:
    """The first open entry. Only what is walked before it is found can be wrong."""
    entries = case.get(SHOWN[kind])
    if entries is not None and not isinstance(entries, list):
        raise Thrown("TypeError")
    for entry in entries or ():
        if is_open(items([entry])[0]):
            return items([entry])[0]
    return None
