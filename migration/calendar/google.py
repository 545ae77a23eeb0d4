"""Google's Calendar v3 and OAuth token endpoint over HTTP: what is asked, asked again, and what an answer
means.

Base addresses come from the settings, so the emulator of the tests and Google are the same code. Nothing here
logs, and no error carries a token, an address or a title. What may be asked again when its answer was lost:
everything, because each call names its event (deleting twice is answered 410, an insert has its id chosen).

    401                                     the access token is renewed, once a call; then Unanswered
    403 with a rate's reason, 408, 429, 5xx asked again, ever later, a Retry-After heeded (migration.patience)
    a lost, slow or torn answer             the same
    404, 410                                Absent: it is not there
    412                                     Changed: the event is other than it was read
    the sixth passing trouble in a row      Unanswered
    anything else                           CallFailed
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from urllib.parse import quote

import httpx
import orjson

from migration.calendar.model import CalendarRefusal
from migration.calendar.oauth import NoToken, access_token
from migration.calendar.pace import Pace
from migration.config import GoogleKeys
from migration.patience import pause

ATTEMPTS = 6
_PAGE = "250"
_MOST_PAGES = 400
_EARLY = timedelta(seconds=60)
"""A token that ends within a minute counts as ended."""

_PASSING = frozenset({408, 429, *range(500, 600)})
_RATE_REASONS = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded"})
_EVENTS = "/calendar/v3/calendars/primary/events"


class CallFailed(Exception):
    """A call for one user came to nothing. `str()` is safe to show: status and Google's short reason."""


class Unanswered(CallFailed):
    """Every attempt met trouble, or no token is taken: so would whatever else is asked for this user."""


class Absent(CallFailed):
    """404 or 410: there is no such event any more. `by_us`: an earlier attempt of this very call did it."""

    by_us = False


class Changed(CallFailed):
    """412: the event is not the one that was read."""


class Revoked(CallFailed):
    """The refresh token is no longer valid: the user took the grant back, or Google did."""


@dataclass(frozen=True)
class Endpoints:
    """Where Google is, without paths."""

    api: str
    oauth: str


class Google:
    """The connection that all users' calendars share."""

    def __init__(  # noqa: PLR0913 - what tests and the emulator replace
        self,
        endpoints: Endpoints,
        keys: GoogleKeys,
        pace: Pace,
        *,
        answer_within: float = 30.0,
        transport: httpx.BaseTransport | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._at, self._keys, self._sleep = endpoints, keys, sleep
        self.now = now
        self._met = False  # once a calendar was reached, nothing is refused as if none had been
        self.pace = pace
        local = httpx.URL(endpoints.api).host in {"127.0.0.1", "localhost", "::1"}
        self._client = httpx.Client(timeout=answer_within, transport=transport, trust_env=not local)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def calendar(self, refresh_token: str, access_token: str | None, expiry: datetime | None) -> Calendar:
        """One user's primary calendar, by these opened tokens. Nothing is asked yet."""
        return Calendar(self, Access(self, refresh_token, access_token, expiry))

    def token(self, refresh_token: str) -> tuple[str, datetime]:
        """A new access token and its end. `Revoked` when the grant is gone; a `Refusal` when Google does not
        know the client, because then no user can be reached."""
        address = f"{self._at.oauth}/token"
        try:
            token, lasts = access_token(self._asked, address, self._keys, refresh_token)
        except NoToken as error:
            reason = error.word
            if reason == "invalid_grant":
                raise Revoked("the grant was revoked or has ended (invalid_grant)") from None
            if reason in {"invalid_client", "unauthorized_client"} and not self._met:
                raise CalendarRefusal(
                    f"Google does not know this client ({reason}).",
                    next_step="Set GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET to those that v1's backend had.",
                ) from None
            raise Unanswered(f"no access token: {error.status} {_short(reason)}") from None
        return token, self.now() + lasts

    def _asked(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str] | None
    ) -> tuple[int, dict[str, Any]]:
        request = self._client.build_request(method, url, content=body, headers=headers)
        return self._patiently(lambda: request)[:2]

    def call(  # noqa: PLR0913 - a request has that many parts
        self,
        access: Access,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: Mapping[str, Any] | None = None,
        etag: str | None = None,
    ) -> dict[str, Any]:
        """The JSON answer of one call for one user, or the error that the module's table names."""
        renewed = False
        while True:
            token = access.current()
            headers = {"Authorization": f"Bearer {token}", **({"If-Match": etag} if etag else {})}
            url = f"{self._at.api}{_EVENTS}{path}"

            def request() -> httpx.Request:
                self.pace.call()
                return self._client.build_request(method, url, params=params, json=json, headers=headers)  # noqa: B023 - used before the next turn

            status, body, uncertain = self._patiently(request)
            if status == httpx.codes.UNAUTHORIZED and not renewed:
                access.renew()
                renewed = True
                continue
            found = _meant(status, body, uncertain)
            self._met = True
            return found

    def _patiently(self, request: Callable[[], httpx.Request]) -> tuple[int, dict[str, Any], bool]:
        """Status and body of the first answer that is not a passing one; whether an earlier attempt may have
        been carried out."""
        uncertain = False
        for attempt in range(1, ATTEMPTS + 1):
            asked, why = None, ""
            try:
                response = self._client.send(request())
                body = _body(response)
            except (httpx.TransportError, orjson.JSONDecodeError) as error:
                uncertain, why = True, type(error).__name__
            else:
                if not _passes(response.status_code, body):
                    return response.status_code, body, uncertain
                uncertain |= response.status_code >= 500
                asked, why = response.headers.get("Retry-After"), _reason(response.status_code, body)
            if attempt < ATTEMPTS:
                self._sleep(pause(attempt, asked, self.now()))
        raise Unanswered(f"{why}, {ATTEMPTS} times")


class Access:
    """One user's way in: the access token while it lasts, another by the refresh token afterwards."""

    def __init__(
        self, google: Google, refresh_token: str, access_token: str | None, expiry: datetime | None
    ) -> None:
        self._google, self._refresh = google, refresh_token
        now = google.now()
        fresh = access_token and expiry is not None and expiry > now + _EARLY
        self._token, self._expiry = (access_token, expiry) if fresh else (None, None)

    def current(self) -> str:
        """A token that is valid now, renewed when it has ended."""
        now = self._google.now()
        if self._token is None or self._expiry is None or self._expiry <= now + _EARLY:
            self.renew()
        return self._token or ""

    def renew(self) -> None:
        """Another token by the refresh token; kept in memory only."""
        self._token, self._expiry = self._google.token(self._refresh)


class Calendar:
    """The events of one user's primary calendar."""

    def __init__(self, google: Google, access: Access) -> None:
        self._google, self._access = google, access

    def search(self, text: str) -> Iterator[dict[str, Any]]:
        """Every event, of any time, that the free-text search finds; a series once. `CallFailed` also when
        the paging does not come to an end."""
        params = {"q": text, "maxResults": _PAGE, "singleEvents": "false", "showDeleted": "false"}
        for _ in range(_MOST_PAGES):
            try:
                page = self._call("GET", "", params=params)
            except Absent as error:  # of a list, this is no answer about any event
                raise CallFailed(str(error)) from None
            yield from page.get("items", [])
            if not page.get("nextPageToken"):
                return
            params = {**params, "pageToken": str(page["nextPageToken"])}
        raise CallFailed(f"a list of more than {_MOST_PAGES} pages")

    def get(self, event_id: str) -> dict[str, Any]:
        """One event, a cancelled one too; `Absent` when there is none of this id."""
        return self._call("GET", f"/{quote(event_id, safe='')}")

    def delete(self, event_id: str, etag: str) -> None:
        """Deletes the event as it was read (`etag`), and mails nobody. `Absent` or `Changed` if it is not."""
        params = {"sendUpdates": "none"}
        self._call("DELETE", f"/{quote(event_id, safe='')}", params=params, etag=etag)

    def update(self, event_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Replaces an event, also a cancelled one, which lives again by it."""
        params = {"sendUpdates": "none", "supportsAttachments": "true"}
        return self._call("PUT", f"/{quote(event_id, safe='')}", params=params, json=body)

    def insert(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """A new event under the id in the body; `CallFailed` with 409 when the id is taken."""
        params = {"sendUpdates": "none", "supportsAttachments": "true"}
        return self._call("POST", "", params=params, json=body)

    def _call(self, method: str, path: str, **rest: Any) -> dict[str, Any]:
        return self._google.call(self._access, method, path, **rest)


def _meant(status: int, body: dict[str, Any], uncertain: bool) -> dict[str, Any]:
    if status in {200, 201, 204}:
        return body
    said = _reason(status, body)
    if status == httpx.codes.UNAUTHORIZED:
        raise Unanswered(said)
    if status in {404, 410}:
        absent = Absent(said)
        absent.by_us = uncertain
        raise absent
    raise Changed(said) if status == httpx.codes.PRECONDITION_FAILED else CallFailed(said)


def _passes(status: int, body: Mapping[str, Any]) -> bool:
    rate = status == httpx.codes.FORBIDDEN and bool(_reasons(body) & _RATE_REASONS)
    return status in _PASSING or rate


def _body(response: httpx.Response) -> dict[str, Any]:
    """The JSON object of an answer; of a failure also none. A success whose JSON is torn is an error."""
    if not response.content:
        return {}
    try:
        found = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        if response.is_success:
            raise
        return {}
    return found if isinstance(found, dict) else {}


def _reasons(body: Mapping[str, Any]) -> set[str]:
    error = body.get("error")
    listed = error.get("errors") if isinstance(error, dict) else None
    return {str(one.get("reason", "")) for one in listed or [] if isinstance(one, dict)}


def _reason(status: int, body: Mapping[str, Any]) -> str:
    return " ".join([str(status), *sorted(_short(one) for one in _reasons(body))])


def _short(reason: str) -> str:
    """Google's short words only: a message may quote what it is about."""
    return reason if reason.isidentifier() and len(reason) <= 40 else ""
