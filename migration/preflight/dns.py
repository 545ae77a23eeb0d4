"""How long the world keeps the site's address: the TTL, asked of the domain's own name servers.

Only they know it: a resolver tells what is left of it. Without name servers in cutover.toml, or when none of
them answers, nobody can tell here, and a person attests it. How a server is asked: `migration.dns`.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from migration.dns import asked
from migration.preflight.model import Answer
from migration.preflight.scene import Scene

LOWERED = 300
"""Seconds: after the domain is pointed elsewhere, everybody is there within five minutes."""


def lowered(scene: Scene) -> Answer | None:
    """Every name server that answers says a low TTL; None when none can tell."""
    host = urlsplit(scene.settings.app_url or "").hostname
    if host is None:
        return None
    told = {server: asked(server, host) for server in scene.settings.preflight.nameservers}
    answered = {server: one for server, one in told.items() if one is not None}
    if not answered:
        return None
    for server, one in answered.items():
        if not one.authoritative:
            return Answer(False, f"{server} is no name server of {host}'s own, so it does not know the TTL.")
        if one.ttl is None:
            return Answer(False, f"{server} knows no address of {host}.")
        if one.ttl > LOWERED:
            return Answer(False, f"{server} gives {host} a TTL of {one.ttl} s, more than {LOWERED}.")
    longest = max(one.ttl or 0 for one in answered.values())
    return Answer(True, f"{len(answered)} name servers give {host} a TTL of at most {longest} s.")
