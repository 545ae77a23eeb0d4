"""The states of an import: what waits for a word, what is refused at once, and what readers see meanwhile."""

from __future__ import annotations

import threading

import pytest

from fixtures import wire
from tests.contract.client import Client, lines_of
from tests.contract.test_import import AUTHORS, author_line, book_line, identifier, names, two_tables


def test_import_waits_for_confirmation_and_names_what_would_go(client: Client) -> None:
    client.run_import(two_tables([author_line(1), author_line(2)], []))
    waiting = client.begin_import(two_tables([author_line(3)], []))
    state = client.await_import(waiting, ("waiting_for_confirmation",))
    assert state["require_manual_confirmation"] is True
    assert "2 of 2" in state["message_to_confirm"]
    assert names(client) == ["A1", "A2"]
    assert client.post("/api/cancel_import", {"importId": waiting}).status_code == 200
    assert client.await_import(waiting, ("failed",))["error_message"] == "Import canceled"
    again = client.post("/api/cancel_import", {"importId": waiting})
    assert (again.status_code, again.json()["code"]) == (400, "CannotCancelImport")
    assert client.post("/api/perform_import", {"importId": waiting}).status_code == 200
    assert names(client) == ["A1", "A2"]


def test_first_import_needs_no_manual_confirmation(client: Client) -> None:
    waiting = client.begin_import(two_tables([author_line(3)], []))
    assert client.await_import(waiting, ("waiting_for_confirmation",))["require_manual_confirmation"] is False
    client.post("/api/cancel_import", {"importId": waiting})


@pytest.mark.parametrize(
    ("import_id", "status", "code"), [("x", 400, "InvalidImport"), (None, 404, "ImportNotFound")]
)
@pytest.mark.any_project
def test_unknown_import_cannot_be_confirmed(
    client: Client, import_id: str | None, status: int, code: str
) -> None:
    [latest] = client.system("cli/queryImport:list")[:1]
    number = wire.decode_id(latest["_id"])[0]
    response = client.post("/api/perform_import", {"importId": import_id or identifier(number, 1)})
    assert (response.status_code, response.json()["code"]) == (status, code)


@pytest.mark.any_project
def test_import_at_once_confirms_itself(client: Client) -> None:
    url = "/api/import?tableName=authors&format=jsonLines&mode=replace"
    response = client.http.post(url, content=lines_of([{"name": "x"}]), headers=client.admin)
    assert response.json() == {"numWritten": 1}
    refused = client.http.post(url, content=b"nonsense\n", headers=client.admin)
    assert (refused.status_code, refused.json()["code"]) == (400, "ImportFailed")


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ({"format": "zip", "mode": "replace", "tableName": "authors"}, "InvalidName"),
        ({"format": "csv", "mode": "replace", "tableName": "_storage"}, "ImportInvalidName"),
        ({"format": "csv", "mode": "replace"}, "ImportInvalidName"),
        ({"format": "xml", "mode": "replace"}, "BadJsonBody"),
        ({"format": "zip", "mode": "merge"}, "BadJsonBody"),
    ],
)
@pytest.mark.any_project
def test_malformed_import_is_refused_at_once(client: Client, target: dict[str, str], code: str) -> None:
    token = client.post("/api/import/start_upload").json()["uploadToken"]
    response = client.post(
        "/api/import/finish_upload", {"import": target, "uploadToken": token, "partTokens": []}
    )
    assert (response.status_code, response.json()["code"]) == (400, code)


def test_readers_see_the_old_state_or_the_new_never_between(client: Client) -> None:
    def generation(n: int) -> bytes:
        authors = [author_line(i, email=f"g{n}") for i in range(300)]
        return two_tables(authors, [book_line(i, identifier(AUTHORS, i), pages=float(n)) for i in range(300)])

    client.run_import(generation(0))
    seen: list[tuple[int, ...]] = []
    done = threading.Event()

    def read() -> None:
        reader = Client(client.deployment)
        while not done.is_set():
            queries = [
                {"path": "library:names", "args": {}, "format": "json"},
                {"path": "library:longBooks", "args": {"from": 0, "below": 10}, "format": "json"},
            ]
            answers = reader.post("/api/query_batch", {"queries": queries}).json()["results"]
            seen.append(
                (len(answers[0]["value"]), *sorted({int(book["pages"]) for book in answers[1]["value"]}))
            )
        reader.http.close()

    thread = threading.Thread(target=read)
    thread.start()
    last = 0
    while len(seen) < 10:
        last += 1
        assert client.run_import(generation(last))["state"] == "completed"
    done.set()
    thread.join()
    assert set(seen) <= {(300, n) for n in range(last + 1)}
