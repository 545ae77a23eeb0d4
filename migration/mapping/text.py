"""Text: what is trimmed, what is copied byte for byte, how e-mail is folded (decision 0001, Text)."""

from __future__ import annotations

import json
from typing import Any

from migration.mapping.fields import Unmappable


def text_of(value: Any) -> str:
    """The text of a JSON value: a string as it is, else compact JSON."""
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except RecursionError:
        raise Unmappable("unreadable_row") from None  # nested a thousand deep: nothing v2 would take either


def copy(value: Any) -> str | None:
    """Optional text byte for byte; exactly `''` is absent."""
    return text_of(value) or None


def keep(value: Any) -> str:
    """Required text byte for byte, `''` included: an empty name is inherited, not repaired."""
    return text_of(value)


def trim(value: Any) -> str | None:
    """Text without surrounding white space; empty afterwards is absent."""
    return text_of(value).strip() or None


def fold(value: Any) -> str:
    """The spelling by which e-mail addresses are compared and stored. NULL folds to `''`.

    Unicode strip, then lower: PostgreSQL's own `trim` and `lower` differ on a few characters.
    """
    return "" if value is None else text_of(value).strip().lower()


def lower(value: Any) -> str:
    """A UUID's text: lower-case with dashes."""
    return text_of(value).lower()
