"""Status: v1's fourteen words and free text, v2's two words, and v2's rule that derives them from dates.

`translate` turns what v1 showed into v2's words; `auto_status` is v2's own `calculateAutoStatus`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from migration.mapping.dates import WAIT_DAYS, days_after, last_recruitment
from migration.mapping.fields import Row, Unmappable
from migration.mapping.text import text_of

_WORDS = {
    "pwd": "pwd",
    "pwd approved": "recruitment",
    "recruitment": "recruitment",
    "eta 9089 prep": "eta9089",
    "eta 9089 filed": "eta9089",
    "eta 9089 audit": "eta9089",
    "eta 9089 certified": "i140",
    "i-140 prep": "i140",
    "i-140 filed": "i140",
    "i-140 approved": "i140",
    "complete": "i140",
    "closed": "closed",
    "withdrawn": "closed",
    "denied": "closed",
}
_CLOSURE = {"closed": "manual", "withdrawn": "withdrawn", "denied": "denied"}
_PROGRESS_OF_WORD = {
    "eta 9089 filed": "filed",
    "i-140 filed": "filed",
    "eta 9089 audit": "under_review",
    "i-140 approved": "approved",
    "complete": "approved",
}
_PROGRESS_OF_TEXT = {
    "working": ("working on it", "in_progress", "working"),
    "under_review": ("under review", "under_review"),
    "waiting_intake": (
        *("pending intake", "pending documents", "pending signatures", "waiting period"),
        *("pending", "on_hold", "waiting_intake"),
    ),
    "filed": ("filed",),
    "approved": ("complete", "completed", "approved"),
    "rfi_rfe": ("rfi_rfe",),
}
_TEXTS = {text: progress for progress, texts in _PROGRESS_OF_TEXT.items() for text in texts}
_STEPS = ("jobOrderStartDate", "jobOrderEndDate", "sundayAdFirstDate", "sundayAdSecondDate")
_NOTICE = ("noticeOfFilingStartDate", "noticeOfFilingEndDate")
_PROFESSIONAL_METHODS = 3
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_DAY_MS = 86_400_000


class Status(NamedTuple):
    """v2's pair of words."""

    case: str
    progress: str


class Translated(NamedTuple):
    """What v1 showed, in v2's words; `unknown` is a progress text that no word fits."""

    status: Status
    closure: str | None
    unknown: str | None


def translate(row: Row, *, open_entry: bool) -> Translated:
    """The status of a v1 case. `open_entry`: an RFI or RFE was received and is not answered."""
    word = text_of(row.get("case_status")).strip().casefold()
    case = _WORDS.get(word)
    if case is None:
        raise Unmappable("unknown_case_status", "case_status")
    closure = _CLOSURE.get(word)
    if open_entry and case != "closed":
        return Translated(Status(case, "rfi_rfe"), closure, None)
    text = text_of(row.get("progress_status") or "")
    if text.strip():
        known = _TEXTS.get(text.strip().casefold())
        return Translated(Status(case, known or "working"), closure, None if known else text)
    return Translated(Status(case, _PROGRESS_OF_WORD.get(word, "working")), closure, None)


def has_open_entry(entries: list[Any] | None) -> bool:
    """Whether an entry was received and not answered (v2's own test)."""
    return any(
        entry.get("receivedDate") and not entry.get("responseSubmittedDate") for entry in entries or ()
    )


def auto_status(case: Mapping[str, Any], now_ms: float) -> Status:
    """`calculateAutoStatus` at this instant: what v2 would write at the first edit without an override."""
    if has_open_entry(case.get("rfeEntries")):
        return Status("i140", "rfi_rfe")
    if has_open_entry(case.get("rfiEntries")):
        return Status("eta9089", "rfi_rfe")
    for field, status in _BY_DATE:
        if case.get(field):
            return status
    if case.get("pwdDeterminationDate"):
        return _recruiting(case, now_ms)
    return Status("pwd", "filed" if case.get("pwdFilingDate") else "working")


_BY_DATE = (
    ("i140ApprovalDate", Status("i140", "approved")),
    ("i140DenialDate", Status("closed", "approved")),
    ("i140FilingDate", Status("i140", "filed")),
    ("eta9089CertificationDate", Status("i140", "working")),
    ("eta9089FilingDate", Status("eta9089", "filed")),
)


def _recruiting(case: Mapping[str, Any], now_ms: float) -> Status:
    end = last_recruitment(case) if recruitment_complete(case) else None
    if end is None:
        return Status("recruitment", "working")
    opens = (date.fromisoformat(days_after(end, WAIT_DAYS)).toordinal() - _EPOCH_DAY) * _DAY_MS
    return Status("eta9089", "working") if opens <= now_ms else Status("recruitment", "filed")


def recruitment_complete(case: Mapping[str, Any]) -> bool:
    """`isRecruitmentComplete`: all ordinary steps have dates, and a professional case three more steps."""
    if not all(case.get(step) for step in (*_STEPS, *_NOTICE)):
        return False
    if not case.get("isProfessionalOccupation") or case.get("additionalRecruitmentEndDate"):
        return True
    methods = case.get("additionalRecruitmentMethods") or ()
    return sum(bool(one.get("method") and one.get("date")) for one in methods) >= _PROFESSIONAL_METHODS
