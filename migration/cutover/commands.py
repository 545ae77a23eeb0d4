"""Runs a configured command: a list of arguments, for no shell, with a time limit and its output kept.

The output goes to the run's private data folder, because nobody knows what a foreign program prints. What the
command needs to know stands in its environment; its own credentials are there already, as its owner set them.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from migration.config import ROOT
from migration.errors import RunIncomplete

_OURS = ("CONVEX_SELF_HOSTED_ADMIN_KEY", "SUPABASE_DB_URL", "SUPABASE_KEY", "CUTOVER_CANARY_PASSWORD")
"""Secrets of a migration that deploying, pointing and announcing have no use for."""


def run(command: Sequence[str], log: Path, seconds: float, more: Mapping[str, str]) -> None:
    """Returns when the command ended with 0; `RunIncomplete` otherwise, and its process has ended then too.

    `more`: variables beside this process's own. `log`: a file in the run's data folder that is added to.
    """
    environment = {name: value for name, value in os.environ.items() if name not in _OURS}
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    log.touch(mode=0o600)
    with log.open("ab") as output:
        try:
            done = subprocess.run(
                list(command),
                cwd=ROOT,
                env={**environment, **more},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise _failed(command, log, f"did not end within {seconds:.0f} s and was ended") from None
        except OSError as error:
            raise _failed(command, log, f"can not be started ({type(error).__name__})") from None
    if done.returncode:
        raise _failed(command, log, f"ended with code {done.returncode}")


def _failed(command: Sequence[str], log: Path, how: str) -> RunIncomplete:
    return RunIncomplete(
        f"The command {command[0]} {how}.",
        touched="What it had done by then is not known here.",
        next_step=f"{log} has what it said.",
    )
