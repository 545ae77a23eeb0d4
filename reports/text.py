"""How text from records is shown: nothing in it may hide, reorder or end what stands beside it."""

from __future__ import annotations

import re
import unicodedata

from markupsafe import Markup

HIDDEN = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
LONGEST = 400


def visible(value: object) -> str:
    """Text with its control, direction and private characters as codes, cut at 400 characters."""
    text = str(value)
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}... ({len(text):,} characters)"
    if text.isascii() and text.isprintable():
        return text
    return "".join(_code(letter) if unicodedata.category(letter) in HIDDEN else letter for letter in text)


def markdown(value: object) -> Markup:
    """Text for a table cell of Markdown: nothing in it is taken for markup."""
    escaped = re.sub(r"([\\`*_{}\[\]()#+!|<>&~])", r"\\\1", visible(value))
    return Markup(escaped)  # noqa: S704 - escaped for Markdown, which is not HTML


def _code(letter: str) -> str:
    return {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(letter, f"\\u{ord(letter):04x}")
