"""What the canary's pages must show: the expected values of the run, and how v2 writes them on a page.

The values were taken from the source by the checks (`data/expected_canary.json`). Nothing is computed here
but formats: a date "Jan 5, 2024", money "$85,000.00", a missing value "-".
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from migration.errors import RunIncomplete
from migration.run import Run

MISSING = "-"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
STAGES = {
    "pwd": "PWD",
    "recruitment": "Recruitment",
    "eta9089": "ETA 9089",
    "i140": "I-140",
    "closed": "Closed",
}
PROGRESS = {
    "working": "Working",
    "waiting_intake": "Waiting for Intake",
    "filed": "Filed",
    "approved": "Approved",
    "under_review": "Under Review",
    "rfi_rfe": "RFI/RFE",
}

Case = dict[str, Any]


@dataclass(frozen=True)
class Expected:
    """The canary's documents as the target must hold them, and its dashboard's counts."""

    cases: list[Case]
    summary: dict[str, int]

    @property
    def live(self) -> list[Case]:
        """The cases that v2 shows."""
        return [case for case in self.cases if case.get("deletedAt") is None]

    @property
    def deleted(self) -> list[Case]:
        """The cases that v2 must not show."""
        return [case for case in self.cases if case.get("deletedAt") is not None]


def read(run: Run) -> Expected:
    """The expected values of this run. Without them nothing can be judged: RunIncomplete."""
    path = run.data / "expected_canary.json"
    if not path.exists():
        raise RunIncomplete("The canary's expected values were not written.", next_step="invoke smoke")
    content = json.loads(path.read_bytes())
    return Expected(content["cases"], content["summary"])


def key_of(case: Case) -> str:
    """The row's key in a finding: its UUID in v1."""
    return str(case.get("legacyId") or case["_id"])


def shown_date(value: str | None) -> str:
    """A stored date as a page writes it; text that is no date as it stands."""
    if not value:
        return MISSING
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return value
    return f"{MONTHS[day.month - 1]} {day.day}, {day.year}"


def shown_money(cents: float | None) -> str:
    """Cents as dollars."""
    return MISSING if cents is None else f"${cents / 100:,.2f}"


def shown_text(value: str | float | None) -> str:
    """Text or a number; 0 is a value, an empty text is not."""
    if value is None or value == "":
        return MISSING
    return number(value) if isinstance(value, float | int) else value


def shown_premium(value: bool | None) -> str:
    """Premium processing has a word of its own."""
    return "Premium" if value else MISSING


def number(value: float) -> str:
    """A number as JavaScript prints it: no point in whole numbers."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def csv_cell(value: Any) -> str:
    """A stored value as the CSV export writes it, before quoting."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return number(value) if isinstance(value, float | int) else str(value)
