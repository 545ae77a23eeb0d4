"""What a deployment remembers: after a clean stop, after `kill -9`, and after a torn last line."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from fixtures import deployment as deployments
from fixtures.deployment import Deployment
from fixtures.provision import node_binary
from migration.errors import CutoverError
from tests.contract import killed
from tests.contract.client import Client, lines_of, make_zip
from tests.contract.conftest import PROJECT
from tests.contract.test_import import author_line, book_line, identifier, two_tables

Start = Callable[[], Client]
KILLS = 4


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a deployment on this test's folder; whatever still runs at the end is ended."""
    started: list[Deployment] = []

    def begin() -> Client:
        started.append(deployments.start(tmp_path, PROJECT))
        return Client(started[-1])

    yield begin
    for one in started:
        deployments.stop(one.pid)


def kill(client: Client) -> None:
    assert client.deployment.process is not None
    os.kill(client.deployment.pid, signal.SIGKILL)
    client.deployment.process.wait()


def newest_log(folder: Path) -> Path:
    return max((folder / "log").glob("log.*.ndjson"), key=lambda path: int(path.name.split(".")[1]))


def test_restart_gives_the_same_documents_on_the_same_address(start: Start) -> None:
    first = start()
    first.run_import(two_tables([author_line(1)], [book_line(1, identifier(10_001, 1))]))
    first.value("mutation", "library:addAuthor", {"name": "later"})
    first.post("/api/update_environment_variables", {"changes": [{"name": "COLOUR", "value": "green"}]})
    first.post("/api/v1/pause_deployment")
    before = {table: first.documents(table) for table in ("authors", "books")}
    assert deployments.stop(first.deployment.pid)
    second = start()
    assert {table: second.documents(table) for table in ("authors", "books")} == before
    assert second.deployment.url == first.deployment.url
    assert second.system("frontend/deploymentState:deploymentState")["state"] == "paused"
    second.post("/api/v1/unpause_deployment")
    assert second.value("query", "library:environment", {"name": "COLOUR"}) == "green"


def test_kill_loses_no_acknowledged_mutation(start: Start) -> None:
    first = start()
    acknowledged: list[str] = []

    def write(worker: int) -> None:
        caller = Client(first.deployment)
        for n in range(100_000):
            try:
                caller.value("mutation", "library:addAuthor", {"name": f"{worker}-{n}"})
            except httpx.HTTPError:
                return
            acknowledged.append(f"{worker}-{n}")

    threads = [threading.Thread(target=write, args=(worker,)) for worker in range(3)]
    for thread in threads:
        thread.start()
    while len(acknowledged) < 200:
        assert any(thread.is_alive() for thread in threads)
    kill(first)
    for thread in threads:
        thread.join()
    kept = [author["name"] for author in start().documents("authors")]
    assert set(acknowledged) <= set(kept)
    assert len(kept) == len(set(kept)) <= len(acknowledged) + len(threads)


def test_kill_after_an_import_keeps_all_of_it(start: Start) -> None:
    first = start()
    assert first.run_import(two_tables([author_line(n) for n in range(500)], []))["state"] == "completed"
    before = first.documents("authors")
    kill(first)
    assert start().documents("authors") == before


def test_kill_during_an_import_leaves_what_was_there(start: Start) -> None:
    first = start()
    first.run_import(two_tables([author_line(1)], []))
    import_id = first.begin_import(two_tables([author_line(n) for n in range(20_000)], []))
    first.await_import(import_id, ("waiting_for_confirmation",))
    first.post("/api/perform_import", {"importId": import_id})
    kill(first)
    second = start()
    state = second.system("cli/queryImport", {"importId": import_id})["state"]["state"]
    found = len(second.documents("authors"))
    assert (state, found) in (("failed", 1), ("completed", 20_000))


def test_torn_last_line_is_a_commit_nobody_heard_of(start: Start, tmp_path: Path) -> None:
    first = start()
    first.value("mutation", "library:addAuthor", {"name": "whole"})
    kill(first)
    with newest_log(tmp_path).open("ab") as log:
        log.write(b'{"ts":"9999999999999999999","writes":[["authors",{"_id":"')
    second = start()
    assert [author["name"] for author in second.documents("authors")] == ["whole"]
    second.value("mutation", "library:addAuthor", {"name": "next"})
    kill(second)
    assert len(start().documents("authors")) == 2


def test_kill_at_any_moment_loses_nothing_and_leaves_no_half_import(tmp_path: Path) -> None:
    account = killed.run(tmp_path, range(KILLS))
    assert account.broken == []
    # Kills that hit nothing would prove nothing.
    assert account.tried == KILLS
    assert account.mutations > 20
    assert account.imports + account.interrupted > 0


def test_file_of_an_import_is_there_when_its_documents_are(start: Start, tmp_path: Path) -> None:
    """Between the commit of an import and the last of its files a kill may come: the restart ends it."""
    first = start()
    file_id = identifier(8_021, 1)
    for content in ("old", "new"):
        assert first.run_import(make_zip({f"_storage/{file_id}": content}))["state"] == "completed"
    kill(first)
    kept, aside = tmp_path / "files" / file_id, tmp_path / "files" / f"{file_id}.x.import"
    kept.rename(aside)
    kept.write_text("old")
    (tmp_path / "files" / f"{identifier(8_021, 2)}.x.import").write_text("of an import that never came to be")
    assert start().http.get(f"/api/storage/{file_id}").text == "new"
    assert [path.name for path in (tmp_path / "files").iterdir()] == [file_id]


def test_two_deployments_never_share_a_folder(start: Start, tmp_path: Path) -> None:
    first = start()
    with pytest.raises(CutoverError, match="already running"):
        deployments.start(tmp_path, PROJECT)
    assert first.value("query", "library:echo", {"value": 1}) == 1


def test_busy_port_is_named(start: Start, tmp_path: Path) -> None:
    taken = int(start().deployment.url.rpartition(":")[2])
    with pytest.raises(CutoverError, match=f"address already in use.*{taken}"):
        deployments.start(tmp_path / "other", PROJECT, port=taken)


def test_broken_functions_are_named(tmp_path: Path) -> None:
    (tmp_path / "convex").mkdir()
    (tmp_path / "convex" / "broken.ts").write_text("export const x = ;\n")
    with pytest.raises(CutoverError, match=r"cannot be bundled.*broken\.ts:1"):
        deployments.start(tmp_path / "data", tmp_path / "convex")


def test_documents_that_do_not_fit_a_new_schema_stop_the_start(start: Start, tmp_path: Path) -> None:
    first = start()
    first.value("mutation", "library:addAuthor", {"name": "x", "age": 1})
    deployments.stop(first.deployment.pid)
    stricter = tmp_path / "stricter"
    stricter.mkdir()
    (stricter / "schema.ts").write_text(
        'import { defineSchema, defineTable } from "convex/server"; import { v } from "convex/values";\n'
        "export default defineSchema({ authors: defineTable({ name: v.string() }) });\n"
    )
    with pytest.raises(CutoverError, match="did not start"):
        deployments.start(tmp_path, stricter)
    assert "does not match the schema" in (tmp_path / "server.log").read_text()


def test_key_is_in_no_command_line_and_no_log(start: Start, tmp_path: Path) -> None:
    client = start()
    secret = client.deployment.admin_key.partition("|")[2]
    client.http.get("/api/check_admin_key", headers=client.admin)
    command = Path(f"/proc/{client.deployment.pid}/cmdline")
    if command.exists():
        assert secret not in command.read_text()
    assert secret not in (tmp_path / "server.log").read_text()
    assert (tmp_path / "admin_key").stat().st_mode & 0o077 == 0


def test_no_address_but_loopback_is_served(tmp_path: Path) -> None:
    command = [
        str(node_binary()),
        str(deployments.build()),
        "--data",
        str(tmp_path),
        "--functions",
        str(PROJECT),
    ]
    refused = subprocess.run(
        [*command, "--host", "0.0.0.0"],  # noqa: S104 - the address that must be refused
        env={"CONVEX_ADMIN_KEY": "embedded|x"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (refused.returncode, refused.stderr) == (
        1,
        "Refusing to listen on 0.0.0.0: the embedded deployment serves 127.0.0.1 only.\n",
    )


def test_asked_to_end_it_ends_cleanly(start: Start) -> None:
    client = start()
    process = client.deployment.process
    assert process is not None
    process.terminate()
    assert process.wait(timeout=10) == 0


def test_deleted_id_is_remembered_across_restarts_and_no_append_brings_it_back(start: Start) -> None:
    first = start()
    author = first.value("mutation", "library:addAuthor", {"name": "x"})
    book = first.value("mutation", "library:addBook", {"author": author, "title": "T"})
    first.value("mutation", "library:removeBook", {"id": book})
    line = lines_of([{"_id": book, "author": author, "title": "T"}])
    for restart in (kill, lambda client: deployments.stop(client.deployment.pid)):
        restart(first)
        first = start()
        state = first.run_import(line, mode="append", form="jsonLines", table="books")
        assert (state["state"], "was deleted" in state.get("error_message", "")) == ("failed", True)
    state = first.run_import(line, mode="replace", form="jsonLines", table="books")
    assert (state["state"], [row["_id"] for row in first.documents("books")]) == ("completed", [book])


def test_import_that_nobody_confirmed_for_a_week_fails(start: Start, tmp_path: Path) -> None:
    first = start()
    waiting = first.begin_import(two_tables([author_line(1)], []))
    first.await_import(waiting, ("waiting_for_confirmation",))
    born = first.system("cli/queryImport", {"importId": waiting})["_creationTime"]
    kill(first)
    log = newest_log(tmp_path)
    aged = re.sub(
        rf'"_creationTime":{re.escape(json.dumps(born))}(?=[,}}])',
        f'"_creationTime":{born - 8 * 24 * 3_600_000}',
        log.read_text(),
    )
    assert aged != log.read_text()
    log.write_text(aged)
    state = start().system("cli/queryImport", {"importId": waiting})["state"]
    assert (state["state"], "older than 7 days" in state["error_message"]) == ("failed", True)
