"""Another access token by a refresh token: google-auth's grant, asked with our own patience.

google-auth spells the request and reads the answer; who sends it, and how often, is the caller's. Nothing is
stored or logged, and the error keeps only OAuth's short word.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from google.auth import transport
from google.auth.exceptions import RefreshError
from google.oauth2.credentials import Credentials

from migration.config import GoogleKeys

Ask = Callable[[str, str, bytes | None, Mapping[str, str] | None], tuple[int, dict[str, Any]]]
"""Sends one request (method, address, body, headers) until it is answered; status and JSON object."""


class NoToken(Exception):
    """The token endpoint gave none. `word`: OAuth's, such as invalid_grant; `status`: of HTTP."""

    def __init__(self, word: str, status: int) -> None:
        self.word, self.status = word, status
        super().__init__(f"{status} {word}".rstrip())


def access_token(ask: Ask, address: str, keys: GoogleKeys, refresh_token: str) -> tuple[str, timedelta]:
    """The token and how long it lasts; `NoToken` when there is none. `address`: of the token endpoint."""
    request = _Request(ask)
    credentials = Credentials(
        None,
        refresh_token=refresh_token,
        token_uri=address,
        client_id=keys.client_id,
        client_secret=keys.client_secret.get_secret_value(),
    )
    try:
        credentials.refresh(request)
    except RefreshError as error:
        said = error.args[1] if len(error.args) > 1 and isinstance(error.args[1], dict) else {}
        raise NoToken(str(said.get("error", "")), request.status) from None
    ends = credentials.expiry or datetime.now(UTC).replace(tzinfo=None)  # google-auth's own have no zone
    return str(credentials.token), ends.replace(tzinfo=UTC) - datetime.now(UTC)


class _Request(transport.Request):
    """What google-auth sends by. `status`: of the latest answer."""

    def __init__(self, ask: Ask) -> None:
        self._ask, self.status = ask, 0

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002 - the caller's client has its own
        **_: Any,
    ) -> _Response:
        self.status, content = self._ask(method, url, body, headers)
        return _Response(self.status, orjson.dumps(content))


class _Response(transport.Response):
    def __init__(self, status: int, data: bytes) -> None:
        self._status, self._data = status, data

    @property
    def status(self) -> int:
        return self._status

    @property
    def headers(self) -> Mapping[str, str]:
        return {}

    @property
    def data(self) -> bytes:
        return self._data
