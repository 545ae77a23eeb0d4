"""What earlier runs wrote to a deployment: a hash for each document of ours (law 10).

By these the load tells a document that is as we left it from one that was changed since. One file a run in
the data folder; a pointer says which runs' loads may stand on the target. It is written before an import is
confirmed: if the process dies between commit and record, the documents are still known as ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from migration import files, filled
from migration.filled import Fill, Fills, Key

_POINTER = "load.json"


@dataclass(frozen=True)
class Known:
    """What earlier loads may have left on the target, by table and 16 id bytes.

    hashes: of each document of ours. filled: what was changed in documents of v2's own.
    """

    hashes: Mapping[Key, frozenset[bytes]]
    filled: Mapping[Key, Fills] = field(default_factory=dict)

    def of(self, table: str, raw: bytes) -> frozenset[bytes]:
        """The hashes that we may have left this document with; empty for one that we never wrote."""
        return self.hashes.get((table, raw), frozenset())


class Written:
    """The records of one deployment."""

    def __init__(self, data_dir: Path, deployment: str) -> None:
        files.private_folder(data_dir)
        self._folder = files.private_folder(
            data_dir / "deployments" / re.sub(r"[^A-Za-z0-9.-]", "_", deployment)
        )

    def alone(self) -> AbstractContextManager[None]:
        """Held by the one command that works on this deployment and its source; a second one is refused."""
        return files.alone(
            self._folder / "lock", "Another command is at work on this target, in this data folder."
        )

    def known(self, run_id: str) -> Known:
        """The documents that stood on the target before this run's own load, or that may have stood there."""
        pointer = self._pointer()
        found: dict[Key, frozenset[bytes]] = {}
        fills: dict[Key, dict[str, Fill]] = {}
        for run in pointer["before"] if pointer["run"] == run_id else pointer["standing"]:
            for key, digest in self._read(run):
                found[key] = found.get(key, frozenset()) | {digest}
            fills |= self._filled_by(run)
        return Known(found, fills)

    def prepare(
        self,
        run_id: str,
        documents: Iterable[tuple[str, bytes, bytes]],
        fills: Iterable[tuple[Key, Fills]] = (),
    ) -> None:
        """Records what this run is about to write, before the import is confirmed.

        `documents`: table, 16 bytes and hash of each of ours. `fills`: its changes of v2's own.
        """
        partial = self._file(run_id).with_suffix(".partial")
        with partial.open("wb") as out:
            for table, raw, digest in documents:
                out.write(b"%s %s %s\n" % (table.encode(), raw.hex().encode(), digest.hex().encode()))
        partial.replace(self._file(run_id))
        files.write_bytes(self._fills(run_id), filled.dumped(fills))
        pointer = self._pointer()
        before = pointer["before"] if pointer["run"] == run_id else pointer["standing"]
        self._point({"run": run_id, "before": before, "standing": [*before, run_id]})

    def commit(self, run_id: str) -> None:
        """The import of this run is on the target: nothing that an earlier one left there stands any more."""
        self._point({**self._pointer(), "standing": [run_id]})

    def undo(self, run_id: str) -> None:
        """The target was restored to what it was before this run."""
        pointer = self._pointer()
        if pointer["run"] == run_id:
            self._point({"run": None, "before": [], "standing": pointer["before"]})

    def _pointer(self) -> dict[str, Any]:
        """run: the last one that loaded. before: the runs that may have stood there then. standing: now."""
        path = self._folder / _POINTER
        empty: dict[str, Any] = {"run": None, "before": [], "standing": []}
        return {**empty, **files.read_json(path)} if path.exists() else empty

    def _point(self, pointer: Mapping[str, Any]) -> None:
        files.write_json(self._folder / _POINTER, dict(pointer))

    def _file(self, run_id: str) -> Path:
        return self._folder / f"{run_id}.documents"

    def _fills(self, run_id: str) -> Path:
        return self._folder / f"{run_id}.filled"

    def _filled_by(self, run_id: str) -> dict[Key, dict[str, Fill]]:
        path = self._fills(run_id)
        return filled.loaded(path.read_bytes()) if path.exists() else {}

    def _read(self, run_id: str) -> Iterable[tuple[tuple[str, bytes], bytes]]:
        with self._file(run_id).open("rb") as lines:
            for line in lines:
                table, raw, digest = line.split()
                yield (table.decode(), bytes.fromhex(raw.decode())), bytes.fromhex(digest.decode())
