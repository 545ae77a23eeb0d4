"""What people said and what probes found, kept in the data folder: `preflight/` there, private to the user.

Attestations and overrides are lines that are only ever added. They are not kept in the checkout: a changed
or new tracked file is another revision, and the gates ask for a rehearsal of this very revision. Whatever of
them a migration began with is copied into its run, and outlives this folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from migration import chain, files, quarantine, revision
from migration.config import Settings
from migration.errors import Refusal
from migration.model import Record
from migration.preflight.model import Answer, Attestation, Override

_R = TypeVar("_R", bound=Record)


class _Kept(BaseModel):
    """An open gate's answer and when it was given."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    detail: str
    at: datetime
    file: str = ""


class Records:
    """The records of one environment's pair. Whatever was said or found of another pair is not seen."""

    def __init__(self, settings: Settings) -> None:
        files.private_folder(settings.data_dir)
        self._data = settings.data_dir
        self.folder = files.private_folder(settings.data_dir / "preflight")
        self.environment = settings.environment
        self.pair = files.digest_of("pair", settings.environment, settings.source.name, settings.target.name)[
            :16
        ]
        decisions = quarantine.load(settings.quarantine_file).digest
        self._ground = files.digest_of(self.pair, revision.code(), decisions)[:16]

    def attest(self, item: str, *, by: str, note: str, now: datetime) -> Attestation:
        """Notes what somebody says of an item."""
        values = {"item": item, "by": by, "note": note, "at": now}
        return self._add("attestations.jsonl", Attestation, values, "./inv attest ITEM --by NAME --note TEXT")

    def override(self, gate: str, *, found: str, by: str, reason: str, now: datetime) -> Override:
        """Notes that somebody takes over a shut gate as it was found."""
        values = {"gate": gate, "found": found, "by": by, "reason": reason, "at": now}
        usage = "./inv preflight --accept GATE --by NAME --reason TEXT"
        return self._add("overrides.jsonl", Override, values, usage)

    def attestations(self, item: str | None = None) -> list[Attestation]:
        """What was said of an item (None: of any) for this pair, the oldest first."""
        said = self._lines("attestations.jsonl", Attestation)
        return [one for one in said if one.pair == self.pair and item in (None, one.item)]

    def overrides(self) -> list[Override]:
        """What was taken over for this pair."""
        return [one for one in self._lines("overrides.jsonl", Override) if one.pair == self.pair]

    def keep(self, gate: str, answer: Answer, now: datetime) -> None:
        """Keeps an open gate's answer; it counts for this pair, revision and decisions about rows only."""
        path = self.folder / "answers.json"
        with files.locked(path):
            kept = self._answers()
            mine = {**kept.get(self._ground, {}), gate: self._kept(answer, now)}
            others = {key: value for key, value in kept.items() if key != self._ground}
            files.write_json(path, {**others, self._ground: mine})

    def kept(self, gate: str, lasts: timedelta, now: datetime) -> tuple[Answer, datetime] | None:
        """An open answer that is young enough, with its moment, if what it rests on is still there."""
        found = self._answers().get(self._ground, {}).get(gate)
        if found is None:
            return None
        one = _Kept.model_validate(found)
        young = timedelta(0) <= now - one.at <= lasts
        if not young or (one.file and not (self._data / one.file).exists()):
            return None
        return Answer(True, one.detail, one.file), one.at

    def _kept(self, answer: Answer, now: datetime) -> dict[str, Any]:
        return _Kept(detail=answer.detail, at=now, file=answer.file).model_dump(mode="json")

    def _answers(self) -> dict[str, dict[str, Any]]:
        path = self.folder / "answers.json"
        content: dict[str, dict[str, Any]] = files.read_json(path) if path.exists() else {}
        return content

    def _add(self, name: str, record: type[_R], values: Mapping[str, Any], usage: str) -> _R:
        bound = {**values, "environment": self.environment, "pair": self.pair}
        try:
            made = record.model_validate(bound)
        except ValidationError as error:
            wrong = error.errors()[0]
            raise Refusal(f"--{wrong['loc'][0]} is missing.", next_step=usage) from None
        chain.append(self.folder / name, made.model_dump(mode="json"))
        return made

    def _lines(self, name: str, record: type[_R]) -> list[_R]:
        path: Path = self.folder / name
        if not path.exists():
            return []
        try:
            lines = chain.lines(path.read_bytes())
            return [record.model_validate(chain.content_of(line)) for line in lines]
        except ValueError:
            raise Refusal(
                f"{path} can not be read whole.",
                next_step="Mend or remove the damaged line; who attested what must not be guessed.",
            ) from None
