"""A local stand-in on loopback: in front of a real deployment it answers a few things otherwise and passes
the rest on; without one it is a small server of its own (Supabase's management API).

For what no embedded deployment can be brought to answer: a version it does not tell, a key with single
permissions, routes of the dashboard that are not there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

import httpx

from fixtures import loopback

PASSED_ON = ("authorization", "content-type", "convex-client")


@dataclass
class Relay:
    """What it answers by itself. `routes`: path to status and body; `queries`: function to its answer."""

    upstream: str | None = None
    routes: dict[str, tuple[int, Any]] = field(default_factory=dict)
    queries: dict[str, dict[str, Any]] = field(default_factory=dict)
    seen: list[tuple[str, str, str]] = field(default_factory=list)
    url: str = ""

    @contextmanager
    def serving(self) -> Iterator[Relay]:
        """The relay on a free port, until the end of the block."""
        with loopback.serving(lambda request: self.answer(request, _body(request))) as self.url:
            yield self

    def answer(self, request: BaseHTTPRequestHandler, body: bytes) -> None:
        """Answers one request: its own answer, else the deployment's."""
        path = request.path.partition("?")[0]
        self.seen.append((request.command, path, request.headers.get("Authorization", "")))
        if path in self.routes:
            status, content = self.routes[path]
            text = content if isinstance(content, str) else json.dumps(content)
            self._reply(request, status, text.encode())
        elif path == "/api/query" and (own := self.queries.get(json.loads(body)["path"])):
            self._reply(request, 200, json.dumps(own).encode())
        elif self.upstream is None:
            self._reply(request, 404, b'{"message": "not found"}')
        else:
            headers = {name: value for name, value in request.headers.items() if name.lower() in PASSED_ON}
            given = httpx.request(
                request.command,
                self.upstream + request.path,
                headers=headers,
                content=body,
                timeout=60,
                trust_env=False,
            )
            self._reply(request, given.status_code, given.content)

    def _reply(self, request: BaseHTTPRequestHandler, status: int, body: bytes) -> None:
        request.send_response(status)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)


def _body(request: BaseHTTPRequestHandler) -> bytes:
    return request.rfile.read(int(request.headers.get("Content-Length", 0)))
