"""What every campaign shares: batches that are noted when they are done, and a page of figures in docs/.

A campaign that was stopped goes on after its last finished batch. The notes begin anew when the plan or the
code under test changes: figures of other code are no figures of this.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migration.config import ROOT
from migration.errors import FAIL, PASS, UNKNOWN

Account = dict[str, Any]
"""What came of a batch: `tried` (a count), `broken` (a line each), `seconds`, and more for its page."""

NOTES = ROOT / "fixtures" / ".build" / "soak"


@dataclass(frozen=True)
class Batch:
    """A part of a campaign: done whole or not at all. `run` gets a folder of its own."""

    name: str
    run: Callable[[Path], Account]


@dataclass(frozen=True)
class Campaign:
    """A long run. `judged` are the files and folders whose change makes earlier figures void."""

    name: str
    batches: Sequence[Batch]
    page: Callable[[list[Account]], str]
    judged: Sequence[Path]
    notes: Path = NOTES

    def carry_out(self, say: Callable[[str], None]) -> list[Account]:
        """Does the batches that are still to do and returns the accounts of all of them, in order."""
        notes = _Notes(self.notes / f"{self.name}.json", self._fingerprint())
        for batch in self.batches:
            if batch.name in notes.done:
                continue
            began = time.monotonic()
            with tempfile.TemporaryDirectory(prefix="cutover-soak-") as folder:
                account = batch.run(Path(folder))
            account = {**account, "seconds": round(time.monotonic() - began, 1)}
            notes.add(batch.name, account)
            say(
                f"{batch.name}: {account['tried']} tried, {len(account['broken'])} broken, "
                f"{account['seconds']} s"
            )
        return [notes.done[batch.name] for batch in self.batches]

    def main(self) -> int:
        """Carries out, writes docs/soak-NAME.md. FAIL when anything broke, UNKNOWN when it was stopped."""
        try:
            accounts = self.carry_out(_say)
        except KeyboardInterrupt:
            _say(f"stopped; what is done is kept, and `./inv soak {self.name}` goes on from there")
            return UNKNOWN
        written = ROOT / "docs" / f"soak-{self.name}.md"
        written.write_text(self.page(accounts), "utf-8")
        _say(f"written: {written.relative_to(ROOT)}")
        return FAIL if any(account["broken"] for account in accounts) else PASS

    def _fingerprint(self) -> str:
        digest = hashlib.sha256(" ".join(batch.name for batch in self.batches).encode())
        for path in _files(self.judged):
            digest.update(path.read_bytes())
        return digest.hexdigest()


def total(accounts: Iterable[Account], key: str) -> float:
    """The sum of one figure."""
    return sum(float(account[key]) for account in accounts)


def broken(accounts: Iterable[Account]) -> list[str]:
    """Every line that tells what broke."""
    return [line for account in accounts for line in account["broken"]]


def _files(places: Iterable[Path]) -> Iterable[Path]:
    for place in places:
        if place.is_file():
            yield place
        else:
            yield from sorted(path for path in place.rglob("*") if path.suffix in (".py", ".ts", ".sql"))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class _Notes:
    """Finished batches, on disk after each."""

    def __init__(self, path: Path, fingerprint: str) -> None:
        self._path, self._fingerprint = path, fingerprint
        self.done: dict[str, Account] = {}
        if path.exists():
            known = json.loads(path.read_text())
            if known["fingerprint"] == fingerprint:
                self.done = known["done"]

    def add(self, name: str, account: Account) -> None:
        self.done[name] = account
        self._path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._path.with_suffix(".tmp")
        temporary.write_text(json.dumps({"fingerprint": self._fingerprint, "done": self.done}))
        temporary.replace(self._path)
