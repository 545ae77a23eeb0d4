"""A place of its own from which the product is used as a person would: lines typed, codes and words read.

A line runs as a process of its own (`start`, `line`), or inside the test's process where only its ways of
refusing are asked for (`say`), which costs a tenth. Whatever is answered is searched for secrets and for
people's data at once.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from fixtures.canary import CANARY_EMAIL
from fixtures.pair import PairState
from verbs import program
from verbs.line import LINE, Line

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 300  # seconds; a small rehearsal takes twenty on two idle cores
FOREIGN = ("CUTOVER_", "PYTEST_", "CONVEX_", "SUPABASE_")
PERSONAL = ("@example.com", "gAAAAABSYNTHETIC", CANARY_EMAIL)


class Said(NamedTuple):
    """What a line came to: its code, what it answered, what it complained of."""

    code: int
    answered: str
    complained: str

    @property
    def words(self) -> str:
        """The complaint on one line, however it was filled."""
        return " ".join(self.complained.split())


@dataclass
class Desk:
    """A folder for runs, data and temporary files. `secrets` must never be said or written as evidence."""

    folder: Path
    temporary: Path
    secrets: list[str] = field(default_factory=list)
    more: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """The variables of every line typed here."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        return {
            **kept,
            "CUTOVER_RUNS_DIR": str(self.folder / "reports" / "runs"),
            "CUTOVER_DATA_DIR": str(self.folder / "data"),
            "CUTOVER_PAIR": str(self.folder / "no-pair" / "pair.json"),
            "TMPDIR": str(self.temporary),
            **self.more,
        }

    def start(
        self,
        *arguments: str,
        more: Mapping[str, str] | None = None,
        before: str = "",
        checkout: Path = ROOT,
    ) -> subprocess.Popen[str]:
        """One command line, running. `before` is Python that runs in its process first."""
        begun = (
            ["-c", f"{before}\nfrom verbs.program import main\nmain()"] if before else ["-m", "verbs.program"]
        )
        return subprocess.Popen(
            [sys.executable, *begun, *arguments],
            cwd=checkout,
            env={**self.environment, **(more or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def line(self, *arguments: str, **given: Any) -> Said:
        """One command line in a process of its own."""
        return self.heard(self.start(*arguments, **given))

    def heard(self, process: subprocess.Popen[str]) -> Said:
        """The end of a process, and its words."""
        answered, complained = process.communicate(timeout=PATIENCE)
        return self._discreet(Said(process.returncode, answered, complained))

    def say(self, *arguments: str, **more: str) -> Said:
        """One command line in this process. A variable given as "" is not set."""
        chosen = {name: value for name, value in {**self.environment, **more}.items() if value}
        out, err = io.StringIO(), io.StringIO()
        with (
            patch.dict(os.environ, chosen, clear=True),
            patch.object(sys, "argv", ["inv", *arguments]),
            contextlib.chdir(ROOT),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            _own_line(),
        ):
            try:
                program.main()
                code = 0
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else 0
        return self._discreet(Said(code, out.getvalue(), err.getvalue()))

    def _discreet(self, said: Said) -> Said:
        """Never a traceback, never a secret, never people's data."""
        text = said.answered + said.complained
        assert "Traceback" not in text, text
        assert [word for word in (*self.secrets, *PERSONAL) if word in text] == []
        return said

    def runs(self) -> list[Path]:
        """The folders of the runs begun here, the oldest first."""
        return sorted(path.parent for path in (self.folder / "reports" / "runs").glob("*/manifest.json"))

    def run(self) -> Path:
        """The folder of the only run."""
        (only,) = self.runs()
        return only

    def record(self, name: str) -> Any:
        """One JSON record of the latest run."""
        return json.loads((self.runs()[-1] / name).read_text())

    def ledgers(self) -> str:
        """What the ledgers of all runs say so far."""
        return "".join(path.read_text() for path in self.folder.glob("reports/runs/*/ledger.jsonl"))

    def left_running(self) -> list[str]:
        """Command lines of living processes that belong to this desk."""
        mine = (str(self.temporary), str(self.folder))
        return [line for line in _command_lines() if any(one in line for one in mine)]

    def indiscreet(self) -> list[str]:
        """Files of evidence that hold a secret or people's data."""
        wanted = [word.encode() for word in (*self.secrets, *PERSONAL)]
        files = [path for path in (self.folder / "reports").rglob("*") if path.is_file()]
        return [str(path) for path in files if any(word in path.read_bytes() for word in wanted)]


def variables_of(state: PairState) -> dict[str, str]:
    """The variables with which a pair is the test environment."""
    return {
        "SUPABASE_DB_URL": state.postgres_dsn,
        "CONVEX_SELF_HOSTED_URL": state.convex_url,
        "CONVEX_SELF_HOSTED_ADMIN_KEY": state.convex_admin_key,
        "CUTOVER_APP_URL": state.app_url,
        "CUTOVER_CANARY_EMAIL": state.canary_email,
        "CUTOVER_CANARY_PASSWORD": state.canary_password,
    }


def secrets_of(state: PairState) -> list[str]:
    """What of a pair may never be shown."""
    password = state.postgres_dsn.partition("@")[0].rpartition(":")[2]
    key = state.convex_admin_key
    return [state.postgres_dsn, password, key, key.rpartition("|")[2], state.canary_password]


def _command_lines() -> list[str]:
    """Those of all living processes: from /proc where there is one, which costs a hundredth of `ps`."""
    if not Path("/proc/self/cmdline").exists():
        return subprocess.run(
            ["ps", "-eww", "-o", "args"], capture_output=True, text=True, check=True
        ).stdout.splitlines()
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            found.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return found


@contextlib.contextmanager
def _own_line() -> Iterator[None]:
    """A command line starts with nothing pinned, and leaves the test's process as it was."""
    kept = {each.name: getattr(LINE, each.name) for each in fields(Line)}
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        for each in fields(Line):
            setattr(LINE, each.name, each.default)
        yield
    finally:
        for name, value in kept.items():
            setattr(LINE, name, value)
        for number, handler in handlers.items():
            signal.signal(number, handler)
