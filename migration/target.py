"""The Convex deployment that documents go to: export and import on top of calls and pause.

The adapter of the flow's right-hand side. It moves bytes and knows no document; what goes into an import is
`migration.load`'s business. Routes and shapes: the wire contract, sections 2 (import) and 3 (export).
They are those that Convex's own command line uses; its documentation does not promise them, so they stand
in this one module, with contract tests.

What may be asked for again when its answer was lost (`repeatable`; contract 0, 2.1, 3):

    queries            yes    they change nothing
    pause              yes    pausing a paused deployment is nothing
    unpause            yes    the repeat is answered 400 and the state read back
    export request     yes    the repeat is answered ExportInProgress: that end is awaited, one more is made
    download           anew   from its first byte, into a file that takes its name when it is whole
    start_upload       yes    a token that nobody uses is nothing
    upload_part        never  some storages append whatever arrives: a new upload begins instead
    finish_upload      never  each makes an import of its own: a new upload begins instead, and what the lost
                              one may have made waits for a confirmation that never comes
    perform_import     yes    on an import that is confirmed already it does nothing
    cancel_import      yes    the repeat is answered CannotCancelImport
    mutation, action   never  there is no token by which a repeat would be known
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from migration import patience
from migration.calls import Answer, Calls, FunctionFailed, TargetInfo, without_values
from migration.errors import RunIncomplete
from migration.wire import ConnectionLost, WireError

PART = 5 * 1024 * 1024
"""Bytes of one upload part (contract 2.1): storage wants at least 5 MiB for each but the last."""

_TRANSFERS = 3
_T = TypeVar("_T")
Advance = Callable[[int, int | None], None]


@dataclass(frozen=True)
class ImportState:
    """How far an import is: uploaded, waiting_for_confirmation, in_progress, completed or failed."""

    state: str
    rows: int = 0
    message: str = ""


class Target(Calls):
    """An open connection to the target, as its admin. Close it, or use it as a context."""

    # export

    def export(self, path: Path, *, include_storage: bool = True, advance: Advance | None = None) -> Path:
        """Downloads a snapshot of every table (and file) at one timestamp to `path`, private to the user."""
        before = self._latest_export()
        self._request_export(include_storage)
        export = self._finished_export(None if before is None else str(before["_id"]))
        partial = path.with_name(f"{path.name}.partial")
        self._anew(lambda: self._download(f"/api/export/zip/{export['start_ts']}", partial, advance))
        partial.replace(path)
        return path

    # import

    def import_zip(self, path: Path, mode: str = "replace") -> ImportState:
        """Uploads a ZIP and carries it out in one go: `replace` its tables, or `replaceAll`."""
        return self.perform(self.upload(path, mode))

    def upload(self, path: Path, mode: str, *, advance: Advance | None = None) -> str:
        """Uploads a ZIP and returns the id of an import that waits for `perform`. Changes no data.

        A part is never sent twice (some storages append whatever arrives): after a lost connection the whole
        upload begins anew, and what was sent before is never confirmed.
        """
        self.no_import_runs()
        return self._anew(lambda: self._upload_once(path, mode, advance))

    def perform(self, import_id: str, *, advance: Advance | None = None) -> ImportState:
        """Confirms an uploaded import and waits until it is committed. Repeating it is safe.

        Raises `RunIncomplete` when the deployment refused the content; then the data is as it was.
        """
        waiting = self._await_import(
            import_id, {"waiting_for_confirmation", "in_progress", "completed", "failed"}
        )
        if waiting.state == "waiting_for_confirmation":
            self._wire.send("POST", "/api/perform_import", json={"importId": import_id})
        ended = self.ended(import_id, advance=advance)
        if ended.state == "failed":
            raise RunIncomplete(
                f"The import failed: {without_values(ended.message)}",
                touched="It is all or nothing: the target's data is as it was.",
                next_step="Correct the cause and continue with --resume, or take it back: invoke rollback.",
            )
        return ended

    def ended(self, import_id: str, *, advance: Advance | None = None) -> ImportState:
        """How an import that was confirmed came out: completed or failed; waited for."""
        return self._await_import(import_id, {"completed", "failed"}, advance)

    def import_state(self, import_id: str) -> ImportState:
        """How far an import is."""
        document = self.query("_system/cli/queryImport", {"importId": import_id})
        state = (document or {}).get("state") or {}
        message = state.get("error_message") or state.get("progress_message") or ""
        return ImportState(
            str(state.get("state", "absent")), int(state.get("num_rows_written", 0)), str(message)
        )

    def no_import_runs(self) -> None:
        """`RunIncomplete` when an import is being carried out on the target, whoever began it."""
        for other in self.query("_system/cli/queryImport:list", {}) or []:
            if (other.get("state") or {}).get("state") == "in_progress":
                raise RunIncomplete(
                    "Another import is being carried out on the target.",
                    touched="The target's data was not changed by this.",
                    next_step="Wait for its end (or find out whose it is), then continue with --resume.",
                )

    def cancel_import(self, import_id: str) -> None:
        """Gives up an import that was not carried out; one that has ended is left as it is."""
        try:
            self._wire.send("POST", "/api/cancel_import", json={"importId": import_id})
        except WireError as error:
            if error.code not in {"CannotCancelImport", "ImportNotFound"}:
                raise

    def _latest_export(self) -> dict[str, Any] | None:
        latest: dict[str, Any] | None = self.query("_system/cli/exports:getLatest", {})
        return latest

    def _request_export(self, include_storage: bool) -> None:
        """Asks for an export; only one may run at a time, so another one's end is awaited first."""
        params = {"includeStorage": "true" if include_storage else "false"}
        for _ in self._until("another export to end"):
            try:
                self._wire.send("POST", "/api/export/request/zip", params=params)
            except WireError as error:
                if error.code != "ExportInProgress":
                    raise
            else:
                return

    def _finished_export(self, before: str | None) -> dict[str, Any]:
        for _ in self._until("the export"):
            export = self._latest_export()
            if export is None or export["_id"] == before:
                continue
            if export["state"] in {"failed", "canceled"}:
                raise RunIncomplete(
                    f"The deployment's export ended as {export['state']}.",
                    touched="The target's data is as it was.",
                    next_step="Try again.",
                )
            if export["state"] == "completed":
                return export
        raise AssertionError("_until raises")

    def _anew(self, transfer: Callable[[], _T]) -> _T:
        """Carries a transfer out, anew each time that the connection is lost, at most thrice."""
        for attempt in range(1, _TRANSFERS + 1):
            try:
                return transfer()
            except ConnectionLost:
                if attempt == _TRANSFERS:
                    raise
                self._sleep(patience.pause(attempt))
        raise AssertionError("the last transfer returns or raises")

    def _download(self, route: str, partial: Path, advance: Advance | None) -> None:
        done = 0
        with self._wire.download(route) as response, partial.open("wb") as file:
            partial.chmod(0o600)
            wanted = int(response.headers.get("Content-Length", 0)) or None
            for piece in response.iter_bytes(1 << 20):
                file.write(piece)
                done += len(piece)
                if advance is not None:
                    advance(done, wanted)
        if wanted is not None and done < wanted:
            raise ConnectionLost(f"The export ended after {done} of {wanted} bytes.", next_step="Try again.")

    def _upload_once(self, path: Path, mode: str, advance: Advance | None) -> str:
        token = self._json("POST", "/api/import/start_upload")["uploadToken"]
        parts: list[str] = []
        total = path.stat().st_size
        with path.open("rb") as file:
            while piece := file.read(PART):
                params = {"uploadToken": token, "partNumber": str(len(parts) + 1)}
                parts.append(
                    self._json(
                        "POST", "/api/import/upload_part", content=piece, params=params, repeatable=False
                    )
                )
                if advance is not None:
                    advance(file.tell(), total)
        body = {"import": {"mode": mode, "format": "zip"}, "uploadToken": token, "partTokens": parts}
        return str(self._json("POST", "/api/import/finish_upload", json=body, repeatable=False)["importId"])

    def _await_import(self, import_id: str, wanted: set[str], advance: Advance | None = None) -> ImportState:
        for _ in self._until("the import"):
            found = self.import_state(import_id)
            if found.state in wanted:
                return found
            if found.state == "absent":
                raise RunIncomplete(
                    "The deployment does not know the import any more.", next_step="Load again."
                )
            if advance is not None and found.rows:
                advance(found.rows, None)
        raise AssertionError("_until raises")


__all__ = ["Advance", "Answer", "FunctionFailed", "ImportState", "Target", "TargetInfo"]
