"""What was said and done, kept for one run and pair: lines in the data folder that are only ever added.

Not in the run's own folder: what a GO was given for is that folder's content. Each line carries the digest of
the one before it, so that one which was altered, moved or taken out is found, and then nothing counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from migration import chain, files
from migration.config import Settings
from migration.errors import Refusal
from migration.model import Record
from migration.run import Run

NAME = "records.jsonl"
What = Literal["attested", "begun", "done", "undone"]


class Said(Record):
    """One line. `evidence`: what every item before an act was found to be, by name. `file`: relative to the
    data folder, with its digest."""

    item: str
    what: What
    run: str
    pair: str
    at: datetime
    by: str = Field(min_length=1)
    note: str = Field(min_length=1)
    evidence: dict[str, str] = Field(default_factory=dict)
    file: str = ""
    sha256: str = ""


def folder_of(settings: Settings, run: Run) -> Path:
    """The folder of a run's decommission, it and those above it private to the user."""
    above = files.private_folder(files.private_folder(settings.data_dir) / "decommission")
    return files.private_folder(above / run.id)


class Records:
    """The records of one run's decommission."""

    def __init__(self, settings: Settings, run: Run) -> None:
        target = str((run.manifest().get("target") or {}).get("name", settings.target.name))
        if target != settings.target.name:
            raise Refusal(
                f"Run {run.id} is of the target {target}, but {settings.target.name} is configured.",
                next_step="Configure the pair that the run moved, or name another run.",
            )
        self.data = settings.data_dir
        self.folder = folder_of(settings, run)
        self.run = run.id
        self._read: tuple[bytes, list[Said]] | None = None
        self.pair = files.digest_of("pair", settings.environment, settings.source.name, target)[:16]

    def add(  # noqa: PLR0913 - a line has that many parts
        self, item: str, what: What, *, by: str, note: str, now: datetime,
        evidence: Mapping[str, str] | None = None, file: str = "",
    ) -> Said:  # fmt: skip
        """Adds a line; a `Refusal` when nobody says it, or nothing. `file`: relative to the data folder."""
        self.all()
        try:
            said = Said(
                item=item, what=what, run=self.run, pair=self.pair, at=now, by=by.strip(), note=note.strip(),
                evidence=dict(evidence or {}), file=file,
                sha256=files.sha256_of(self.data / file) if file else "",
            )  # fmt: skip
        except ValidationError as error:
            raise Refusal(
                f"--{error.errors()[0]['loc'][0]} is missing.",
                next_step=f"./inv decommission.attest {item} --by NAME --note TEXT",
            ) from None
        chain.append(self.folder / NAME, said.model_dump(mode="json"))
        return said

    def all(self) -> list[Said]:
        """Every line of this run and pair; a `Refusal` when the record does not hold."""
        path = self.folder / NAME
        content = path.read_bytes() if path.exists() else b""
        if self._read is None or self._read[0] != content:
            self._read = content, self._parsed(path, content)
        return self._read[1]

    def _parsed(self, path: Path, content: bytes) -> list[Said]:
        lines = chain.lines(content)
        broken = chain.breaks(lines, chain.first(self.folder.name, NAME))
        if broken:
            raise Refusal(
                f"Line {broken[0].line} of {path} {broken[0].kind}.",
                next_step="Nothing in it counts any more: find out why, move it away, attest anew.",
            )
        try:
            said = [Said.model_validate(chain.content_of(line)) for line in lines]
        except ValueError:
            raise Refusal(f"{path} can not be read whole.", next_step="Find out why.") from None
        return [one for one in said if (one.run, one.pair) == (self.run, self.pair)]

    def last(self, item: str, now: datetime) -> Said | None:
        """The newest line of an item that was not taken back, unless its time is still to come."""
        lines = [one for one in self.all() if one.item == item and one.what != "begun" and one.at <= now]
        return lines[-1] if lines and lines[-1].what != "undone" else None
