"""How a text or a date can come out wrong: by trimming, folding, cutting, escaping, decoding, calendars.

Certain values only, whatever the text is; those that leave it as it was are sorted out by `values`.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from datetime import date, timedelta

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")

EVERY_KIND = "2024-02-03"
"""A text to which each mistake is known, whether or not it changes this one."""


def wrong_texts(old: str) -> dict[str, object]:
    """What becomes of a text, by the name of the mistake."""
    return {
        "case swapped": old.swapcase(),
        "upper case": old.upper(),
        "trailing space": f"{old} ",
        "leading space": f" {old}",
        "trimmed": old.strip(),
        "decomposed": unicodedata.normalize("NFD", old),
        "composed": unicodedata.normalize("NFC", old),
        "compatibility composed": unicodedata.normalize("NFKC", old),
        "last character lost": old[:-1],
        "cut to a half": old[: len(old) // 2],
        "line break to literal": old.replace("\n", "\\n"),
        "literal to line break": old.replace("\\n", "\n"),
        "line breaks of Windows": old.replace("\n", "\r\n"),
        "backslashes doubled": old.replace("\\", "\\\\"),
        "quotes doubled": old.replace('"', '""').replace("'", "''"),
        "decoded as Latin-1": old.encode().decode("latin-1"),
        "pictures lost": "".join("?" if ord(symbol) > 0xFFFF else symbol for symbol in old),
        "escaped for HTML": html.escape(old),
        "space without width": f"{old[:1]}\u200b{old[1:]}",
        "made empty": "",
        "the word null": "null",
        "quoted": json.dumps(old),
        "as a number": float(len(old)),
        "as a list": [old],
        **wrong_dates(old),
    }


def wrong_dates(old: str) -> dict[str, object]:
    """Near dates, and other ways to write the same one; nothing for a text that is no date."""
    day = _read(old)
    if day is None:
        return {}
    found: dict[str, object] = {
        "a day later": _shifted(day, 1),
        "a day earlier": _shifted(day, -1),
        "a week later": _shifted(day, 7),
        "a month later": _of_month(day.year + day.month // 12, day.month % 12 + 1, day.day),
        "a year later": _of_month(day.year + 1, day.month, day.day),
        "a century earlier": _of_month(day.year - 100, day.month, day.day),
        "with a time": f"{old}T00:00:00.000Z",
        "the American way": f"{day.month}/{day.day}/{day.year}",
    }
    if day.day <= 12:
        found["day and month swapped"] = _of_month(day.year, day.day, day.month)
    return found


def _read(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None


def _shifted(day: date, days: int) -> str:
    return date.fromordinal(min(max(day.toordinal() + days, 1), date.max.toordinal())).isoformat()


def _of_month(year: int, month: int, day: int) -> str:
    """The day of that month, or its last one where the month is shorter."""
    first = date(min(max(year, 1), 9998), month, 1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return first.replace(day=min(day, last.day)).isoformat()
