"""Writes report.html and summary.md of a run from its folder alone: the same records give the same bytes.

`report.html` is one file without any outside request or script. All text from records is escaped by the
template engine, and characters that could hide or reorder text are shown as codes.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reports.read import evidence
from reports.view import page

TEMPLATES = Path(__file__).parent / "templates"
HIDDEN = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
LONGEST = 400


def write(folder: Path) -> Path:
    """Renders the run in `folder` into it and returns the path of report.html."""
    shown = page(evidence(folder))
    html = _environment().get_template("report.html.j2").render(page=shown)
    summary = _environment().get_template("summary.md.j2").render(page=shown)
    _replace(folder / "summary.md", summary)
    return _replace(folder / "report.html", html)


def visible(value: object) -> str:
    """Text with its control, direction and private characters as codes, cut at 400 characters."""
    text = str(value)
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}... ({len(text):,} characters)"
    return "".join(_code(letter) if unicodedata.category(letter) in HIDDEN else letter for letter in text)


def markdown(value: object) -> Markup:
    """Text for a table cell of Markdown: nothing in it is taken for markup."""
    escaped = re.sub(r"([\\`*_{}\[\]()#+!|<>&~])", r"\\\1", visible(value))
    return Markup(escaped)  # noqa: S704 - escaped for Markdown, which is not HTML


def _code(letter: str) -> str:
    return {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(letter, f"\\u{ord(letter):04x}")


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
    environment.filters.update(md=markdown, n=_thousands)
    return environment


def _replace(path: Path, text: str) -> Path:
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
    return path
