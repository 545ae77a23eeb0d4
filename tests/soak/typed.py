"""A copy of the checkout at which an operator types: with files of its own (cutover.toml, acceptances), a
commit of its own, and variables for the embedded pair, or for pairs that stand in for test and production.

Used by `tests.soak.runbook`. What stands in for Supabase's management API, Vercel, the resolvers and the
public address is local and labelled so; nothing of it reaches beyond this machine.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fixtures.pair import PairState
from migration.config import ROOT
from migration.endpoints import source_name
from tests.conduct.desk import FOREIGN, variables_of

PROJECT = "abcdefghij"
"""The reference of a Supabase project that does not exist; its host leads to this machine's PostgreSQL."""

ROUTE = f"/v1/projects/{PROJECT}/database/backups"
PATIENCE = 900
PERSON = "Ann"
INSTALLED = ("fixtures/node_modules", ".venv")
SMALL = ("--users", "4", "--cases", "20")
SIZED = ("rehearse", "pair.up", "pair.seed")
"""Lines that are typed with a size beside what the page shows, so that making people up costs little."""


@dataclass(frozen=True)
class Typed:
    """A line of the page as it was typed, and what came of it. `wrong`: why it was not as it had to be."""

    shown: str
    code: int
    seconds: float
    said: str
    wrong: str = ""


@dataclass
class Operator:
    """Types lines of the page in a checkout. `words`: what stands for the page's words in capitals."""

    checkout: Path
    folder: Path
    more: dict[str, str] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    lines: list[Typed] = field(default_factory=list)

    def types(self, shown: str, code: int = 0, says: str = "", **words: str) -> str:
        """One line of the page; all that it said. A line that is not as it must be is noted."""
        put = {**self.words, **words}
        given = shown.split()
        line = [
            PERSON if before == "--by" else put.get(word, word)
            for before, word in zip(["", *given], given, strict=False)
        ]
        sized = SMALL if line[0] in SIZED and "--hazards" not in line else ()
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "verbs.program", *line, *sized],
            cwd=self.checkout,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        text = done.stdout + done.stderr
        flat = " ".join(text.split())
        wrong = "" if done.returncode == code else f"exit {done.returncode}, not {code}: {flat[-400:]}"
        if not wrong and says and not re.search(says, flat):
            wrong = f"it does not say {says!r}: {flat[-400:]}"
        self.lines.append(Typed(shown, done.returncode, round(time.monotonic() - began, 1), flat, wrong))
        return flat

    @property
    def environment(self) -> dict[str, str]:
        """The variables of every line."""
        foreign = (*FOREIGN, "VERCEL_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        return {
            **kept,
            "CUTOVER_DATA_DIR": str(self.folder / "data"),
            "CUTOVER_PAIR": str(self.folder / "kept" / "pair.json"),
            **self.more,
        }

    def record(self, name: str) -> Any:
        """A JSON record of the latest run."""
        return json.loads((self.checkout / "reports" / "latest" / name).read_text())

    def latest(self) -> str:
        """The id of the latest run."""
        return (self.checkout / "reports" / "latest").resolve().name


def checkout_at(place: Path, edit: Callable[[str], str]) -> Path:
    """A copy of this checkout, committed, with its cutover.toml edited."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_file():
            shutil.copy(ROOT / name, place / name)
    for name in INSTALLED:
        (place / name).symlink_to((ROOT / name).resolve())
    shutil.copytree(
        ROOT / "fixtures" / ".build", place / "fixtures" / ".build", ignore=shutil.ignore_patterns("soak")
    )
    settings = place / "cutover.toml"
    settings.write_text(edit(settings.read_text()))
    as_nobody = ["-c", "user.name=drill", "-c", "user.email=drill@example.invalid"]
    for command in (["init", "-q"], ["add", "-A"], [*as_nobody, "commit", "-qm", "the checkout"]):
        subprocess.run(["git", *command], cwd=place, check=True, capture_output=True)
    return place


def of_production(state: PairState, management: str) -> dict[str, str]:
    """The variables with which a pair stands in for production: a Supabase project by its name."""
    parts = urlsplit(state.postgres_dsn)
    account = parts.netloc.rpartition("@")[0]
    host = f"db.{PROJECT}.supabase.co:{parts.port}"
    return {
        **variables_of(state),
        "SUPABASE_DB_URL": f"postgresql://{account}@{host}{parts.path}?hostaddr=127.0.0.1",
        "SUPABASE_ACCESS_TOKEN": "sbp_stand_in",
        "CUTOVER_SUPABASE_API": management,
        "VERCEL_TOKEN": str(state.outside["vercel_token"]),
        "CUTOVER_VERCEL_API": str(state.outside["vercel_api"]),
        "CUTOVER_CONFIRM": name_of(state),
    }


def name_of(state: PairState) -> str:
    """The deployment's name, as it is typed."""
    return state.convex_url.removeprefix("http://")


def toml_of(state: PairState) -> Callable[[str], str]:
    """cutover.toml as it is shipped, but for the pair that stands in for production."""

    def edit(text: str) -> str:
        kept = text.partition("\n[cutover.production]")[0].replace(
            'production_variables = ["AUTH_GOOGLE_ID", "AUTH_GOOGLE_SECRET"]', "production_variables = []"
        )
        return "\n".join(
            [
                kept,
                "[environments.production]",
                f'target = "{name_of(state)}"',
                f'source = "{PROJECT}"',
                "[cutover.production]",
                *_told(state.outside["live"]),
                "",
            ]
        )

    return edit


def in_dress_of(state: PairState) -> Callable[[str], str]:
    """cutover.toml as it is shipped, but that the pair's source is production's and its target the test's."""

    def edit(text: str) -> str:
        named = [
            "[environments.test]",
            f'target = "{name_of(state)}"',
            "[environments.production]",
            f'source = "{source_name(state.postgres_dsn)}"',
        ]
        return "\n".join([text.partition("\n[environments.test]")[0], *named, ""])

    return edit


def _told(live: Mapping[str, Any]) -> list[str]:
    return [f"{name} = {json.dumps(value)}" for name, value in live.items()]


def backups() -> dict[str, Any]:
    """What the stand-in of Supabase's management API lists."""
    now = datetime.now(UTC).isoformat()
    return {"pitr_enabled": False, "backups": [{"status": "COMPLETED", "inserted_at": now}]}
