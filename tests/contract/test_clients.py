"""The official clients of JavaScript and Python: over HTTP, and subscriptions over WebSocket."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from fixtures.deployment import FIXTURES
from fixtures.provision import node_binary
from tests.contract.client import Client

HTTP_CLIENT = """
import { ConvexHttpClient } from "convex/browser";
import { anyApi } from "convex/server";
const client = new ConvexHttpClient(process.env.URL, { logger: false });
const author = await client.mutation(anyApi.library.addAuthor, { name: "Ada" });
await client.mutation(anyApi.library.addBook, { author, title: "T", copies: 7n });
const [book] = await client.query(anyApi.library.booksOf, { author });
const failure = await client.query(anyApi.library.failWithData, {}).catch((error) => error);
console.log(JSON.stringify([typeof book.copies, Number(book.copies), failure.data.code, failure.name]));
"""

SUBSCRIBER = """
import { ConvexClient } from "convex/browser";
import { anyApi } from "convex/server";
const client = new ConvexClient(process.env.URL, { logger: false });
const author = await client.mutation(anyApi.library.addAuthor, { name: "Ada" });
const seen = [];
const done = new Promise((resolve) => client.onUpdate(anyApi.library.booksOf, { author }, (books) => {
  seen.push(books.length);
  if (books.length === 2) resolve();
}));
await client.mutation(anyApi.library.addBook, { author, title: "A" });
await client.mutation(anyApi.library.addBook, { author, title: "B" });
await done;
const refused = client.mutation(anyApi.library.addBook, { author: "x", title: "C" });
const failure = await refused.catch((error) => error.message);
const names = await client.action(anyApi.actions.addTwice, { name: "N" });
console.log(JSON.stringify([seen.at(-1), failure.includes("ArgumentValidationError"), names.length]));
await client.close();
process.exit(0);
"""

PYTHON_CLIENT = """
import json, os
from convex import ConvexClient, ConvexError, ConvexInt64
client = ConvexClient(os.environ["URL"])
author = client.mutation("library:addAuthor", {"name": "Ada"})
seen = []
for books in client.subscribe("library:booksOf", {"author": author}):
    seen.append(len(books))
    if len(books) == 2:
        break
    client.mutation("library:addBook", {"author": author, "title": str(len(books)), "copies": ConvexInt64(7)})
try:
    client.query("library:failWithData")
except ConvexError as error:
    failure = error.data["code"]
names = client.action("actions:addTwice", {"name": "N"})
client.set_admin_auth(os.environ["KEY"])
internal = client.query("library:names")
copies = type(books[0]["copies"]).__name__, float(books[0]["copies"].value)
print(json.dumps([seen, failure, len(names), internal[0], *copies]))
"""

PYTHON_HTTP_CLIENT = """
import json, os
from convex.http_client import ConvexHttpClient
client = ConvexHttpClient(os.environ["URL"])
author = client.mutation("library:addAuthor", {"name": "Ada"})
client.set_admin_auth(os.environ["KEY"])
print(json.dumps([client.query("library:names"), client.query("library:echo", {"value": 1.5})]))
"""

# Acts as a user over the WebSocket: the administrator by the official client, the reader by hand.
IMPERSONATOR = """
import { ConvexClient } from "convex/browser";
import { anyApi } from "convex/server";
import { WebSocket } from "ws";
const user = { subject: "u|x", issuer: "https://convex.test", tokenIdentifier: "https://convex.test|u" };
const client = new ConvexClient(process.env.URL, { logger: false });
client.client.setAdminAuth(process.env.KEY, user);
const identity = await new Promise((resolve) => client.onUpdate(anyApi.library.whoAmI, {}, resolve));
await client.close();
const socket = new WebSocket(process.env.URL.replace("http", "ws") + "/api/1.48.0/sync");
await new Promise((resolve) => socket.once("open", resolve));
socket.send(JSON.stringify({ type: "Connect", sessionId: "s", connectionCount: 0 }));
const claim = { tokenType: "Admin", value: process.env.READER, baseVersion: 0, impersonating: user };
socket.send(JSON.stringify({ type: "Authenticate", ...claim }));
const refusal = await new Promise((resolve) => socket.once("message", (data) => resolve(JSON.parse(data))));
console.log(JSON.stringify([identity, refusal.type, String(refusal.error)]));
process.exit(0);
"""


def run_script(client: Client, script: str) -> Any:
    return run(client, [str(node_binary()), "--experimental-websocket", "--input-type=module", "-e", script])


def run(client: Client, command: list[str]) -> Any:
    done = subprocess.run(
        command,
        cwd=FIXTURES,
        env={
            "URL": client.deployment.url,
            "KEY": client.deployment.admin_key,
            "READER": client.deployment.read_only_key,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_http_client_exchanges_int64_and_error_data(client: Client) -> None:
    assert run_script(client, HTTP_CLIENT) == ["bigint", 7, "NO_PAPER", "ConvexError"]


def test_subscriber_is_told_of_every_change(client: Client) -> None:
    assert run_script(client, SUBSCRIBER) == [2, True, 3]


def test_python_client_calls_and_is_told_of_every_change(client: Client) -> None:
    answer = run(client, [sys.executable, "-c", PYTHON_CLIENT])
    assert answer == [[0, 1, 2], "NO_PAPER", 3, "Ada", "ConvexInt64", 7.0]


def test_python_http_client_calls_as_administrator(client: Client) -> None:
    assert run(client, [sys.executable, "-c", PYTHON_HTTP_CLIENT]) == [["Ada"], 1.5]


def test_administrator_acts_as_a_user_over_the_websocket_and_a_reader_does_not(client: Client) -> None:
    if not client.deployment.read_only_key:
        pytest.skip("needs a read-only key of the deployment")
    identity, answer, words = run_script(client, IMPERSONATOR)
    assert identity == {
        "subject": "u|x",
        "issuer": "https://convex.test",
        "tokenIdentifier": "https://convex.test|u",
    }
    assert (answer, "actAsUser" in words) == ("AuthError", True)
