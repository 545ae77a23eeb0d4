"""The screenshots of the browser's journeys, laid into the page as far as it has room for them."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from reports.read import IMAGE_TYPES

LARGEST, ROOM = 350_000, 1_000_000
"""Bytes of one screenshot, and of all of them: encoded a third more, well below the page's 3 MB."""


@dataclass(frozen=True)
class Picture:
    """A screenshot as a data URI, or only its name when it is too large for the page."""

    name: str
    uri: str


def pictures(images: Iterable[Path]) -> list[Picture]:
    """Each screenshot, in the given order, while there is room."""
    rows, room = [], ROOM
    for path in images:
        size = path.stat().st_size
        uri = ""
        if size <= min(LARGEST, room):
            room -= size
            kind = IMAGE_TYPES[path.suffix.lower()]
            uri = f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"
        rows.append(Picture(path.stem.replace("_", " "), uri))
    return rows
