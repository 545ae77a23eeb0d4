"""The target's adapter: on a real deployment, and the answers that a healthy one does not give on a mock."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from fixtures.deployment import Deployment
from migration.archive import Archive, summarise
from migration.errors import Refusal, RunIncomplete
from migration.ids import encode
from migration.target import FunctionFailed, Target
from migration.wire import ConnectionLost, WireError
from tests.unit.migration.support import number_of, user_line, zip_of

KEY = "happy-otter-123|secret-part"


def _mocked(answer: Callable[[httpx.Request], httpx.Response]) -> Target:
    return Target("http://127.0.0.1:1", KEY, transport=httpx.MockTransport(answer), sleep=lambda _: None)


@pytest.fixture
def users(target: Target, tmp_path: Path) -> int:
    """The number of the table users on this target."""
    return number_of(target, "users", tmp_path / "numbers.zip")


def test_what_was_imported_is_what_is_exported(target: Target, users: int, tmp_path: Path) -> None:
    lines = [user_line(users, bytes([number]) * 16, f"u{number}@example.test") for number in range(1, 4)]
    done = target.import_zip(zip_of(tmp_path / "in.zip", "users", users, lines))
    assert (done.state, done.rows) == ("completed", 3)
    with Archive(target.export(tmp_path / "out.zip")) as archive:
        assert [json.loads(line) for line in archive.lines("users")] == [json.loads(line) for line in lines]


def test_an_upload_alone_changes_nothing_and_can_be_performed_twice(
    target: Target, users: int, tmp_path: Path
) -> None:
    made = zip_of(tmp_path / "in.zip", "users", users, [user_line(users, b"x" * 16, "a@example.test")])
    import_id = target.upload(made, "replace")
    assert target.import_state(import_id).state in {"uploaded", "waiting_for_confirmation"}
    assert summarise(target.export(tmp_path / "before.zip")).tables["users"].documents == 0
    assert target.perform(import_id) == target.perform(import_id)
    assert summarise(target.export(tmp_path / "after.zip")).tables["users"].documents == 1


def test_a_document_that_the_schema_refuses_leaves_the_data_as_it_was(
    target: Target, users: int, tmp_path: Path
) -> None:
    bad = json.dumps(
        {"_id": encode(users, b"x" * 16), "_creationTime": 1.5e12, "phones": "nobody@example.test"}
    )
    with pytest.raises(RunIncomplete, match="The import failed") as caught:
        target.import_zip(zip_of(tmp_path / "in.zip", "users", users, [bad.encode()]))
    assert "as it was" in caught.value.touched
    assert "nobody@example.test" not in str(caught.value)
    assert summarise(target.export(tmp_path / "out.zip")).tables["users"].documents == 0


def test_a_large_upload_goes_in_parts(
    target: Target, users: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migration.target.PART", 1000)
    lines = [
        user_line(users, number.to_bytes(16, "big"), f"u{number}@example.test") for number in range(1, 101)
    ]
    told: list[tuple[int, int | None]] = []
    import_id = target.upload(
        zip_of(tmp_path / "in.zip", "users", users, lines), "replace", advance=lambda *at: told.append(at)
    )
    assert len(told) > 10
    assert told[-1][0] == told[-1][1]
    assert target.perform(import_id).rows == 100


def test_pausing_stops_functions_and_not_the_export(target: Target, tmp_path: Path) -> None:
    target.pause()
    assert target.state() == "paused"
    with pytest.raises(FunctionFailed):
        target.query("users:currentUser", {})
    assert target.export(tmp_path / "out.zip").stat().st_mode & 0o777 == 0o600
    target.unpause()
    target.unpause()
    assert target.state() == "running"


def test_the_identity_is_stable(target: Target) -> None:
    assert target.info().identity == target.info().identity
    assert target.info().name == target.url.removeprefix("http://")


def test_a_wrong_key_is_a_refusal_that_does_not_show_it(deployment: Deployment) -> None:
    with (
        Target(deployment.url, "embedded|wrong-secret") as target,
        pytest.raises(Refusal, match="refused the admin key") as caught,
    ):
        target.info()
    assert "wrong-secret" not in str(caught.value)


def test_an_unreachable_deployment_is_a_refusal() -> None:
    with (
        Target("http://127.0.0.1:9", KEY, sleep=lambda _: None) as target,
        pytest.raises(Refusal, match="can not be reached"),
    ):
        target.info()


def test_a_busy_deployment_is_asked_again_and_its_wish_is_heeded() -> None:
    answers = iter(
        [
            httpx.Response(
                429, headers={"Retry-After": "3"}, json={"code": "RateLimited", "message": "slow"}
            ),
            httpx.Response(503, json={"code": "Overloaded", "message": "busy"}),
            httpx.Response(200, json={"status": "success", "value": {"state": "running"}}),
        ]
    )
    waits: list[float] = []
    transport = httpx.MockTransport(lambda _: next(answers))
    assert Target("http://127.0.0.1:1", KEY, transport=transport, sleep=waits.append).state() == "running"
    assert 3.0 <= waits[0] <= 3.2
    assert 0 < waits[1] <= 1.0


def test_a_deployment_that_stays_busy_is_given_up() -> None:
    asked = []

    def busy(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(503, json={"code": "Overloaded", "message": "busy"})

    with pytest.raises(WireError, match="503 Overloaded"):
        _mocked(busy).state()
    assert len(asked) == 6


def test_a_mutation_whose_answer_was_lost_is_not_sent_again() -> None:
    asked = []

    def lost(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        raise httpx.ReadError("gone")

    with pytest.raises(ConnectionLost, match="may or may not have been carried out"):
        _mocked(lost).mutation("cases:create", {})
    assert len(asked) == 1


def test_an_upload_that_lost_a_part_begins_anew_and_never_confirms_the_first(tmp_path: Path) -> None:
    tokens: list[str] = []
    finished: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/api/import/start_upload":
            tokens.append(f"token{len(tokens)}")
            return httpx.Response(200, json={"uploadToken": tokens[-1]})
        if path == "/api/import/upload_part":
            if len(tokens) == 1:
                raise httpx.ReadError("cut")
            return httpx.Response(200, json="part")
        if path == "/api/import/finish_upload":
            finished.append(json.loads(request.content)["uploadToken"])
            return httpx.Response(200, json={"importId": "the-import"})
        return httpx.Response(200, json={"status": "success", "value": []})

    path = tmp_path / "in.zip"
    path.write_bytes(b"zip")
    assert _mocked(answer).upload(path, "replace") == "the-import"
    assert (tokens, finished) == (["token0", "token1"], ["token1"])


def test_an_import_of_somebody_else_is_not_disturbed(tmp_path: Path) -> None:
    other = {"status": "success", "value": [{"_id": "i", "state": {"state": "in_progress"}}]}
    with pytest.raises(RunIncomplete, match="Another import"):
        _mocked(lambda _: httpx.Response(200, json=other)).upload(tmp_path / "in.zip", "replace")


def test_a_download_that_ends_early_is_never_taken_for_an_export(tmp_path: Path) -> None:
    exports = iter([None, {"_id": "e", "state": "completed", "start_ts": {"$integer": "AQAAAAAAAAA="}}])

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/query":
            return httpx.Response(200, json={"status": "success", "value": next(exports)})
        if request.url.path == "/api/export/zip/1":
            return httpx.Response(200, headers={"Content-Length": "100"}, stream=httpx.ByteStream(b"short"))
        return httpx.Response(200)

    with pytest.raises(RunIncomplete):
        _mocked(answer).export(tmp_path / "out.zip")
    assert not (tmp_path / "out.zip").exists()


@pytest.mark.parametrize("status", [200, 560])
def test_a_failed_function_is_told_without_the_values_it_quotes(status: int) -> None:
    body = {
        "status": "error",
        "errorMessage": "Server Error\nbad field\nObject: {email: 'a@b.c'}",
        "errorData": 7,
    }
    with pytest.raises(FunctionFailed, match="bad field") as caught:
        _mocked(lambda _: httpx.Response(status, json=body)).query("users:me", {})
    assert "a@b.c" not in str(caught.value)
    assert caught.value.data == 7


def test_acting_as_a_user_sends_the_three_claims_that_v2_reads() -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["Authorization"])
        return httpx.Response(200, json={"status": "success", "value": None})

    _mocked(answer).query("users:me", {}, acting_as="the-user")
    scheme, _, rest = seen[0].partition(" ")
    key, _, claims = rest.rpartition(":")
    assert (scheme, key) == ("Convex", KEY)
    identity = json.loads(base64.b64decode(claims))
    assert identity["subject"] == "the-user|cutover"
    assert identity["tokenIdentifier"] == f"{identity['issuer']}|{identity['subject']}"


def test_each_query_of_a_batch_answers_for_itself() -> None:
    body = {
        "results": [
            {"status": "success", "value": {"$integer": "BwAAAAAAAAA="}},
            {"status": "error", "errorMessage": "no"},
        ]
    }
    one, two = _mocked(lambda _: httpx.Response(200, json=body)).query_batch([("a:b", {}), ("c:d", {})])
    assert (one.value, one.error) == (7, None)
    assert two.error == "no"


def test_an_unanswered_query_of_a_batch_is_not_overlooked() -> None:
    with pytest.raises(RunIncomplete, match="2 queries were asked and 1"):
        _mocked(
            lambda _: httpx.Response(200, json={"results": [{"status": "success", "value": 1}]})
        ).query_batch([("a:b", {}), ("c:d", {})])
