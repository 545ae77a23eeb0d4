"""All findings of a run beside its page: `findings.jsonl` for programs, `findings.csv` for a spreadsheet.

From the run's folder alone: of each check that counts the sample in its record, then what lies beyond it in
`evidence/findings`. Streams, because there may be very many. Values are those of the checks, masked by them.
A cell that a spreadsheet would take for a formula is given an apostrophe, as spreadsheets have it for text.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from migration.model import CheckResult
from reports.read import Evidence
from reports.text import visible

JSON_LINES, CSV = "findings.jsonl", "findings.csv"
_CHECK = ("check", "scope", "phase", "severity")
_FINDING = ("class", "kind", "table", "field", "key", "expected", "actual", "rule")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def write(folder: Path, found: Evidence) -> int:
    """Writes both files into the run's folder; how many findings they list."""
    lines, table = (folder / f".{name}.new" for name in (JSON_LINES, CSV))
    with lines.open("w", encoding="utf-8") as text, table.open("w", encoding="utf-8", newline="") as cells:
        rows = csv.writer(cells, quoting=csv.QUOTE_ALL)
        rows.writerow((*_CHECK, *_FINDING))
        listed = 0
        for one in _all(folder, found.results, found.problems):
            text.write(json.dumps(one) + "\n")
            rows.writerow(cell(one[name]) for name in (*_CHECK, *_FINDING))
            listed += 1
    lines.replace(folder / JSON_LINES)
    table.replace(folder / CSV)
    return listed


def cell(value: Any) -> str:
    """A value as a cell: nothing in it is carried out, hidden or told apart wrongly from what is absent."""
    text = "absent" if value is None else visible(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _all(folder: Path, results: Iterable[CheckResult], problems: list[str]) -> Iterator[dict[str, Any]]:
    for result in results:
        told = (result.id, result.scope, result.phase.value, result.severity.value)
        head = dict(zip(_CHECK, told, strict=True))
        for finding in (*_sample(result), *_further(folder / result.listing, problems)):
            yield {**head, **{name: finding.get(name) for name in _FINDING}}


def _sample(result: CheckResult) -> Iterator[dict[str, Any]]:
    for finding in result.findings:
        yield finding.model_dump(mode="json", by_alias=True)


def _further(path: Path, problems: list[str]) -> Iterator[dict[str, Any]]:
    """The lines beyond the sample; a torn one is named, and the others still count."""
    if not path.exists():
        return
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                finding = json.loads(line)
            except ValueError:
                finding = None
            if isinstance(finding, dict):
                yield finding
            else:
                problems.append(f"Line {number} of {path.name} can not be read.")
