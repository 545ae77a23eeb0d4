"""Which Convex deployment a site that is served talks to: read out of the page that it ships and its scripts.

Asks as a stranger would: no cookies, no cache. A Next.js page inlines NEXT_PUBLIC_CONVEX_URL in one of its
scripts. A page that names no deployment is no v2 (v1's page, a maintenance page, an error of the host's).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx

from migration.endpoints import is_local

_WHOLE = r"(?![\w-]|\.\w)"  # not the beginning of a longer host
_DEPLOYMENT = re.compile(
    r"(?:https://[a-z0-9-]+(?:\.[a-z0-9-]+)?\.convex\.cloud|http://(?:127\.0\.0\.1|localhost):\d+)" + _WHOLE
)
_MOST_SCRIPTS = 60
_TIMEOUT_S = 15.0


@dataclass(frozen=True)
class Shipped:
    """What the public address answers. `problem`: why it is no page; `deployments`: those that it names."""

    problem: str = ""
    deployments: frozenset[str] = frozenset()

    def names(self, target: str) -> bool:
        """Whether the deployment is one that the site talks to."""
        return target.rstrip("/") in self.deployments


def read(url: str, target: str) -> Shipped:
    """What is served at `url` now. `target` is looked for as it is, for it may have an address of its own."""
    headers = {"Cache-Control": "no-cache", "User-Agent": "cutover"}
    local = is_local(urlsplit(url).hostname or "")
    with httpx.Client(
        headers=headers, timeout=_TIMEOUT_S, follow_redirects=True, trust_env=not local
    ) as client:
        try:
            page = client.get(url)
            if not page.is_success:
                return Shipped(f"HTTP {page.status_code}")
            texts = [page.text, *_scripts(client, str(page.url), page.text)]
        except httpx.HTTPError as error:
            return Shipped(type(error).__name__)
    return Shipped("", frozenset(_named(texts, target.rstrip("/"))))


def _scripts(client: httpx.Client, base: str, page: str) -> list[str]:
    """The text of every script of the page that the site itself serves."""
    parser = _Sources()
    parser.feed(page)
    found = []
    for source in parser.found[:_MOST_SCRIPTS]:
        address = urljoin(base, source)
        if urlsplit(address).netloc == urlsplit(base).netloc:
            answer = client.get(address)
            found += [answer.text] if answer.is_success else []
    return found


def _named(texts: list[str], target: str) -> set[str]:
    whole = re.compile(re.escape(target) + _WHOLE)
    own = {target} if any(whole.search(text) for text in texts) else set[str]()
    return own | {match for text in texts for match in _DEPLOYMENT.findall(text)}


class _Sources(HTMLParser):
    """The addresses of a page's scripts, preloaded ones too."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        source = told.get("src") if tag == "script" else None
        if tag == "link" and (told.get("as") == "script" or told.get("rel") == "modulepreload"):
            source = told.get("href")
        if source and source not in self.found:
            self.found.append(source)
