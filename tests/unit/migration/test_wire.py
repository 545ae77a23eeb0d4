"""Which answers are asked for again, how often, and when: nothing twice that may have been done once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from migration import patience
from migration.errors import Refusal, RunIncomplete
from migration.target import Target
from migration.wire import ConnectionLost, WireError

REASON = {"code": "Overloaded", "message": "busy"}
STATE = {"status": "success", "value": {"state": "running"}}


class Server:
    """Answers one after the other; remembers what was asked and how long was waited."""

    def __init__(self, answers: Iterable[httpx.Response | Exception]) -> None:
        self.answers, self.asked, self.waits = iter(answers), list[httpx.Request](), list[float]()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = next(self.answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def target(self) -> Target:
        return Target(
            "http://127.0.0.1:1", "a|b", transport=httpx.MockTransport(self), sleep=self.waits.append
        )


def _ok(body: object = STATE) -> httpx.Response:
    return httpx.Response(200, json=body)


@pytest.mark.parametrize(
    ("first", "of_a_mutation"),
    [
        (httpx.Response(429, json=REASON), True),
        (httpx.Response(429, text="slow down"), True),
        (httpx.Response(503, json=REASON), True),
        (httpx.ConnectError("refused"), True),
        (httpx.Response(503, text="<html>no upstream</html>"), False),
        (httpx.Response(502, text="<html>bad gateway</html>"), False),
        (httpx.Response(504, text=""), False),
        (httpx.Response(408, text=""), False),
        (httpx.Response(500, json=REASON), False),
        (httpx.ReadError("gone"), False),
        (httpx.ReadTimeout("silent"), False),
    ],
    ids=lambda value: (
        f"{value.status_code}-{value.text[:6]}" if isinstance(value, httpx.Response) else str(value)
    ),
)
def test_what_was_not_done_is_asked_again_and_what_may_have_been_only_if_a_repeat_is_safe(
    first: httpx.Response | Exception, of_a_mutation: bool
) -> None:
    reading = Server([first, _ok()])
    assert reading.target().state() == "running"
    assert len(reading.waits) == 1

    writing = Server([first, _ok()])
    if of_a_mutation:
        writing.target().mutation("a:b", {})
    else:
        with pytest.raises(RunIncomplete, match="may or may not"):
            writing.target().mutation("a:b", {})
    assert len(writing.asked) == (2 if of_a_mutation else 1)


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_final_answer_is_asked_for_once(status: int) -> None:
    server = Server([httpx.Response(status, json=REASON)])
    with pytest.raises((WireError, Refusal)):
        server.target().state()
    assert server.waits == []


def test_attempts_are_bounded_and_wait_ever_longer() -> None:
    server = Server([_ok(), *[httpx.ReadError("gone")] * 20])
    target = server.target()
    target.state()
    with pytest.raises(ConnectionLost):
        target.state()
    assert len(server.asked) == 1 + 6
    assert server.waits == sorted(server.waits)
    assert sum(server.waits) < 15


def test_first_contact_is_given_up_sooner() -> None:
    server = Server([httpx.ConnectError("refused")] * 20)
    with pytest.raises(Refusal, match="can not be reached"):
        server.target().state()
    assert len(server.asked) == 3


def test_waits_double_with_jitter_and_heed_what_is_asked_up_to_a_minute() -> None:
    now = datetime(2026, 1, 15, tzinfo=UTC)
    for attempt in range(1, 12):
        longest = min(0.4 * 2 ** (attempt - 1), 20.0)
        assert longest / 2 <= patience.pause(attempt) <= longest
    assert len({patience.pause(3) for _ in range(20)}) > 10
    assert 7.0 <= patience.pause(1, " 7 ") <= 7.2
    assert patience.LONGEST <= patience.pause(1, "3600") <= patience.LONGEST + 0.2
    assert 30.0 <= patience.pause(1, "Thu, 15 Jan 2026 00:00:30 GMT", now) <= 30.2
    assert patience.pause(1, "Thu, 15 Jan 2026 00:00:30", now) >= 30.0
    assert patience.pause(1, "Wed, 14 Jan 2026 00:00:00 GMT", now) <= 0.2
    for nonsense in ("soon", "-5", "1.5", "\u0663"):
        assert patience.pause(1, nonsense) <= 0.4


def test_an_unpause_whose_answer_was_lost_is_read_back() -> None:
    paused = {"status": "success", "value": {"state": "paused"}}
    not_paused = httpx.Response(400, json={"code": "UnpauseDeploymentFailed", "message": "not paused"})
    server = Server([_ok(paused), httpx.ReadError("gone"), not_paused, _ok()])
    server.target().unpause()
    with pytest.raises(RunIncomplete, match="says that it is paused"):
        Server([_ok(paused), not_paused, _ok(paused)]).target().unpause()


def test_an_answer_of_somebody_between_is_a_sentence() -> None:
    page = httpx.Response(200, text="<html>Sign in to the wifi</html>")
    with pytest.raises(Refusal, match="is not a Convex deployment"):
        Server([page]).target().state()
    with pytest.raises(Refusal, match="is not a Convex deployment"):
        Server([page]).target().mutation("a:b", {})
    with pytest.raises(Refusal, match="is not a Convex deployment"):
        Server([page]).target().query_batch([("a:b", {})])


def _exporting(downloads: list[httpx.Response | Exception]) -> Callable[[httpx.Request], httpx.Response]:
    done = {"_id": "e", "state": "completed", "start_ts": {"$integer": "AQAAAAAAAAA="}}
    exports = iter([None, done])
    left = iter(downloads)

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/query":
            return _ok({"status": "success", "value": next(exports)})
        if not request.url.path.startswith("/api/export/zip/"):
            return httpx.Response(200)
        found = next(left)
        if isinstance(found, Exception):
            raise found
        return found

    return answer


def _target(answer: Callable[[httpx.Request], httpx.Response], waits: list[float]) -> Target:
    return Target("http://127.0.0.1:1", "a|b", transport=httpx.MockTransport(answer), sleep=waits.append)


def test_a_download_that_was_cut_begins_anew_and_the_file_is_whole(tmp_path: Path) -> None:
    whole = b"zip" * 1000
    cut = httpx.Response(
        200, headers={"Content-Length": str(len(whole))}, stream=httpx.ByteStream(whole[:700])
    )
    busy = httpx.Response(503, headers={"Retry-After": "2"}, json=REASON)
    waits: list[float] = []
    answers: list[httpx.Response | Exception] = [
        cut,
        httpx.ReadError("gone"),
        busy,
        httpx.Response(200, content=whole),
    ]
    _target(_exporting(answers), waits).export(tmp_path / "out.zip")
    assert (tmp_path / "out.zip").read_bytes() == whole
    assert any(2.0 <= wait <= 2.2 for wait in waits)


def test_a_download_that_is_always_cut_is_given_up(tmp_path: Path) -> None:
    cut: list[httpx.Response | Exception] = [
        httpx.Response(200, headers={"Content-Length": "9"}, stream=httpx.ByteStream(b"zip"))
        for _ in range(9)
    ]
    with pytest.raises(ConnectionLost, match="ended after 3 of 9 bytes"):
        _target(_exporting(cut), []).export(tmp_path / "out.zip")
    assert not (tmp_path / "out.zip").exists()


def test_a_part_is_never_sent_twice_into_one_upload(tmp_path: Path) -> None:
    tokens, parts, finished = list[str](), list[tuple[str, str]](), list[str]()
    failures = iter([httpx.Response(502), httpx.Response(503, text="proxy"), None])

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/api/import/start_upload":
            tokens.append(f"token{len(tokens)}")
            return _ok({"uploadToken": tokens[-1]})
        if path == "/api/import/upload_part":
            parts.append((request.url.params["uploadToken"], request.url.params["partNumber"]))
            return next(failures, None) or httpx.Response(200, json="part")
        if path == "/api/import/finish_upload":
            finished.append(json.loads(request.content)["uploadToken"])
            return _ok({"importId": "the-import"})
        return _ok({"status": "success", "value": []})

    path, waits = tmp_path / "in.zip", list[float]()
    path.write_bytes(b"zip")
    assert _target(answer, waits).upload(path, "replace") == "the-import"
    assert len(parts) == len(set(parts)) == 3
    assert finished == ["token2"]
    assert len(waits) == 2
