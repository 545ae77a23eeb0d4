"""The launcher of the stand-in site, and the keys of its deployment."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from fixtures import app_server, processes
from fixtures.app.auth_environment import auth_environment
from migration.errors import CutoverError

DEPLOYMENT = "http://127.0.0.1:45999"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[app_server.AppServer]:
    started = app_server.start(tmp_path_factory.mktemp("app"), DEPLOYMENT)
    yield started
    app_server.stop(started.pid, started.mark)


@pytest.mark.parametrize("route", ["/login", "/cases", "/cases/abc/edit"])
def test_every_route_is_answered_with_the_page(site: app_server.AppServer, route: str) -> None:
    assert '<script type="module" src="/app.js">' in httpx.get(site.url + route).text


def test_the_bundle_carries_the_url_of_its_deployment(site: app_server.AppServer) -> None:
    assert DEPLOYMENT in httpx.get(f"{site.url}/app.js").text


@pytest.mark.parametrize("path", ["/nothing.js", "/../ready.json", "/%2e%2e/ready.json"])
def test_files_that_are_not_of_the_site_are_not_found(site: app_server.AppServer, path: str) -> None:
    assert httpx.get(site.url + path).status_code == httpx.codes.NOT_FOUND


def test_a_stopped_site_leaves_no_process(tmp_path: Path) -> None:
    started = app_server.start(tmp_path, DEPLOYMENT)
    app_server.stop(started.pid, started.mark)
    assert not processes.is_same(started.pid, started.mark)


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CutoverError, match=f"port {port} is taken"):
            app_server.start(tmp_path, DEPLOYMENT, port=port)


def test_the_signing_key_is_made_once_and_is_private(tmp_path: Path) -> None:
    first = auth_environment(tmp_path)
    assert auth_environment(tmp_path) == first
    assert (tmp_path / "auth.json").stat().st_mode & 0o777 == 0o600
    assert json.loads(first["JWKS"])["keys"][0]["use"] == "sig"
