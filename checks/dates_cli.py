"""`python -m checks.dates_cli --vectors FILE`: a file of date vectors through the checks' own date rules.

Prints how many passed, failed and are not covered, and the first failures. Ends with 0 when all passed, with
10 when one failed or is not covered, with 12 and one paragraph when the file can not be read. Touches no run.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from checks.calendar.functions import FUNCTIONS, answered
from checks.facts import FOLDER
from fixtures.vectors import NotCovered, judged, read
from migration.errors import FAIL, PASS, CutoverError

DEFAULT = FOLDER / "date_vectors.jsonl"


def answer(fn: str, given: Mapping[str, Any]) -> Any:
    """What the checks' function of this name answers. NotCovered for a name that v2 has not."""
    if fn not in FUNCTIONS:
        raise NotCovered
    return answered(FUNCTIONS[fn], given)


def main(arguments: Sequence[str] | None = None) -> int:
    """Judges the file and returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m checks.dates_cli", description=__doc__)
    parser.add_argument("--vectors", type=Path, default=DEFAULT, help="a file of date vectors, one a line")
    path = parser.parse_args(arguments).vectors
    try:
        outcome = judged("the checks' date rules", read(path), answer)
    except CutoverError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    sys.stdout.write("".join(f"{line}\n" for line in outcome.lines()))
    return FAIL if outcome.failed or outcome.uncovered else PASS


if __name__ == "__main__":
    sys.exit(main())
