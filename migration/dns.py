"""One question to one name server: a host's addresses, in one UDP datagram (RFC 1035, 4).

Asked of configured servers directly, never of this machine's resolver, whose cache says nothing about the
world. Used by the gate `dns` (the TTL) and by the cutover (whether the world is sent to v2 yet). Not here:
what an answer means.
"""

from __future__ import annotations

import contextlib
import secrets
import socket
import struct
from dataclasses import dataclass

_TIMEOUT_S, _TRIES = 2.0, 2
_A, _CNAME, _IN = 1, 5, 1
_RECURSION_DESIRED = 0x0100
_AUTHORITATIVE = 0x0400
_POINTER = 0xC0


@dataclass(frozen=True)
class Told:
    """What a name server said: whether it is the domain's own, the longest TTL (None: no address), the
    addresses, and the names that the host is another word for."""

    authoritative: bool
    ttl: int | None
    addresses: frozenset[str] = frozenset()
    aliases: frozenset[str] = frozenset()


def asked(server: str, host: str) -> Told | None:
    """One server's answer about a host; None when it gives none. `server`: its address, `:port` if not 53."""
    address, _, port = server.partition(":")
    number = secrets.token_bytes(2)
    head = number + struct.pack("!5H", _RECURSION_DESIRED, 1, 0, 0, 0)
    question = head + _name(host) + struct.pack("!2H", _A, _IN)
    for _ in range(_TRIES):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line, contextlib.suppress(OSError):
            line.settimeout(_TIMEOUT_S)
            line.connect((address, int(port or 53)))
            line.send(question)
            datagram = line.recv(4096)
            with contextlib.suppress(struct.error, IndexError, ValueError):
                if datagram[:2] == number:
                    return _read(datagram)
    return None


def _read(datagram: bytes) -> Told:
    flags, questions, answers = struct.unpack_from("!3H", datagram, 2)
    place = 12
    for _ in range(questions):
        place = _after_name(datagram, place) + 4
    longest: int | None = None
    addresses, aliases = set[str](), set[str]()
    for _ in range(answers):
        place = _after_name(datagram, place)
        kind, _, ttl, length = struct.unpack_from("!2HIH", datagram, place)
        longest = max(longest or 0, ttl)
        place += 10
        if kind == _A and length == 4:
            addresses.add(socket.inet_ntoa(datagram[place : place + 4]))
        elif kind == _CNAME:
            aliases.add(_spelled(datagram, place))
        place += length
    return Told(bool(flags & _AUTHORITATIVE), longest, frozenset(addresses), frozenset(aliases))


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


def _spelled(datagram: bytes, place: int) -> str:
    """A name in letters. A pointer leads backwards, so that a datagram can not make us go in circles."""
    labels: list[str] = []
    while datagram[place]:
        if datagram[place] & _POINTER == _POINTER:
            to = int.from_bytes(datagram[place : place + 2]) & ~(_POINTER << 8)
            if to >= place:
                raise ValueError("a pointer forwards")
            place = to
            continue
        labels.append(datagram[place + 1 : place + 1 + datagram[place]].decode("ascii", "replace").lower())
        place += 1 + datagram[place]
    return ".".join(labels)
