"""What v1 wrote on its events: the eight labels before the employer's name, and the product's name.

v2 writes the very same labels, and so may a person: a title by itself proves nothing (`classify` decides).
"""

from __future__ import annotations

PRODUCT = "PERM Tracker"

LABELS = (
    "PWD Expiration:",
    "ETA 9089 Filing:",
    "ETA 9089 Expiration:",
    "Ready to File:",
    "Recruitment Expires:",
    "I-140 Deadline:",
    "RFI Response Due:",
    "RFE Response Due:",
)

SEARCHES = (PRODUCT, *LABELS)
"""The free-text searches that find candidates beyond the ids that v1 stored."""


def label_of(title: str) -> str | None:
    """The label that a title begins with; None for any other title."""
    return next((label for label in LABELS if title.startswith(label)), None)


def employer_of(title: str) -> str:
    """What follows the label, folded for comparison; empty without a label."""
    label = label_of(title)
    return folded(title.removeprefix(label)) if label else ""


def folded(text: str) -> str:
    """A name as it is compared: single blanks, no case."""
    return " ".join(text.split()).casefold()


def masked(title: str) -> str:
    """A title as it may be shown: its label, but never the employer's name behind it (law 13)."""
    label = label_of(title)
    return f"{label} ***" if label else "***"


def masked_email(address: str) -> str:
    """An e-mail address as it may be shown: a***@d***."""
    name, _, domain = address.strip().partition("@")
    return f"{name[:1]}***@{domain[:1]}***" if domain else "***"
