"""What v2's dashboard counts: seven tiles over a user's live cases (dashboard:getSummary)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

TILES = ("pwd", "recruitment", "eta9089", "i140", "complete", "closed", "duplicates")


def tiles(cases: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """The number on each tile, and `total`. An approved I-140 is complete and no longer I-140."""
    found: Counter[str] = Counter()
    for case in cases:
        if "deletedAt" in case:
            continue
        complete = (case["caseStatus"], case["progressStatus"]) == ("i140", "approved")
        found["complete" if complete else str(case["caseStatus"])] += 1
        found["duplicates"] += "duplicateOf" in case
        found["total"] += 1
    return {name: found[name] for name in (*TILES, "total")}
