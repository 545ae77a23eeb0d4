"""`soak`: the campaigns of `tests/soak`, each a process of its own; stopped and begun again as one likes."""

from __future__ import annotations

import subprocess
import sys

from migration.config import ROOT
from migration.errors import Refusal

CAMPAIGNS = {
    "conduct": "runs that are killed, cut off, refused and out of room, resumed and taken back",
    "convex": "the embedded deployment against convex-test, and under malformed input",
}


def run(what: str) -> int:
    """Goes on until all batches are done and writes docs/soak-NAME.md. FAIL when anything broke."""
    if what not in CAMPAIGNS:
        known = "; ".join(f"{name} ({title})" for name, title in CAMPAIGNS.items())
        raise Refusal(f"There is no soak {what!r}.", next_step=f"Known: {known}.")
    return subprocess.run([sys.executable, "-m", f"tests.soak.{what}"], cwd=ROOT, check=False).returncode
