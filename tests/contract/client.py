"""A small client of a Convex deployment for the contract tests: the wire as it is written, no retries.

Kept apart from the engine's adapter, which is tested elsewhere and must not be judged by itself.
"""

from __future__ import annotations

import base64
import io
import json
import time
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import pytest

from fixtures.deployment import Deployment

DEADLINE_SECONDS = 30.0
NOTHING: Mapping[str, str] = {}
SETTLED = ("completed", "failed")


class Client:
    """Calls one deployment, as its administrator unless told otherwise.

    `lacks` are beginnings of function paths that this deployment may lack, each with the reason; a test that
    calls one of them and finds it missing is skipped, not failed.
    """

    def __init__(self, deployment: Deployment, *, lacks: Mapping[str, str] = NOTHING) -> None:
        self.deployment = deployment
        self.lacks = lacks
        self.admin = {"Authorization": f"Convex {deployment.admin_key}"}
        self.http = httpx.Client(base_url=deployment.url, timeout=DEADLINE_SECONDS)

    @property
    def name(self) -> str:
        """The deployment's name, as its key has it."""
        return self.deployment.admin_key.partition("|")[0].rpartition(":")[2]

    @property
    def site_url(self) -> str:
        """Where HTTP actions are served."""
        if not self.deployment.site_url:
            pytest.skip("needs the address of the deployment's HTTP actions")
        return self.deployment.site_url

    def call(
        self,
        kind: str,
        path: str,
        args: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        form: str = "json",
    ) -> dict[str, Any]:
        """The answer to a function call, whatever its status word."""
        body = {"path": path, "args": args or {}, "format": form}
        response = self.http.post(f"/api/{kind}", json=body, headers=dict(headers or {}))
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        if "Could not find" in str(answer.get("errorMessage")):
            self._skip_what_is_not_there(path)
        return answer

    def _skip_what_is_not_there(self, path: str) -> None:
        for beginning, reason in self.lacks.items():
            if path.startswith(beginning):
                pytest.skip(f"needs {reason} ({path})")

    def value(self, kind: str, path: str, args: Mapping[str, Any] | None = None, **more: Any) -> Any:
        """The result of a function that must succeed."""
        answer = self.call(kind, path, args, **more)
        assert answer["status"] == "success", answer
        return answer["value"]

    def error(self, kind: str, path: str, args: Mapping[str, Any] | None = None, **more: Any) -> str:
        """The message of a function that must fail."""
        answer = self.call(kind, path, args, **more)
        assert answer["status"] == "error", answer
        return str(answer["errorMessage"])

    def system(self, path: str, args: Mapping[str, Any] | None = None, kind: str = "query") -> Any:
        return self.value(kind, f"_system/{path}", args, headers=self.admin)

    def post(self, path: str, body: Any = None, **more: Any) -> httpx.Response:
        """A POST with the admin key."""
        return self.http.post(path, json=body, headers=self.admin, **more)

    def get(self, path: str) -> httpx.Response:
        return self.http.get(path, headers=self.admin)

    def run_import(
        self, content: bytes, *, mode: str = "replace", form: str = "zip", table: str | None = None
    ) -> dict[str, Any]:
        """Upload, confirm and wait; the import's last state."""
        import_id = self.begin_import(content, mode=mode, form=form, table=table)
        state = self.await_import(import_id, (*SETTLED, "waiting_for_confirmation"))
        if state["state"] == "waiting_for_confirmation":
            assert self.post("/api/perform_import", {"importId": import_id}).status_code == 200
            state = self.await_import(import_id, SETTLED)
        return state

    def begin_import(
        self, content: bytes, *, mode: str = "replace", form: str = "zip", table: str | None = None
    ) -> str:
        """Upload in one part and create the import; its id."""
        token = self.post("/api/import/start_upload").json()["uploadToken"]
        part = self.http.post(
            "/api/import/upload_part",
            params={"uploadToken": token, "partNumber": 1},
            content=content,
            headers={**self.admin, "Content-Type": "application/octet-stream"},
        )
        assert part.json() == ""
        target = {"mode": mode, "format": form, **({} if table is None else {"tableName": table})}
        response = self.post(
            "/api/import/finish_upload", {"import": target, "uploadToken": token, "partTokens": [""]}
        )
        assert response.status_code == 200, response.text
        return str(response.json()["importId"])

    def await_import(self, import_id: str, states: Sequence[str]) -> dict[str, Any]:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline:
            state: dict[str, Any] = self.system("cli/queryImport", {"importId": import_id})["state"]
            if state["state"] in states:
                return state
            time.sleep(0.01)
        raise AssertionError(f"import {import_id} did not reach {states}")

    def export(self, *, files: bool = False) -> zipfile.ZipFile:
        """A finished export, downloaded."""
        response = self.post(f"/api/export/request/zip?includeStorage={'true' if files else 'false'}")
        assert response.status_code == 200, response.text
        deadline = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline:
            latest = self.value("query", "_system/cli/exports:getLatest", headers=self.admin)
            if latest["state"] == "completed":
                return zipfile.ZipFile(io.BytesIO(self.get(f"/api/export/zip/{latest['start_ts']}").content))
            assert latest["state"] in ("requested", "in_progress"), latest
            time.sleep(0.01)
        raise AssertionError("the export did not finish")

    def documents(self, table: str) -> list[dict[str, Any]]:
        """A table's documents, as a fresh export gives them."""
        lines = self.export().read(f"{table}/documents.jsonl").decode().splitlines()
        return [json.loads(line) for line in lines]

    def acting_as(self, attributes: Mapping[str, Any]) -> dict[str, str]:
        """Headers of the administrator acting as a user."""
        encoded = base64.b64encode(json.dumps(attributes).encode()).decode()
        return {"Authorization": f"Convex {self.deployment.admin_key}:{encoded}"}


def make_zip(entries: Mapping[str, str | bytes]) -> bytes:
    """A ZIP of these entries."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def table_entries(tables: Mapping[str, tuple[int, Sequence[str]]]) -> dict[str, str | bytes]:
    """ZIP entries of whole tables: number and lines of export_json, each table declared uniform."""
    names = "".join(json.dumps({"name": name, "id": number}) + "\n" for name, (number, _) in tables.items())
    entries: dict[str, str | bytes] = {"_tables/documents.jsonl": names}
    for name, (_, lines) in tables.items():
        entries[f"{name}/documents.jsonl"] = "".join(line + "\n" for line in lines)
        entries[f"{name}/generated_schema.jsonl"] = '"uniform"\n'
    return entries


def lines_of(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """JSON lines."""
    return "".join(json.dumps(row) + "\n" for row in rows).encode()
