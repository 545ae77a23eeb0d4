"""How a module of the checks ends that runs as a process of its own (`python -m checks.NAME`)."""

from __future__ import annotations

import sys
from collections.abc import Callable

from migration.errors import CutoverError


def concluded(work: Callable[[], object]) -> int:
    """Does the work: 0, or the exit code of its error, with the error's sentence on standard error."""
    try:
        work()
    except CutoverError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0
