"""How long the world keeps the site's address: the TTL, asked of the domain's own name servers.

Only they know it: a resolver tells what is left of it. Without name servers in cutover.toml, or when none of
them answers, nobody can tell here, and a person attests it. One question in one UDP datagram (RFC 1035, 4).
"""

from __future__ import annotations

import contextlib
import secrets
import socket
import struct
from dataclasses import dataclass
from urllib.parse import urlsplit

from migration.preflight.model import Answer
from migration.preflight.scene import Scene

LOWERED = 300
"""Seconds: after the domain is pointed elsewhere, everybody is there within five minutes."""

_TIMEOUT_S, _TRIES = 2.0, 2
_A, _IN = 1, 1
_AUTHORITATIVE = 0x0400
_POINTER = 0xC0


@dataclass(frozen=True)
class Told:
    """What a name server said: whether it is the domain's own, and the longest TTL (None: no address)."""

    authoritative: bool
    ttl: int | None


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


def asked(server: str, host: str) -> Told | None:
    """One server's answer about a host; None when it gives none. `server`: its address, `:port` if not 53."""
    address, _, port = server.partition(":")
    number = secrets.token_bytes(2)
    question = number + struct.pack("!5H", 0, 1, 0, 0, 0) + _name(host) + struct.pack("!2H", _A, _IN)
    for _ in range(_TRIES):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line, contextlib.suppress(OSError):
            line.settimeout(_TIMEOUT_S)
            line.connect((address, int(port or 53)))
            line.send(question)
            datagram = line.recv(4096)
            with contextlib.suppress(struct.error, IndexError):
                if datagram[:2] == number:
                    return _read(datagram)
    return None


def _read(datagram: bytes) -> Told:
    flags, questions, answers = struct.unpack_from("!3H", datagram, 2)
    place = 12
    for _ in range(questions):
        place = _after_name(datagram, place) + 4
    longest: int | None = None
    for _ in range(answers):
        place = _after_name(datagram, place)
        _, _, ttl, length = struct.unpack_from("!2HIH", datagram, place)
        longest = max(longest or 0, ttl)
        place += 10 + length
    return Told(bool(flags & _AUTHORITATIVE), longest)


def _name(host: str) -> bytes:
    labels = [label.encode("idna") for label in host.rstrip(".").split(".")]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def _after_name(datagram: bytes, place: int) -> int:
    """The place after a name: labels up to an empty one, or up to a pointer into an earlier name."""
    while datagram[place]:
        if datagram[place] & _POINTER == _POINTER:
            return place + 2
        place += 1 + datagram[place]
    return place + 1
