"""The gate `dns` against a local stand-in of a name server on loopback, which speaks RFC 1035."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from migration.preflight import gates
from migration.preflight.model import Outcome, State
from migration.preflight.records import Records
from migration.preflight.scene import Scene, Tools
from migration.preflight.table import named
from tests.unit.migration.support import settings_for

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
AUTHORITATIVE, PLAIN = 0x8400, 0x8000


@contextmanager
def nameserver(*ttls: int, flags: int = AUTHORITATIVE, torn: bool = False) -> Iterator[str]:
    """A name server that gives one address with each TTL to whatever it is asked; its address and port."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            question, asker = server.recvfrom(512)
            if not question:
                return
            if question[12:] != b"\x0bpermtracker\x03app\0\0\x01\0\x01":
                continue  # not asked for the site's address: no answer
            answer = b"".join(
                b"\xc0\x0c" + struct.pack("!2HIH", 1, 1, ttl, 4) + b"\x7f\0\0\x01" for ttl in ttls
            )
            head = question[:2] + struct.pack("!5H", flags, 1, len(ttls), 0, 0)
            reply = head + question[12:] + answer
            server.sendto(reply[:20] if torn else reply, asker)

    thread = threading.Thread(target=serve)
    thread.start()
    address = server.getsockname()
    try:
        yield f"127.0.0.1:{address[1]}"
    finally:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            end.sendto(b"", address)
        thread.join()
        server.close()


def scene_of(folder: Path, *servers: str) -> Scene:
    """Production's preflight with these name servers."""
    settings = settings_for(folder)
    asked = settings.preflight.model_copy(update={"nameservers": servers})
    production = settings.model_copy(
        update={"environment": "production", "app_url": "https://permtracker.app", "preflight": asked}
    )

    def nothing(*_: object) -> None:
        raise AssertionError("the gate lends nothing")

    return Scene(production, Tools(nothing, nothing), now=NOW)  # type: ignore[arg-type]


def dns(scene: Scene) -> Outcome:
    (outcome,) = gates.carry_out(scene, [named("dns")])
    return outcome


def test_a_low_ttl_of_the_domain_s_own_servers_opens_the_gate(tmp_path: Path) -> None:
    with nameserver(60, 300) as one, nameserver(120) as two:
        outcome = dns(scene_of(tmp_path, one, two))
    assert outcome.state is State.OPEN
    assert outcome.detail == "2 name servers give permtracker.app a TTL of at most 300 s."


@pytest.mark.parametrize(
    ("ttls", "flags", "words"),
    [
        ((60, 301), AUTHORITATIVE, "a TTL of 301 s, more than 300"),
        ((60,), PLAIN, "is no name server of permtracker.app's own"),
        ((), AUTHORITATIVE, "knows no address of permtracker.app"),
    ],
)
def test_another_answer_shuts_it(ttls: tuple[int, ...], flags: int, words: str, tmp_path: Path) -> None:
    with nameserver(*ttls, flags=flags) as server:
        outcome = dns(scene_of(tmp_path, server))
    assert (outcome.state, words in outcome.detail) == (State.SHUT, True), outcome


def test_where_no_server_can_tell_a_person_attests_it(tmp_path: Path) -> None:
    with nameserver(60, torn=True) as torn:
        scene = scene_of(tmp_path, torn, "127.0.0.1:9")
        assert dns(scene).detail == "Nobody has attested it."
        Records(scene.settings).attest("dns", by="Ann", note="60 s since Monday", now=NOW)
        assert dns(scene).state is State.ATTESTED
    assert dns(scene_of(tmp_path)).state is State.ATTESTED


def test_a_person_s_word_does_not_stand_against_a_server_s(tmp_path: Path) -> None:
    with nameserver(86_400) as server:
        scene = scene_of(tmp_path, server)
        Records(scene.settings).attest("dns", by="Ann", note="60 s since Monday", now=NOW)
        assert dns(scene).state is State.SHUT
