"""Listens to what a browser complains of while a journey runs.

That is: errors in the console, uncaught errors, failed requests. What v2 is known to log is allowed by exact
prefix, and nothing else. Only the app and the deployment count; a picture from a third party that is missing
is not our concern.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response, WebError

ALLOWED_PREFIXES = (
    "[SW] Main service worker registered",
    "[SW] New version available",
    "[PWA] ",
    "[PendingTermsHandler] ",
    "[ChatWidget] Persisting tool result",
)
SHOWN = 120  # characters of a console line: enough to know it by, too few to carry a document
LEFT_THE_PAGE = "net::ERR_ABORTED"  # the browser's word for a request dropped because the page went away


@dataclass(frozen=True)
class Complaint:
    """One thing the browser complained of."""

    kind: str
    text: str


@dataclass
class Watch:
    """Collects complaints of one browser context about `hosts`."""

    hosts: frozenset[str]
    tolerated: tuple[str, ...] = ()
    _complaints: list[Complaint] = field(default_factory=list)

    @classmethod
    def on(cls, context: BrowserContext, *urls: str) -> Watch:
        """Begin to listen; `urls` are those of the app and of the deployment."""
        watch = cls(frozenset(host for url in urls for host in _hosts(url)))
        context.on("console", watch._console)
        context.on("weberror", watch._uncaught)
        context.on("response", watch._response)
        context.on("requestfailed", watch._failed)
        return watch

    def tolerate(self, *texts: str) -> None:
        """Allow complaints that contain one of these, where a journey provokes them on purpose."""
        self.tolerated = texts

    def taken(self) -> list[Complaint]:
        """The complaints so far; they are forgotten here."""
        taken, self._complaints = self._complaints, []
        return [
            complaint for complaint in taken if not any(text in complaint.text for text in self.tolerated)
        ]

    def _console(self, message: ConsoleMessage) -> None:
        # Failed requests are also told by the network events below, with their host.
        if message.type == "error" and not message.text.startswith(
            (*ALLOWED_PREFIXES, "Failed to load resource")
        ):
            self._complaints.append(Complaint("console error", message.text[:SHOWN]))

    def _uncaught(self, error: WebError) -> None:
        self._complaints.append(Complaint("uncaught error", str(error.error)[:SHOWN]))

    def _response(self, response: Response) -> None:
        if response.status >= 400 and urlsplit(response.url).netloc in self.hosts:
            self._complaints.append(Complaint("failed request", f"{response.status} {_place(response.url)}"))

    def _failed(self, request: Request) -> None:
        if request.failure != LEFT_THE_PAGE and urlsplit(request.url).netloc in self.hosts:
            self._complaints.append(Complaint("failed request", f"{request.failure} {_place(request.url)}"))


def _hosts(url: str) -> set[str]:
    """The host of a URL and, of a cloud deployment, that of its HTTP actions."""
    host = urlsplit(url).netloc
    return {host, host.replace(".convex.cloud", ".convex.site")}


def _place(url: str) -> str:
    """Host and path: a query string could carry anything."""
    parts = urlsplit(url)
    return f"{parts.netloc}{parts.path}"
