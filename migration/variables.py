"""The environment variables of a run, and the `.env` file that may hold them.

Used by `migration.config` only. Not here: what the values mean (`migration.endpoints`).
"""

from __future__ import annotations

import difflib
import re
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from migration.errors import Refusal

OURS = (
    "CUTOVER_APP_URL",
    "CUTOVER_ATTEMPT",  # set by the harness for its child processes
    "CUTOVER_CANARY_EMAIL",
    "CUTOVER_CANARY_PASSWORD",
    "CUTOVER_CONFIRM",
    "CUTOVER_DATA_DIR",
    "CUTOVER_ENV",
    "CUTOVER_PAIR",
    "CUTOVER_PUBLIC_URL",  # set by the harness for its child processes
    "CUTOVER_RENDER_API",
    "CUTOVER_RUN",  # set by the harness for its child processes
    "CUTOVER_RUNS_DIR",
    "CUTOVER_SESSION",  # set by the harness for its child processes
    "CUTOVER_SUPABASE_API",
    "CUTOVER_VERCEL_API",
)
THEIRS = (
    "CONVEX_DEPLOY_KEY",
    "CONVEX_SELF_HOSTED_ADMIN_KEY",
    "CONVEX_SELF_HOSTED_URL",
    "CONVEX_URL",
    "ENCRYPTION_KEY",
    "GOOGLE_CLIENT_ID",
    "GOOGLE_CLIENT_SECRET",
    "RENDER_API_KEY",
    "SUPABASE_ACCESS_TOKEN",
    "SUPABASE_DB_URL",
    "SUPABASE_KEY",
    "SUPABASE_URL",
    "VERCEL_TOKEN",
)
_LINE = re.compile(r"^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$")


def read(root: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that concern us: `.env` first, the real environment over it. Empty counts as not set."""
    found = _env_file(root / ".env")
    for name, value in environ.items():
        if name in THEIRS or name.startswith("CUTOVER_"):
            found[name] = value
    for name, value in found.items():
        _known(name)
        _clean(name, value)
    return {name: value for name, value in found.items() if value}


def nearest(word: str, known: Iterable[str]) -> str:
    """A next step for a mistyped word: the nearest known one, else all of them."""
    words = sorted(known)
    close = difflib.get_close_matches(word, words, n=1, cutoff=0.5)
    return f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(words)}."


def only_ours(path: Path) -> None:
    """Refuses a file with secrets that other users of the machine may read."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise Refusal(
            f"{path} holds secrets and may be read by other users (mode {mode:04o}).",
            next_step=f"chmod 600 {path}",
        )


def _env_file(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    only_ours(path)
    found: dict[str, str] = {}
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        match = _LINE.match(text)
        if match is None:
            raise Refusal(
                f".env, line {number}, is not NAME=value.",
                next_step="Correct the line (its text is not shown).",
            )
        name, value = match.groups()
        if name in THEIRS or name.startswith("CUTOVER_"):
            found[name] = _unquoted(value)
    return found


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value


def _known(name: str) -> None:
    if name.startswith("CUTOVER_") and name not in OURS:
        raise Refusal(f"Unknown environment variable {name}.", next_step=nearest(name, OURS))


def _clean(name: str, value: str) -> None:
    """Quotes and newlines pasted around a value are the commonest reason for a key that does not work."""
    if stray(value) or "\n" in value:
        raise Refusal(
            f"{name} has stray quotes, blanks or a newline around its value.",
            next_step="Set it again without them (the value is not shown).",
        )


def stray(value: str) -> bool:
    """Whether a value carries what was pasted around it: blanks, quotes, a newline, or one spelled `\\n`."""
    quoted = value[:1] in {'"', "'"} or value[-1:] in {'"', "'"}
    return value != value.strip() or quoted or value.endswith(("\\n", "\\r"))
