"""The official JavaScript clients: HTTP, and subscriptions over WebSocket."""

from __future__ import annotations

import json
import subprocess

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


def run_script(client: Client, script: str) -> object:
    command = [str(node_binary()), "--experimental-websocket", "--input-type=module", "-e", script]
    done = subprocess.run(
        command,
        cwd=FIXTURES,
        env={"URL": client.deployment.url},
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
