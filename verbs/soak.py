"""`soak`: the long runs, stopped and begun again as one likes. What they do: `fixtures.soak`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from fixtures import soak
from migration.config import ROOT
from migration.errors import FAIL, PASS, Refusal
from verbs.show import answer

KINDS = ("convex",)


def run(what: str) -> int:
    """Goes on until all batches are done and writes the page. FAIL when anything broke."""
    if what not in KINDS:
        raise Refusal(f"There is no soak {what!r}.", next_step=f"Known: {', '.join(KINDS)}.")
    with tempfile.TemporaryDirectory() as folder:
        batches = soak.run(Path(folder), answer)
    soak.PAGE.write_text(soak.page(batches), "utf-8")
    answer(f"written: {soak.PAGE.relative_to(ROOT)}")
    return FAIL if any(batch["broken"] for batch in batches) else PASS
