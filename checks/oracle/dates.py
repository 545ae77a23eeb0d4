"""The date rules as the oracle needs them: over days that exist, in years that a v1 column can carry.

The rules themselves are `checks.calendar`'s. Here a rule refuses what is no day (ValueError) and what it
would give beyond year 9999 (OverflowError): such a row is to be in quarantine.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from checks.calendar import windows
from checks.calendar.days import Thrown
from checks.calendar.reading import is_shaped

DERIVED = (
    "recruitmentStartDate",
    "recruitmentEndDate",
    "filingWindowOpens",
    "filingWindowCloses",
    "recruitmentWindowCloses",
)


def is_real(text: object) -> bool:
    """Whether this is the text of a day that exists."""
    return isinstance(text, str) and _exists(text)


@lru_cache(maxsize=1 << 15)
def _exists(text: str) -> bool:
    if not is_shaped(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


@lru_cache(1 << 15)
def pwd_expiration(determination: str) -> str:
    """20 CFR 656.40(c). ValueError and OverflowError as above.

    v2 writes a year before 1000 with fewer digits, which nobody could read as a date: such a year is carried
    with its zeros.
    """
    return _carried(windows.pwd_expiration(_real(determination)).rjust(len("0025-06-30"), "0"))


@lru_cache(1 << 15)
def eta_expiration(certification: str) -> str:
    """A certified ETA 9089 lives 180 days; the I-140 deadline is the same day. Errors as above."""
    return _carried(windows.days_after(_real(certification), windows.CERTIFICATION_LIFE))


@lru_cache(1 << 15)
def rfi_due(received: str) -> str:
    """An RFI is due 30 days after it came. Errors as above."""
    return _carried(windows.days_after(_real(received), windows.RFI_RESPONSE))


def derived(case: Mapping[str, Any]) -> dict[str, str]:
    """The dates v2 derives from a case document (its keys are v2's); those without their inputs are left out.

    None at all where v2 could not read the document. OverflowError as above.
    """
    try:
        found = windows.derived(case)
    except Thrown:
        return {}
    return {field: _carried(value) for field, value in found.items() if value}


def _real(text: str) -> str:
    if not is_real(text):
        raise ValueError("not a date")
    return text


@lru_cache(1 << 15)
def _carried(text: str) -> str:
    if not is_shaped(text):
        raise OverflowError("beyond year 9999")
    return text
