"""`gallery`: the pictures of docs/, taken of the newest run of each verdict on this machine.

Only of runs on the embedded pair, whose data is made up: the pictures are public.
"""

from __future__ import annotations

from pathlib import Path

from fixtures.portraits import A4, Look, browser, portrait
from migration import config
from migration.config import ROOT
from migration.errors import Refusal
from migration.model import Verdict
from reports.read import evidence
from verbs.show import answer

PICTURES = {
    "report.png": (Verdict.PASS, Look()),
    "report-fail.png": (Verdict.FAIL, Look()),
    "report-unknown.png": (Verdict.UNKNOWN, Look(colours="dark")),
    "report-phone.png": (Verdict.FAIL, Look(width=390, height=844)),
    "report-print.png": (Verdict.PASS, Look(*A4, paper=True)),
}


def take() -> None:
    """Writes every picture, or a `Refusal` that names the verdict of which there is no run."""
    pages = _newest()
    if missing := {verdict.value for verdict, _ in PICTURES.values()} - pages.keys():
        raise Refusal(
            f"There is no run on the embedded pair that came to {', '.join(sorted(missing))}.",
            next_step="./inv rehearse; ./inv rehearse --fault one-cent; ./inv migrate verify on a kept pair.",
        )
    with browser() as chromium:
        for name, (verdict, look) in PICTURES.items():
            size = portrait(chromium, pages[verdict.value], ROOT / "docs" / name, look)
            answer(f"docs/{name}  {size / 1000:.0f} kB  of run {pages[verdict.value].parent.name}")


def _newest() -> dict[str, Path]:
    """The page of the newest embedded run of each verdict."""
    found: dict[str, Path] = {}
    for page in sorted(config.runs_dir().glob("*/report.html")):
        run = evidence(page.parent)
        if run.manifest.get("environment") == "embedded":
            found[str(run.verdict.get("verdict"))] = page
    return found
