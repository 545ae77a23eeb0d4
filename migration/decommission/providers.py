"""The management APIs of Render and Supabase: the few calls that end v1's services, and those that tell it.

Keys go in a header, to addresses that are configuration. A change is asked for once; when its answer is lost,
that is said. Nothing here decides whether it may be done.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import httpx
from pydantic import SecretStr

from migration.endpoints import is_local
from migration.errors import Refusal, RunIncomplete
from migration.patience import pause

_ATTEMPTS = 4
_TIMEOUT = 20.0


class Uncertain(RunIncomplete):
    """The provider did not say whether it did what was asked."""


class Api:
    """An open connection to one provider's management API."""

    name = ""

    def __init__(self, base: str, key: SecretStr, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self.base, self._sleep = base.rstrip("/"), sleep
        self._client = httpx.Client(
            base_url=self.base,
            headers={"Authorization": f"Bearer {key.get_secret_value()}", "Accept": "application/json"},
            timeout=_TIMEOUT,
            verify=self.base.startswith("https:"),  # plain http is this machine alone; it has no certificate
            trust_env=not is_local(httpx.URL(self.base).host),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def ask(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        """What a GET answers; None for 404. Repeated while the provider is busy."""
        response = self._patiently("GET", path, params=params)
        if response.status_code == 404:
            return None
        try:
            return response.json()
        except ValueError:
            raise Refusal(f"What {self.name} answered is no JSON.", next_step="Check its address.") from None

    def act(self, method: str, path: str, json: Any = None) -> None:
        """Asks for a change, once unless it was surely not carried out. `Uncertain` when nobody can tell."""
        self._patiently(method, path, json=json)

    def _patiently(self, method: str, path: str, **rest: Any) -> httpx.Response:
        for attempt in range(1, _ATTEMPTS + 1):
            last, asked = attempt == _ATTEMPTS, None
            try:
                response = self._client.request(method, path, **rest)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if last:
                    raise Refusal(f"{self.name} can not be reached.", next_step="Try again later.") from None
            except httpx.TransportError as error:
                if method != "GET":
                    raise self._uncertain(type(error).__name__) from None
                if last:
                    raise Refusal(f"{self.name} does not answer ({type(error).__name__}).") from None
            else:
                if response.status_code == 429:
                    asked = response.headers.get("Retry-After")
                elif response.status_code < 500 or last or method != "GET":
                    return self._accepted(response, method)
                if last:
                    return self._accepted(response, method)
            self._sleep(pause(attempt, asked))
        raise AssertionError("the last attempt returns or raises")

    def _accepted(self, response: httpx.Response, method: str) -> httpx.Response:
        status = response.status_code
        if response.is_success or (status == 404 and method == "GET"):
            return response
        if status in {401, 403}:
            raise Refusal(
                f"{self.name} refused the key ({status}).", next_step="Make a new one with the right to it."
            )
        if status == 404:
            raise Refusal(f"{self.name} knows no such service.", next_step="Check its id in cutover.toml.")
        if status == 429:
            raise Refusal(f"{self.name} is asked too often (429).", next_step="Try again in a few minutes.")
        if status >= 500 and method != "GET":
            raise self._uncertain(f"HTTP {status}")
        if status >= 500:
            raise Refusal(
                f"{self.name} failed ({status}).", next_step="Try again later; look at its status page."
            )
        raise Refusal(
            f"{self.name} did not accept the request ({status}).", next_step="Look at it in its dashboard."
        )

    def _uncertain(self, how: str) -> Uncertain:
        return Uncertain(
            f"{self.name} did not say whether it did it ({how}).",
            touched="It may or may not have been done.",
            next_step="The same command looks first, and only then acts: type it again.",
        )


class Render(Api):
    """v1's web service on Render. `service`: its id (`srv-...`)."""

    name = "Render"

    def service(self, service: str) -> dict[str, Any] | None:
        """The service, None when there is none (any more)."""
        found = self.ask(f"/v1/services/{service}")
        if found is not None and not (
            isinstance(found, dict) and found.get("id") == service and found.get("name")
        ):
            raise Refusal(
                "What Render answered is not this service.", next_step="Check render_service in cutover.toml."
            )
        return found

    def instances(self, service: str) -> int | None:
        """How many instances the service is to have; None when it can not be told."""
        found = self.service(service) or {}
        count = (found.get("serviceDetails") or {}).get("numInstances")
        return count if isinstance(count, int) else None

    def scale_to_zero(self, service: str) -> None:
        """Asks for no instance at all."""
        self.act("POST", f"/v1/services/{service}/scale", {"numInstances": 0})

    def delete(self, service: str) -> None:
        """Deletes the service, for ever."""
        self.act("DELETE", f"/v1/services/{service}")

    def requests(self, service: str, start: datetime, end: datetime) -> float | None:
        """How many requests the service got; None when Render has no such figures."""
        spelled = {"startTime": start.isoformat(), "endTime": end.isoformat()}
        found = self.ask(
            "/v1/metrics/http-requests", {"resource": service, "resolutionSeconds": "3600", **spelled}
        )
        if not isinstance(found, list) or not found:
            return None
        try:
            return float(sum(value["value"] for series in found for value in series["values"]))
        except (KeyError, TypeError):
            raise Refusal("What Render answered are no figures of requests.") from None


class Supabase(Api):
    """v1's Supabase project, by its reference."""

    name = "Supabase"

    def status(self, reference: str) -> str | None:
        """The project's status (`ACTIVE_HEALTHY`, `PAUSING`, `INACTIVE`), None when there is none."""
        found = self.ask(f"/v1/projects/{reference}")
        if found is None:
            return None
        if not isinstance(found, dict) or reference not in {found.get("id"), found.get("ref")}:
            raise Refusal(
                "What Supabase answered is not this project.", next_step="Check CUTOVER_SUPABASE_API."
            )
        return str(found.get("status", ""))

    def pause(self, reference: str) -> None:
        """Pauses the project, at once."""
        self.act("POST", f"/v1/projects/{reference}/pause")
