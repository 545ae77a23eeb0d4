"""A run: its evidence folder (reports/runs/<id>), its data folder (outside the checkout), and the records
in both.

Every step, check and report goes through here for its records; only this module knows their file names.
Evidence holds no personal data; the data folder holds the raw rows and backups and is private to the user.
Append-only records (ledger, results) are one line each and safe from several processes; the others are
replaced whole.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import orjson

from migration import chain, config, files
from migration.config import Settings
from migration.errors import Refusal, RunIncomplete
from migration.model import CheckResult, LedgerEntry, Phase, Record

_R = TypeVar("_R", bound=Record)


def iso(moment: datetime) -> str:
    """UTC ISO-8601 with milliseconds: how every record writes a moment."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def iso_now() -> str:
    """The present moment as records write it."""
    return iso(datetime.now(UTC))


class Run:
    """One run. Make it with `create`, `open` or `from_environment`, never directly."""

    def __init__(self, folder: Path, data: Path) -> None:
        self.folder = folder
        self.data = data
        self.id = folder.name

    @classmethod
    def create(cls, settings: Settings, clock: datetime | None = None) -> Run:
        """A new run begun at `clock` (default: now), pinned to the settings' environment, and `latest` set
        to it."""
        moment = clock or datetime.now(UTC)
        run_id = f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
        files.private_folder(settings.data_dir)
        data = files.private_folder(settings.data_dir / "runs" / run_id)
        folder = settings.runs_dir.resolve() / run_id
        (folder / "evidence").mkdir(parents=True)
        run = cls(folder, data)
        run.update_manifest(
            run_id=run_id, environment=settings.environment, begun=iso(moment), pair=str(settings.pair_file)
        )
        _point_latest_at(folder)
        return run

    @classmethod
    def open(cls, settings: Settings, run_id: str | None = None) -> Run:
        """The run of this id (None: the latest), or a `Refusal` if it is absent or of another environment."""
        folder = find(settings.runs_dir, run_id)
        run = cls(folder, files.private_folder(settings.data_dir / "runs" / folder.name))
        if run.settings_environment() != settings.environment:
            raise Refusal(
                f"Run {run.id} is pinned to the environment {run.settings_environment()}, "
                f"but {settings.environment} was asked for.",
                next_step="Continue it in its own environment, or begin a new run with migrate.",
            )
        return run

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Run:
        """The run that a child process (pytest, canary) works for: CUTOVER_RUN and CUTOVER_DATA_DIR."""
        folder = Path(environ.get("CUTOVER_RUN", ""))
        if not environ.get("CUTOVER_RUN") or not (folder / "manifest.json").exists():
            raise Refusal(
                "CUTOVER_RUN does not name a run's folder.", next_step="Start checks through invoke verify."
            )
        return cls(folder, config.data_dir(environ=environ) / "runs" / folder.name)

    def discard(self) -> None:
        """Takes a run back that was refused before its first step: it must not be anybody's latest."""
        shutil.rmtree(self.data)
        shutil.rmtree(self.folder)
        others = sorted(path.parent for path in self.folder.parent.glob("*/manifest.json"))
        if others:
            _point_latest_at(others[-1])
        else:
            (self.folder.parent.parent / "latest").unlink(missing_ok=True)

    def child_environment(self, settings: Settings) -> dict[str, str]:
        """What a child process must be given, beside the parent's own environment, to find this run and
        its pair."""
        return {
            "CUTOVER_RUN": str(self.folder),
            "CUTOVER_ENV": settings.environment,
            "CUTOVER_PAIR": str(settings.pair_file),
            "CUTOVER_RUNS_DIR": str(settings.runs_dir),
            "CUTOVER_DATA_DIR": str(settings.data_dir),
            "CUTOVER_CONFIRM": settings.target.name,
        }

    def settings_environment(self) -> str:
        """The environment that the first task pinned."""
        return str(self.manifest()["environment"])

    def manifest(self) -> dict[str, Any]:
        """The manifest as it stands."""
        path = self.folder / "manifest.json"
        if not path.exists():
            return {}
        try:
            content: dict[str, Any] = files.read_json(path)
        except orjson.JSONDecodeError as error:
            raise RunIncomplete(f"The manifest of run {self.id} can not be read.") from error
        return content

    def update_manifest(self, **top_level_keys: Any) -> None:
        """Sets these top-level keys, in one step."""
        path = self.folder / "manifest.json"
        with files.locked(path):
            files.write_json(path, {**self.manifest(), **top_level_keys})

    def append_ledger(self, entry: LedgerEntry) -> None:
        """Adds a step's line to the ledger."""
        chain.append(self.folder / "ledger.jsonl", entry.model_dump(mode="json"))

    def ledger(self) -> list[LedgerEntry]:
        """Every line of the ledger, in order. A last line without its end was never written: its process was
        killed, and must not keep the run from being continued or taken back."""
        return list(self._lines("ledger.jsonl", LedgerEntry, unfinished=False))

    def append_result(self, result: CheckResult, *, settled: bool = True) -> None:
        """Adds what a check saw. Attempts add up; nothing is overwritten.

        Not `settled` is one of many: those of a phase count only with its harness's, which comes last.
        """
        content = result.model_dump(mode="json", by_alias=True)
        chain.append(self.folder / "results.jsonl", content, settled=settled)

    def list_findings(self, result: CheckResult, further: Sequence[str]) -> None:
        """Writes the findings beyond a result's sample beside the record; nothing when there are none."""
        if further:
            path = self.folder / result.listing
            path.parent.mkdir(parents=True, exist_ok=True)
            files.write_bytes(path, "".join(f"{line}\n" for line in further).encode())

    def results(self) -> list[CheckResult]:
        """Every recorded result, in order; `RunIncomplete` when a line is torn."""
        return list(self._lines("results.jsonl", CheckResult))

    def result_lines(self) -> int:
        """How many results were recorded so far, readable or not."""
        path = self.folder / "results.jsonl"
        return path.read_bytes().count(b"\n") if path.exists() else 0

    def require(self, phase: Phase | str, ids: Iterable[str]) -> None:
        """Adds check ids that must have a result for this phase to pass. A second collection can only add."""
        path = self.folder / "required.json"
        with files.locked(path):
            merged = self.required()
            merged[Phase(phase)] = sorted({*merged.get(Phase(phase), []), *ids})
            files.write_json(path, {str(name): wanted for name, wanted in merged.items()})

    def required(self) -> dict[Phase, list[str]]:
        """The check ids that each collected phase must answer."""
        path = self.folder / "required.json"
        return {Phase(name): ids for name, ids in files.read_json(path).items()} if path.exists() else {}

    def _lines(self, name: str, record: type[_R], *, unfinished: bool = True) -> Iterator[_R]:
        path = self.folder / name
        if not path.exists():
            return
        content = path.read_bytes()
        end = len(content) if unfinished else content.rfind(b"\n") + 1
        for number, line in enumerate(chain.lines(content[:end]), start=1):
            try:
                yield record.model_validate(chain.content_of(line))
            except ValueError as error:
                raise RunIncomplete(
                    f"Line {number} of {name} of run {self.id} can not be read.",
                    next_step="The record is damaged, so the run can not be judged; begin a new one.",
                ) from error


def find(runs_dir: Path, run_id: str | None = None) -> Path:
    """The folder of a run (None: the latest), or a `Refusal`. Needs no settings, so the pinned environment
    can be read first."""
    if run_id is None:
        folders = sorted(path.parent for path in runs_dir.resolve().glob("*/manifest.json"))
        if not folders:
            raise Refusal("There is no run yet.", next_step="Begin one with invoke migrate.")
        latest = runs_dir.resolve().parent / "latest"
        return latest.resolve() if latest.resolve() in folders else folders[-1]
    folder = runs_dir.resolve() / run_id
    if Path(run_id).name != run_id or not (folder / "manifest.json").exists():
        raise Refusal(f"There is no run {run_id!r}.", next_step="invoke runs lists them.")
    return folder


def pinned_environment(runs_dir: Path, run_id: str | None = None) -> str:
    """The environment that a run (None: the latest) was begun in, read without any settings."""
    return str(files.read_json(find(runs_dir, run_id) / "manifest.json")["environment"])


def _point_latest_at(folder: Path) -> None:
    latest = folder.parent.parent / "latest"
    temporary = latest.with_name(f".latest.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(folder.relative_to(latest.parent))  # so that the checkout may move
    temporary.replace(latest)
