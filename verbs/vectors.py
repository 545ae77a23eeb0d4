"""Date vectors through both implementations of the rules: the checks', as a process, and the mapping's.

The mapping has only the rules that it needs, and takes only what a row can hold: the other functions, and
days that its quarantine keeps out, count as not covered.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fixtures.vectors import NotCovered, judged, read
from migration.config import ROOT
from migration.errors import FAIL, PASS
from migration.mapping import dates, instants, status
from migration.mapping.fields import Unmappable
from verbs.show import answer as say

Input = Mapping[str, Any]
CLOCK = "now"


def judge(path: str) -> int:
    """Runs both and prints what they came to. 0, 10, or 12 for a file that can not be read."""
    chosen = ["--vectors", str(Path(path).absolute())] if path else []
    command = [sys.executable, "-m", "checks.dates_cli", *chosen]
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    if code not in (PASS, FAIL):
        return code
    mapping = judged("the mapping's date rules", read(Path(path) if path else _default()), answer)
    for line in mapping.lines():
        say(line)
    return FAIL if mapping.failed else code


def answer(fn: str, given: Input) -> Any:
    """What the mapping makes of a vector. NotCovered for what it has not or would quarantine."""
    if fn not in FUNCTIONS:
        raise NotCovered
    try:
        return FUNCTIONS[fn](given)
    except Unmappable:
        raise NotCovered from None
    except ValueError:
        return {"$throws": "Error"}


def _default() -> Path:
    return ROOT / "checks" / "facts" / "date_vectors.jsonl"


def _text(value: Any) -> str:
    """A column's text; anything else never reaches the rule."""
    if not isinstance(value, str):
        raise NotCovered
    return value


def _day(value: Any) -> str:
    """A day as a row holds it; text that is none is quarantined before the rule."""
    return dates.day(value)


def _status(given: Input) -> dict[str, str]:
    methods = given.get("additionalRecruitmentMethods") or ()
    for value in (*given.values(), *(method.get("date") for method in methods)):
        if isinstance(value, str) and value and value != given[CLOCK]:
            _day(value)
    found = status.auto_status(given, instants.instant(given[CLOCK]))
    return {"caseStatus": found.case, "progressStatus": found.progress}


FUNCTIONS: dict[str, Callable[[Input], Any]] = {
    "calculatePWDExpiration": lambda given: dates.pwd_expiration(_text(given.get("determinationDate"))),
    "calculateETA9089Expiration": lambda given: dates.eta9089_expiration(
        _day(given.get("certificationDate"))
    ),
    "calculateI140FilingDeadline": lambda given: dates.eta9089_expiration(
        _day(given.get("eta9089CertificationDate"))
    ),
    "calculateRFIDueDate": lambda given: dates.rfi_due(_day(given.get("receivedDate"))),
    "calculateDerivedDates": dates.derived_dates,
    "addDaysToISO": lambda given: dates.add_days(_text(given.get("date")), given["days"]),
    "calculateAutoStatus": _status,
    "isRecruitmentComplete": status.recruitment_complete,
}
"""v2's functions that the mapping has."""
