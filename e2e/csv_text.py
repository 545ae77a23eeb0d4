"""Reads v2's CSV as v2 writes it: quotes only around a comma, a quote or a line feed; a lone CR is text.

Python's own reader takes a CR for the end of a line, so a value that holds one would be torn apart.
"""

from __future__ import annotations

import re

# One cell and what ends it: quoted text with doubled quotes, or anything up to a comma or a line feed.
CELL = re.compile(r'(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n|\Z)')


def rows_of(text: str) -> list[list[str]]:
    """The rows of cells. ValueError where a quote stands where v2 would not put one."""
    rows: list[list[str]] = [[]]
    at = 0
    while True:
        found = CELL.match(text, at)
        if found is None:
            raise ValueError(f"not a CSV of v2 at character {at}")
        quoted, plain, end = found.groups()
        rows[-1].append(plain if quoted is None else quoted.replace('""', '"'))
        at = found.end()
        if end == "\n":
            rows.append([])
        elif not end:
            return rows
