"""What was executed, as `convex logs` reads it (contract 6): errors and lines, once, waited for."""

from __future__ import annotations

import os
import subprocess
import threading
from typing import Any

import pytest

from fixtures.deployment import FIXTURES, PACKAGES
from fixtures.provision import node_binary
from tests.contract.client import Client

PATIENCE = 60


def since(client: Client, cursor: float) -> tuple[list[dict[str, Any]], float]:
    """The executions after a cursor, and the next one."""
    response = client.get(f"/api/stream_function_logs?cursor={cursor}")
    assert response.status_code == 200, response.text
    answer = response.json()
    return answer["entries"], answer["newCursor"]


@pytest.fixture
def head(client: Client) -> float:
    """The cursor of this moment."""
    client.value("query", "library:echo", {"value": 1})
    return since(client, 0)[1]


def test_every_execution_is_told_once_with_its_error_and_its_lines(client: Client, head: float) -> None:
    client.value("query", "library:logs")
    client.error("query", "library:failPlainly")
    client.error("query", "library:thereIsNone")
    entries, cursor = since(client, head)
    told = [(one["identifier"], one["udfType"], one["kind"]) for one in entries]
    assert told == [
        ("library:logs", "Query", "Completion"),
        ("library:failPlainly", "Query", "Completion"),
    ]
    assert (entries[0]["error"], entries[0]["logLines"]) == (None, ["[LOG] 'hello' { a: 1 }"])
    assert "out of paper" in entries[1]["error"]
    assert 0 < entries[1]["timestamp"] - entries[1]["executionTime"] <= entries[1]["timestamp"]
    assert cursor > head


def test_whoever_asks_again_waits_for_what_is_new(client: Client, head: float) -> None:
    heard: list[list[dict[str, Any]]] = []
    asking = threading.Thread(target=lambda: heard.append(since(client, head)[0]), daemon=True)
    asking.start()
    asking.join(0.3)
    assert heard == []
    client.value("query", "library:echo", {"value": 2})
    asking.join(PATIENCE)
    assert [one["identifier"] for one in heard[0]] == ["library:echo"]


def test_the_log_is_the_administrator_s_and_wants_a_cursor(client: Client) -> None:
    assert client.http.get("/api/stream_function_logs?cursor=0").status_code == 403
    for address in ("/api/stream_function_logs", "/api/stream_udf_execution?cursor=soon"):
        refused = client.http.get(address, headers=client.admin)
        assert (refused.status_code, refused.json()["code"]) == (400, "BadQueryArgs")


def test_the_command_shows_what_was_executed(client: Client) -> None:
    client.error("query", "library:failPlainly")
    variables = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "CONVEX_SELF_HOSTED_URL": client.deployment.url,
        "CONVEX_SELF_HOSTED_ADMIN_KEY": client.deployment.admin_key,
    }
    command = [str(node_binary()), str(PACKAGES / "convex" / "bin" / "main.js"), "logs", "--history", "1"]
    with subprocess.Popen(
        command, cwd=FIXTURES, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as shown:
        ending = threading.Timer(PATIENCE, shown.kill)
        ending.start()
        try:
            assert shown.stdout is not None
            assert any("Q(library:failPlainly)" in line for line in shown.stdout)
        finally:
            ending.cancel()
            shown.kill()
