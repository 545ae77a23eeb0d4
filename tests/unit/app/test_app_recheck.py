"""A re-check on a real deployment: what users did through the app's own functions is nobody's loss."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from checks import recheck_log
from checks.recheck import CLOCKS_MS, since
from checks.recheck_app import answering
from checks.recheck_log import ONLY_FAILS
from checks.tally import Tally
from fixtures import wire
from fixtures.tamper import tamper
from migration import config
from migration.config import Settings
from migration.errors import RunIncomplete
from migration.model import Class, Kind, LedgerEntry, StepOutcome
from migration.run import Run
from tests.unit.app.stage import Stage


@pytest.fixture
def settings(stage: Stage) -> Settings:
    return config.load("embedded", environ={"CUTOVER_PAIR": str(stage.pair_file())})


@pytest.fixture
def run(stage: Stage, tmp_path: Path) -> Run:
    """A run whose target was opened just now by the clock of a re-check, which goes before ours: what
    other tests did on this stage was before."""
    made = Run(tmp_path / "run", tmp_path / "data")
    made.folder.mkdir()
    made.data.mkdir()
    at = (datetime.now(UTC) + timedelta(milliseconds=CLOCKS_MS)).isoformat()
    made.append_ledger(LedgerEntry(step="open", outcome=StepOutcome.STARTED, at=at))
    wire.export_zip(stage.url, stage.admin_key, made.data / "after_smoke.zip")
    return made


def look(stage: Stage, run: Run, settings: Settings) -> Mapping[str, Tally]:
    """Both products of a re-check, now."""
    wire.export_zip(stage.url, stage.admin_key, run.data / "recheck.zip")
    return {**since(run, settings), **answering(run, settings)}


def classes(tallies: Mapping[str, Tally]) -> set[Class]:
    return {cls for tally in tallies.values() for cls in tally.classes}


def test_what_users_do_is_declared(stage: Stage, run: Run, settings: Settings) -> None:
    stage.mutation("cases:create", {"employerName": "New", "positionTitle": "Cook"})
    own = next(case for case in stage.query("cases:list") if case["employerName"] == "Employer 00")
    stage.mutation("cases:update", {"id": own["_id"], "employerName": "Renamed"})
    stage.mutation("users:updateUserProfile", {"timezone": "America/Denver"})
    stage.mutation("users:requestAccountDeletion")
    found = look(stage, run, settings)
    assert classes(found) == {Class.DECLARED}
    assert found["cases"].totals == {Kind.EXTRANEOUS: 1, Kind.MISMATCHED: 1}
    assert found["users"].totals == {Kind.MISMATCHED: 1}
    assert found["userProfiles"].totals == {Kind.MISMATCHED: 1}


def test_a_case_that_its_owner_removed_can_not_be_told_from_a_lost_one(
    stage: Stage, run: Run, settings: Settings
) -> None:
    own = stage.query("cases:list")[0]
    stage.mutation("cases:remove", {"id": own["_id"]})
    found = look(stage, run, settings)
    assert found["cases"].totals == {Kind.UNVERIFIABLE: 1}
    assert found["cases"].findings[0].key == own["_id"]


def test_an_account_whose_deletion_has_come_takes_its_documents_with_it(
    stage: Stage, run: Run, settings: Settings
) -> None:
    stage.fill(users={"deletedAt": (time.time() - 1) * 1000})
    wire.export_zip(stage.url, stage.admin_key, run.data / "after_smoke.zip")
    stage.run("scheduledJobs:processExpiredDeletions")
    wire.export_zip(stage.url, stage.admin_key, run.data / "recheck.zip")
    found = since(run, settings)
    assert classes(found) == {Class.DECLARED}
    assert found["cases"].totals == {Kind.MISSING: 16}


def test_a_user_whom_the_app_does_not_know_is_missed(stage: Stage, run: Run, settings: Settings) -> None:
    from fixtures.tamper import Planted, Tables

    def legacy(tables: Tables) -> Planted:
        tables["userProfiles"][0]["legacyId"] = "v1-user"
        return Planted("userProfiles", "v1-user")

    path = run.data / "recheck.zip"
    tamper(run.data / "after_smoke.zip", path, ("userProfiles",), legacy)
    assert answering(run, settings)["people"].matched == 1
    stage.fill(users={"deletedAt": 1.0})
    stage.run("scheduledJobs:processExpiredDeletions")
    found = answering(run, settings)
    assert (found["people"].totals, found["people"].findings[0].key) == ({Kind.MISSING: 1}, "v1-user")
    assert found["sign_in"].totals == {Kind.MISSING: 1}


def test_a_password_that_opens_nothing_is_missed(stage: Stage, run: Run, settings: Settings) -> None:
    wire.export_zip(stage.url, stage.admin_key, run.data / "recheck.zip")
    assert answering(run, settings)["sign_in"].matched == 1
    locked = settings.model_copy(update={"canary_password": SecretStr("not the canary's")})
    assert answering(run, locked)["sign_in"].totals == {Kind.MISSING: 1}


def failing(stage: Stage, function: str, times: int, args: Mapping[str, object]) -> None:
    """Calls of a function that all fail, as nobody in particular."""
    with httpx.Client(base_url=stage.url, timeout=30) as client:
        for _ in range(times):
            body = {"path": function, "args": args, "format": "json"}
            assert client.post("/api/query", json=body).json()["status"] == "error"


def test_function_errors_are_counted_and_one_that_only_fails_is_a_broken_feature(
    stage: Stage, run: Run, settings: Settings
) -> None:
    known = look(stage, run, settings)["functions"].classes[Class.DECLARED]
    failing(stage, "cases:listByIds", 7, {"wrong": 1})
    failing(stage, "dashboard:getDeadlines", ONLY_FAILS - 1, {"wrong": 1})
    some = look(stage, run, settings)["functions"]
    assert (some.classes[Class.INTRODUCED], some.classes[Class.DECLARED]) == (0, known + 2)
    named = {one.key: (one.actual, one.rule) for one in some.findings}
    assert named["cases:listByIds"] == ("7", "7 of 7 calls failed")
    assert "wrong" not in str(some.findings)

    failing(stage, "dashboard:getDeadlines", 1, {"wrong": 1})
    red = look(stage, run, settings)["functions"]
    assert [one.key for one in red.findings if one.cls is Class.INTRODUCED] == ["dashboard:getDeadlines"]
    assert red.notes["errors"] >= 7 + ONLY_FAILS


@pytest.mark.usefixtures("stage")
def test_a_log_that_does_not_show_our_own_call_or_may_not_be_read_is_unknown(settings: Settings) -> None:
    with pytest.raises(RunIncomplete, match="does not show the call of auth:signIn"):
        recheck_log.read(settings, "auth:signIn", time.time() * 1000 + 60_000)
    nobody = settings.target.model_copy(update={"admin_key": SecretStr("embedded|guessed")})
    with pytest.raises(RunIncomplete, match="HTTP 401"):
        recheck_log.read(settings.model_copy(update={"target": nobody}), "auth:signIn", 0)


def test_what_was_called_before_the_opening_or_by_the_harness_does_not_count() -> None:
    one = {"identifier": "cases:get", "timestamp": 100.0, "error": "x", "kind": "Completion"}
    ours = {**one, "identityType": "member_acting_user"}
    assert recheck_log.judged([one] * 9, 100_001.0).seen == 0
    assert recheck_log.judged([ours] * 9, 0.0).seen == 0
    full = recheck_log.judged([{**one, "error": None}] * 1000, 99_000.0)
    assert full.notes["calls before the log's beginning are not known"] == 1
