"""Writes report.html, summary.md and the lists of findings of a run from its folder alone: the same records
give the same bytes.

`report.html` is one file without any outside request. Its one script folds and filters what is there; the
page says everything without it, and the browser is told to run no other. All text from records is escaped by
the template engine, and characters that could hide or reorder text are shown as codes.
"""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reports import listing
from reports.read import evidence
from reports.text import markdown, visible
from reports.view import page

TEMPLATES = Path(__file__).parent / "templates"


def write(folder: Path) -> Path:
    """Renders the run in `folder` into it and returns the path of report.html."""
    found = evidence(folder)
    listed = listing.write(folder, found)
    shown = page(found, listed)
    html = _environment().get_template("report.html.j2").render(page=shown)
    summary = _environment().get_template("summary.md.j2").render(page=shown)
    _replace(folder / "summary.md", summary)
    return _replace(folder / "report.html", html)


def _policy(style: str, script: str) -> str:
    """What the page allows itself: its own style and script by their digests, pictures inside it, no more."""
    allowed = {"style-src": style, "script-src": script}
    own = [
        f"{kind} 'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
        for kind, text in allowed.items()
    ]
    return "; ".join(["default-src 'none'", "img-src data:", *own, "base-uri 'none'", "form-action 'none'"])


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 60 else f"{seconds // 60:.0f} min {seconds % 60:02.0f} s"


def _thousands(value: int) -> str:
    return f"{value:,}"


def _finalize(value: object) -> object:
    """Every text that reaches a page passes here, whatever the template forgot."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(md=markdown, n=_thousands, minutes=_minutes)
    style, script = ((TEMPLATES / name).read_text(encoding="utf-8") for name in ("report.css", "report.js"))
    environment.globals.update(
        style=Markup(style),  # noqa: S704 - our own, and no record's word is in it
        script=Markup(script),  # noqa: S704 - as above
        policy=Markup(_policy(style, script)),  # noqa: S704 - digests
    )
    return environment


def _replace(path: Path, text: str) -> Path:
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
    return path
