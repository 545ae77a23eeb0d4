"""`soak`: the campaigns of `tests/soak`, each a process of its own; stopped and begun again as one likes."""

from __future__ import annotations

import subprocess
import sys

from migration.config import ROOT
from migration.errors import Refusal

CAMPAIGNS = {
    "conduct": "runs that are killed, cut off, refused and out of room, resumed and taken back",
    "convex": "the embedded deployment against convex-test, and under malformed input",
    "runbook": "every command of docs/runbook.md, production's too, typed on embedded pairs",
    "random": "a field, an edge or a row changed at random, each found by a finding of its own",
    "clean": "clean migrations of every size and shape, of which none may be refused",
    "mutants": "mutants of the mapping, of the identities and of the decoders against the checks",
    "calendar": "the calendar clean-up on random calendars, with troubles, deaths and meddling",
    "tidy": "the code clean-up of made-up repositories, previewed, done, killed and taken back",
    "faults": "the whole catalogue of faults on pairs of other sizes and seeds, and over the wire",
}


def run(what: str) -> int:
    """Goes on until all batches are done and writes docs/soak-NAME.md. FAIL when anything broke."""
    if what not in CAMPAIGNS:
        known = "; ".join(f"{name} ({title})" for name, title in CAMPAIGNS.items())
        raise Refusal(f"There is no soak {what!r}.", next_step=f"Known: {known}.")
    return subprocess.run([sys.executable, "-m", f"tests.soak.{what}"], cwd=ROOT, check=False).returncode
