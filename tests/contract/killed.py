"""`kill -9` at moments that grow from a seed, amid mutations and imports, over and over on one data folder.

After each restart nothing that was acknowledged may be missing or changed (documents, ids, creation times,
the clock of commits), and of an import there is all or nothing, over its two tables and its file. Half of the
kills also leave a torn last record in the log, as a kill in the middle of a write does.
"""

from __future__ import annotations

import base64
import json
import os
import random
import signal
import struct
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from fixtures import deployment as deployments
from fixtures import processes, wire
from fixtures.deployment import Deployment
from tests.contract.client import Client, make_zip

PROJECT = Path(__file__).parent / "project" / "convex"
WRITERS = 2
ROWS = 400
# A kill comes after at most so many acknowledged mutations and a few milliseconds: anywhere.
MOST_MUTATIONS = 120
JITTER_SECONDS = 0.03
PATIENCE_SECONDS = 60.0
FILE = wire.encode_id(8_020, bytes(16))


@dataclass
class Account:
    """What came of the kills; `broken` says what was lost and by which seed."""

    tried: int = 0
    broken: list[str] = field(default_factory=list)
    mutations: int = 0
    imports: int = 0
    interrupted: int = 0


@dataclass
class _Memory:
    """What the deployment has told: authors by id and name, the newest generation of an import, the clock."""

    authors: dict[str, str] = field(default_factory=dict)
    seen: dict[str, Any] = field(default_factory=dict)
    begun: int = 0
    completed: int = 0
    imports: int = 0
    ts: int = 0


def run(folder: Path, seeds: Iterable[int]) -> Account:
    """Kills one deployment, with its data in `folder`, once for each seed, and looks after each restart."""
    account, memory = Account(), _Memory()
    for number in seeds:
        draw = random.Random(number)  # noqa: S311 - repeatable on purpose
        with _deployment(folder) as served:
            if account.tried:
                account.broken += [f"seed {number}: {line}" for line in _lost(served, memory, account)]
            moment = draw.randrange(MOST_MUTATIONS), draw.uniform(0, JITTER_SECONDS)
            _work_until_killed(served, memory, *moment)
        if draw.random() < 0.5:
            _tear(folder, draw)
        account.tried += 1
    with _deployment(folder) as served:
        account.broken += [f"after the last: {line}" for line in _lost(served, memory, account)]
        deployments.stop(served.deployment.pid)
    account.mutations, account.imports = len(memory.authors), memory.imports
    return account


@contextmanager
def _deployment(folder: Path) -> Iterator[Client]:
    served: Deployment = deployments.start(folder / "killed", PROJECT)
    try:
        yield Client(served)
    finally:
        deployments.stop(served.pid)


def _work_until_killed(client: Client, memory: _Memory, mutations: int, seconds: float) -> None:
    """Writers and one importer work on until the deployment is gone: `seconds` after so many mutations."""
    wanted = len(memory.authors) + mutations
    workers = [threading.Thread(target=_write, args=(client.deployment, memory)) for _ in range(WRITERS)]
    workers.append(threading.Thread(target=_import, args=(client.deployment, memory)))
    for worker in workers:
        worker.start()
    processes.wait_until(lambda: len(memory.authors) >= wanted, PATIENCE_SECONDS)
    threading.Event().wait(seconds)
    os.kill(client.deployment.pid, signal.SIGKILL)
    for worker in workers:
        worker.join()


def _write(deployment: Deployment, memory: _Memory) -> None:
    client = Client(deployment)
    while True:
        name = os.urandom(8).hex()
        try:
            memory.authors[client.value("mutation", "library:addAuthor", {"name": name})] = name
            memory.ts = max(memory.ts, _clock(client))
        except httpx.HTTPError:
            return


def _import(deployment: Deployment, memory: _Memory) -> None:
    client = Client(deployment)
    while True:
        memory.begun += 1
        generation = memory.begun
        rows = "".join(json.dumps({"generation": generation, "text": "x" * 200}) + "\n" for _ in range(ROWS))
        entries: dict[str, str | bytes] = {f"{table}/documents.jsonl": rows for table in ("left", "right")}
        entries[f"_storage/{FILE}"] = str(generation)
        try:
            if client.run_import(make_zip(entries))["state"] == "completed":
                memory.completed = generation
                memory.imports += 1
        except httpx.HTTPError:
            return


def _lost(client: Client, memory: _Memory, account: Account) -> Iterator[str]:
    """What the restarted deployment does not have, or has otherwise than it told."""
    archive = client.export(files=True)
    names = set(archive.namelist())

    def rows(table: str) -> list[dict[str, Any]]:
        entry = f"{table}/documents.jsonl"
        return [json.loads(line) for line in archive.read(entry).splitlines()] if entry in names else []

    authors = {row["_id"]: row for row in rows("authors")}
    for author, name in memory.authors.items():
        if authors.get(author, {}).get("name") != name:
            yield f"mutation {author} is lost"
    for author, row in memory.seen.items():
        if authors.get(author) != row:
            yield f"document {author} has changed"
    memory.seen = authors
    if _clock(client) < memory.ts:
        yield "the clock of commits went back"
    left, right = rows("left"), rows("right")
    generations = {int(row["generation"]) for row in left + right}
    if f"_storage/{FILE}" in names:
        generations.add(int(archive.read(f"_storage/{FILE}")))
    whole = (len(left), len(right)) in ((0, 0), (ROWS, ROWS)) and len(generations) <= 1
    if not whole or max(generations, default=0) not in range(memory.completed, memory.begun + 1):
        yield f"half an import: {len(left)} and {len(right)} rows of {sorted(generations)}"
    states = [one["state"] for one in client.system("cli/queryImport:list")]
    account.interrupted += sum("restarted" in state.get("error_message", "") for state in states[:1])


def _clock(client: Client) -> int:
    text = client.http.post("/api/query_ts").json()["ts"]
    return int(struct.unpack("<Q", base64.b64decode(text))[0])


def _tear(folder: Path, draw: random.Random) -> None:
    """Adds the beginning of a record to the log: a commit that was being written and nobody was told of."""
    logs = list((folder / "killed" / "log").glob("log.*.ndjson"))
    log = max(logs, key=lambda path: int(path.name.split(".")[1]))
    lines = log.read_bytes().splitlines()
    record = lines[-1] if lines else b'{"ts":"9999999999999999999","writes":[]}'
    with log.open("ab") as file:
        file.write(record[: draw.randrange(1, len(record))])
