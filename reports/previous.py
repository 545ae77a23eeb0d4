"""The run before this one on the same pair, and what is other now; two that agree exactly are said to.

Looked up once, when a run is concluded, and noted in `previous.json`, so that the page can be drawn again
from the run's folder alone, also where the earlier run is not. The comparison itself is `reports.compare`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reports.compare import Change, Comparison, compare
from reports.read import Evidence, evidence
from reports.tables import mapping, number

NAME = "previous.json"
SHOWN = 40
"""Changes of each kind that are noted; their number is exact."""
TITLES = {
    "verdicts": "Verdict and decision",
    "checks": "Checks",
    "totals": "What the checks counted",
    "counts": "Rows and documents",
}


@dataclass(frozen=True)
class Previous:
    """What the page shows. `changes`: title, how many, and the first of them. `but_for_the_sample`: nothing
    is other than counts of the app's sample, which is drawn anew in each run."""

    run_id: str
    agree: bool
    but_for_the_sample: bool
    changes: list[tuple[str, int, list[Change]]]
    durations: list[Change]


def note(folder: Path) -> Path | None:
    """Writes `previous.json` into a run's folder; None, and no file, when no run came before it."""
    found = evidence(folder)
    before = _before(folder, found)
    path = folder / NAME
    if before is None:
        path.unlink(missing_ok=True)
        return None
    temporary = path.with_name(f".{NAME}.new")
    told = _told(before, compare(before, found))
    temporary.write_text(json.dumps(told, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return temporary.replace(path)


def previous(record: Mapping[str, Any]) -> Previous | None:
    """What the page shows of the note; None where the run has none."""
    if not record.get("run_id"):
        return None
    changes = [
        (
            title,
            number(mapping(record.get(name)).get("count")),
            _changes(mapping(record.get(name)).get("first")),
        )
        for name, title in TITLES.items()
    ]
    return Previous(
        run_id=str(record["run_id"]),
        agree=record.get("agree") is True and not any(count for _, count, _ in changes),
        but_for_the_sample=_of_the_sample([row for row in changes if row[1]]),
        changes=[row for row in changes if row[1]],
        durations=_changes(mapping(record.get("durations")).get("first")),
    )


def _of_the_sample(changes: list[tuple[str, int, list[Change]]]) -> bool:
    """A list that was cut short, or anything but a count, may hide more than the sample."""
    if [title for title, _, _ in changes] != [TITLES["totals"]]:
        return False
    (_, count, first) = changes[0]
    return count == len(first) and all(one.what.startswith("sample.") for one in first)


def _before(folder: Path, found: Evidence) -> Evidence | None:
    """The latest earlier run on the same pair that was judged. Run ids begin with their moment."""
    for other in sorted(folder.parent.glob("*/verdict.json"), reverse=True):
        if other.parent.name < folder.name:
            earlier = evidence(other.parent)
            if earlier.results and _pair(earlier) == _pair(found):
                return earlier
    return None


def _pair(found: Evidence) -> tuple[Any, ...]:
    """An embedded pair is made anew each time: there, the same data stand for the same pair."""
    environment, snapshot = found.manifest.get("environment"), mapping(found.manifest.get("snapshot"))
    if environment == "embedded":
        rows = {name: mapping(table).get("rows") for name, table in mapping(snapshot.get("tables")).items()}
        return environment, sorted(rows.items())
    sides = (mapping(found.manifest.get(side)).get("identity") for side in ("source", "target"))
    return environment, *sides


def _told(before: Evidence, changed: Comparison) -> dict[str, Any]:
    told = {name: _listed(getattr(changed, name)) for name in (*TITLES, "durations")}
    return {"run_id": before.run_id, "agree": changed.agree, **told}


def _listed(changes: list[Change]) -> dict[str, Any]:
    first = [[one.what, one.first, one.second] for one in changes[:SHOWN]]
    return {"count": len(changes), "first": first}


def _changes(given: Any) -> list[Change]:
    rows = given if isinstance(given, list) else []
    return [Change(*map(str, row)) for row in rows if isinstance(row, list) and len(row) == 3]
