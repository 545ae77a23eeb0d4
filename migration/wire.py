"""One HTTP request to a deployment: keys, retries where a repeat is safe, and errors as sentences.

Underneath `migration.target`, which knows the routes. Nothing here logs a body, a key or a value.

Retried: 429 and 503, which the deployment answers before it has done anything (contract 0), and
connections that were never made. A connection lost in the middle is retried only for requests that may be
repeated safely.
"""

from __future__ import annotations

import base64
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
import orjson

from migration.errors import Refusal, RunIncomplete

CLIENT = "cutover-0.1.0"
_ATTEMPTS = 6
_FIRST_ATTEMPTS = 3
"""At first contact a wrong address is likelier than a busy deployment: the operator hears of it at once."""

_LONGEST_PAUSE = 20.0
_TIMEOUT = httpx.Timeout(30.0, read=300.0, write=300.0)
_FUNCTION_FAILED = 560  # an old way of saying 200 with status:error
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class WireError(RunIncomplete):
    """The deployment answered with a platform error. `code` is its short name."""

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status, self.code = status, code
        super().__init__(
            f"The deployment answered {status} {code}: {message}",
            touched="What this request would have done was not done.",
            next_step="If it is busy, try again; the run can be resumed.",
        )


class ConnectionLost(RunIncomplete):
    """A request was sent and its answer never came: it may or may not have been carried out."""


class Wire:
    """An open connection to one deployment, as an admin."""

    def __init__(
        self,
        url: str,
        admin_key: str,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url = url.rstrip("/")
        self._key = admin_key
        self._sleep = sleep
        self._met = False
        loopback = httpx.URL(self.url).host in {"127.0.0.1", "localhost", "::1"}
        self._client = httpx.Client(
            base_url=self.url,
            headers={"Convex-Client": CLIENT},
            timeout=_TIMEOUT,
            transport=transport,
            trust_env=not loopback,  # a proxy for the internet does not reach this machine
        )

    def close(self) -> None:
        """Closes the connection."""
        self._client.close()

    def send(  # noqa: PLR0913 - a request has that many parts
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        content: bytes | None = None,
        params: Mapping[str, str] | None = None,
        acting_as: Mapping[str, str] | None = None,
        repeatable: bool = True,
    ) -> httpx.Response:
        """The answer to one request; `repeatable` says whether a lost answer may be asked for again."""
        body = orjson.dumps(json) if json is not None else content
        headers = self._headers(acting_as, json is not None, content is not None)
        request = self._client.build_request(method, path, params=params, headers=headers, content=body)
        return self._patiently(request, repeatable)

    @contextmanager
    def download(self, path: str) -> Iterator[httpx.Response]:
        """A streamed answer, for the bytes of an export."""
        try:
            with self._client.stream("GET", path, headers=self._headers(None, False, False)) as response:
                if response.status_code != 200:
                    response.read()
                    raise self._explained(response)
                yield response
        except httpx.TransportError as error:
            raise self._lost(error) from None

    def _patiently(self, request: httpx.Request, repeatable: bool) -> httpx.Response:
        for attempt in range(1, _ATTEMPTS + 1):
            last = attempt == (_ATTEMPTS if self._met else _FIRST_ATTEMPTS)
            try:
                response = self._client.send(request)
                self._met = True
            except _NEVER_SENT:
                if last:
                    raise self._unreachable() from None
                wait = _pause(attempt, None)
            except httpx.TransportError as error:
                if last or not repeatable:
                    raise self._lost(error) from None
                wait = _pause(attempt, None)
            else:
                if response.status_code not in {429, 503} or last:
                    return self._accepted(response)
                wait = _pause(attempt, response.headers.get("Retry-After"))
            self._sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    def _accepted(self, response: httpx.Response) -> httpx.Response:
        if response.is_success or response.status_code == _FUNCTION_FAILED:
            return response
        raise self._explained(response)

    def _explained(self, response: httpx.Response) -> Refusal | WireError:
        try:
            body = orjson.loads(response.content)
            code, message = str(body["code"]), str(body["message"])
        except (orjson.JSONDecodeError, KeyError, TypeError):
            code, message = "without a reason", "the answer is not one of a Convex deployment."
        if response.status_code == 401:
            return Refusal(
                f"The deployment at {self.url} refused the admin key ({code}).",
                next_step="Check that the key belongs to this deployment and has not been revoked.",
            )
        if response.status_code == 403:
            return Refusal(
                f"The key may not do this on {self.url} ({code}): {message}",
                next_step="Use a deploy key that may view data, import, export backups, and pause.",
            )
        return WireError(response.status_code, code, message)

    def _unreachable(self) -> Refusal:
        return Refusal(
            f"The deployment at {self.url} can not be reached.",
            next_step="Check its address and that it is running, then try again.",
        )

    def _lost(self, error: httpx.TransportError) -> ConnectionLost:
        return ConnectionLost(
            f"The connection to {self.url} was lost in the middle ({type(error).__name__}).",
            touched="The last request may or may not have been carried out.",
            next_step="Continue the run with --resume: it asks the deployment how far it came.",
        )

    def _headers(self, acting_as: Mapping[str, str] | None, json: bool, raw: bool) -> dict[str, str]:
        key = self._key
        if acting_as is not None:
            key += ":" + base64.b64encode(orjson.dumps(acting_as)).decode("ascii")
        headers = {"Authorization": f"Convex {key}"}
        if json:
            headers["Content-Type"] = "application/json"
        elif raw:
            headers["Content-Type"] = "application/octet-stream"
        return headers


def _pause(attempt: int, retry_after: str | None) -> float:
    """Seconds before the next attempt: what the deployment asks for, else doubling with jitter."""
    if retry_after and retry_after.isdigit():
        return min(float(retry_after), _LONGEST_PAUSE)
    return min(0.2 * 2.0**attempt, _LONGEST_PAUSE) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter only
