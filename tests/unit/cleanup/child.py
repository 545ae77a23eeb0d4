"""One command of the clean-up in a process of its own, which a test kills: `child.py FOLDER ADDRESS COMMAND`.

The scene is made again from its numbers; Google is the emulator of the test, at ADDRESS.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from migration.calendar.google import Endpoints
from tests.unit.cleanup.support import ground

USERS, EVENTS = 2, 24


def main() -> None:
    """Does what it is told."""
    folder, address, command = sys.argv[1:]
    made = replace(
        ground(Path(folder), users=USERS, events=EVENTS),
        transport=None,
        endpoints=Endpoints(address, address),
    )
    commands: dict[str, Callable[[], object]] = {
        "plan": made.plan,
        "delete": made.delete,
        "restore": made.restore,
    }
    commands[command]()


if __name__ == "__main__":
    main()
