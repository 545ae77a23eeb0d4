"""One HTTP request to a deployment: keys, retries where a repeat is safe, and errors as sentences.

Underneath `migration.target`, which knows the routes. Nothing here logs a body, a key or a value.

Three kinds of going wrong:

    not done     429, and 503 with the deployment's own reason: answered before anything was done
                 (contract 0). So is a connection that was never made. Asked again, whatever it was.
    uncertain    a lost connection, 408, other 5xx, and 503 of a proxy, which has no reason in it: it may have
                 been carried out. Asked again only where the caller says that a repeat is safe.
    final        everything else.

At most six attempts, ever further apart, with jitter; a Retry-After is heeded up to a minute.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
import orjson

from migration.errors import Refusal, RunIncomplete
from migration.patience import pause

CLIENT = "cutover-0.1.0"
_ATTEMPTS = 6
_FIRST_ATTEMPTS = 3
"""At first contact a wrong address is likelier than a busy deployment: the operator hears of it at once."""

_TIMEOUT = httpx.Timeout(30.0, read=60.0, write=60.0)
"""Seconds without a byte; no route of ours keeps its answer back for long, and a window has half an hour."""

_FUNCTION_FAILED = 560  # an old way of saying 200 with status:error
_BUSY = frozenset({429, 503})
_UNCERTAIN = frozenset({408, *range(500, 600)}) - {503, _FUNCTION_FAILED}
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class WireError(RunIncomplete):
    """The deployment answered with a platform error. `code` is its short name."""

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status, self.code = status, code
        done = "may or may not have been done" if status in _UNCERTAIN else "was not done"
        super().__init__(
            f"The deployment answered {status} {code}: {message}",
            touched=f"What this request would have done {done}.",
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
        """A streamed answer, for the bytes of an export; `ConnectionLost` when they end early."""
        request = self._client.build_request("GET", path, headers=self._headers(None, False, False))
        response = self._patiently(request, True, stream=True)
        try:
            yield response
        except httpx.TransportError as error:
            raise self._lost(type(error).__name__) from None
        finally:
            response.close()

    def _patiently(self, request: httpx.Request, repeatable: bool, *, stream: bool = False) -> httpx.Response:
        for attempt in range(1, _ATTEMPTS + 1):
            last = attempt == (_ATTEMPTS if self._met else _FIRST_ATTEMPTS)
            asked = None
            try:
                response = self._asked(request, stream)
            except _NEVER_SENT:
                if last:
                    raise self._unreachable() from None
            except httpx.TransportError as error:
                if last or not repeatable:
                    raise self._lost(type(error).__name__) from None
            else:
                not_done, uncertain = _failed(response)
                if last or not (not_done or (uncertain and repeatable)):
                    return self._accepted(response)
                asked = response.headers.get("Retry-After")
            self._sleep(pause(attempt, asked))
        raise AssertionError("the last attempt returns or raises")

    def _asked(self, request: httpx.Request, stream: bool) -> httpx.Response:
        """One attempt. Only the answer of a success is left unread for streaming."""
        response = self._client.send(request, stream=stream)
        self._met = True
        if stream and not response.is_success:
            response.read()
        return response

    def _accepted(self, response: httpx.Response) -> httpx.Response:
        if response.is_success or response.status_code == _FUNCTION_FAILED:
            return response
        if _failed(response)[1] and _reason(response) is None:
            raise self._lost(f"HTTP {response.status_code}")
        raise self._explained(response)

    def _explained(self, response: httpx.Response) -> Refusal | WireError:
        code, message = _reason(response) or (
            "without a reason",
            "the answer is not one of a Convex deployment.",
        )
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

    def _lost(self, how: str) -> ConnectionLost:
        return ConnectionLost(
            f"The connection to {self.url} was lost in the middle ({how}).",
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


def _failed(response: httpx.Response) -> tuple[bool, bool]:
    """Whether this answer says that nothing was done, and whether it leaves open what was done."""
    status = response.status_code
    from_a_proxy = status == httpx.codes.SERVICE_UNAVAILABLE and _reason(response) is None
    return status in _BUSY and not from_a_proxy, status in _UNCERTAIN or from_a_proxy


def _reason(response: httpx.Response) -> tuple[str, str] | None:
    """Code and message of a deployment's own error (contract 0); None for the answer of somebody between."""
    try:
        body = orjson.loads(response.content)
        return str(body["code"]), str(body["message"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
