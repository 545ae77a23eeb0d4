"""Vercel's API: moves the public name from one project to another, in one call (its "move a project domain").

Repeating it is safe: where the name leads is read before, and read back after. Nothing here logs the token.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import httpx

from migration.endpoints import is_local
from migration.errors import RunIncomplete
from migration.patience import pause

_ATTEMPTS = 5
_BUSY = frozenset({429, 500, 502, 503, 504})


class Vercel:
    """An open connection to the API. Close it, or use it as a context."""

    def __init__(self, api: str, token: str, team: str, *, sleep: Callable[[float], None]) -> None:
        self._sleep = sleep
        self._params = {"teamId": team} if team else {}
        self._client = httpx.Client(
            base_url=api,
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
            trust_env=not is_local(httpx.URL(api).host),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def move(self, name: str, *, source: str, to: str) -> None:
        """The name belongs to the project `to` afterwards, wherever of the two it was before."""
        if not self.has(to, name):
            path = f"/v1/projects/{source}/domains/{name}/move"
            self._accepted(self._asked("POST", path, {"projectId": to}), f"did not move {name} to {to}")
        if not self.has(to, name):
            raise _refused(f"says that it moved {name} to {to}, but it is not there")

    def has(self, project: str, name: str) -> bool:
        """Whether a name is one of a project's."""
        answer = self._asked("GET", f"/v9/projects/{project}/domains/{name}")
        if answer.status_code == httpx.codes.NOT_FOUND:
            return False
        self._accepted(answer, f"does not tell whether {project} has {name}")
        return True

    def _asked(self, method: str, path: str, body: Any = None) -> httpx.Response:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                answer = self._client.request(method, path, params=self._params, json=body)
            except httpx.TransportError as error:
                if attempt == _ATTEMPTS:
                    raise _refused(f"does not answer ({type(error).__name__})") from None
                asked = None
            else:
                if answer.status_code not in _BUSY or attempt == _ATTEMPTS:
                    return answer
                asked = answer.headers.get("Retry-After")
            self._sleep(pause(attempt, asked))
        raise AssertionError("the last attempt returns or raises")

    def _accepted(self, answer: httpx.Response, what: str) -> None:
        if not answer.is_success:
            raise _refused(f"{what} (HTTP {answer.status_code}{_code(answer)})")


def _code(answer: httpx.Response) -> str:
    """Vercel's short word for what is wrong; never its message, which may quote what was sent."""
    try:
        word = str(answer.json()["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return ""
    return f", {word}" if word.replace("_", "").isalnum() else ""


def _refused(how: str) -> RunIncomplete:
    return RunIncomplete(
        f"Vercel {how}.",
        touched="Where the domain leads may or may not have changed.",
        next_step="Check VERCEL_TOKEN and the project names in cutover.toml, and Vercel's own status.",
    )
