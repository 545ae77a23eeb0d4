"""The checks' view of what v2 sends by itself, held against the app's own functions."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, cast

import pytest

from checks.jobs import jobs
from checks.judges.mails import REMINDERS, Readers, Reminders, digest, sent
from checks.oracle.expectation import Expected, Origin
from checks.target.archive import Archive
from checks.target.graph import Graph
from fixtures import wire
from migration import config
from migration.model import Class
from migration.run import Run
from tests.unit.app.stage import OWNER, Stage

DAY_MS = 86_400_000
WISHES = {"emailNotificationsEnabled": True, "emailDeadlineReminders": True, "reminderDaysBefore": [2.0, 7.0]}
# Days from today, and what the app makes of such a case.
CASES: tuple[dict[str, Any], ...] = (
    *({"pwdExpirationDate": days} for days in (-2, -1, 0, 1, 2, 7, 30)),
    {"pwdExpirationDate": 7, "eta9089FilingDate": -40},
    {"filingWindowOpens": 2, "filingWindowCloses": 7},
    {"eta9089CertificationDate": -173, "eta9089ExpirationDate": 7},
    {"eta9089CertificationDate": -173, "eta9089ExpirationDate": 7, "i140FilingDate": -3},
    {"rfiEntries": 2},
    {"rfeEntries": 7},
    {"pwdExpirationDate": 7, "caseStatus": "closed"},
    {"pwdExpirationDate": 7, "deletedAt": 0},
)


def day(offset: int) -> str:
    """A day so many days from today, in UTC."""
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() + offset * 86_400))


def written(number: int, case: dict[str, Any], model: dict[str, Any]) -> dict[str, Any]:
    """A case document as v2 would hold it."""
    document: dict[str, Any] = {**model, "employerName": f"Employer {number}", "progressStatus": "working"}
    document["caseStatus"] = case.get("caseStatus", "eta9089")
    for field, value in case.items():
        if field.endswith("Entries"):
            answered = {"id": "a", "receivedDate": day(-60), "responseDueDate": day(2)}
            due = {"id": "b", "receivedDate": day(-20), "responseDueDate": day(value)}
            base = {"createdAt": 1.0, "title": "T"}
            document[field] = [{**base, **answered, "responseSubmittedDate": day(-50)}, {**base, **due}]
        elif field == "deletedAt":
            document[field] = 1.0
        elif field != "caseStatus":
            document[field] = day(value)
    return document


@pytest.fixture
def exported(stage: Stage, tmp_path: Path) -> Path:
    """The stage with cases whose deadlines are near, and its export."""
    stage.mutation("users:updateUserProfile", WISHES)
    plain = tmp_path / "plain.zip"
    wire.export_zip(stage.url, stage.admin_key, plain)
    with Archive(plain) as archive:
        model = next(case for case in archive.documents("cases") if case["employerName"] == "Employer 00")
    documents = []
    for number, case in enumerate(CASES):
        table, internal = wire.decode_id(model["_id"])
        own = wire.encode_id(table, bytes([number, *internal[1:]]))
        documents.append({**written(number, case, model), "_id": own})
    _replace_cases(stage, plain, tmp_path / "near.zip", documents)
    path = tmp_path / "exported.zip"
    wire.export_zip(stage.url, stage.admin_key, path)
    return path


def _replace_cases(stage: Stage, plain: Path, path: Path, documents: list[dict[str, Any]]) -> None:
    from fixtures.tamper import Planted, Tables, tamper

    def edit(tables: Tables) -> Planted:
        tables["cases"][:] = documents
        return Planted("cases", "")

    tamper(plain, path, ("cases",), edit)
    wire.import_zip(stage.url, stage.admin_key, path)


def reminded(path: Path, notes: list[dict[str, Any]]) -> set[tuple[str, str, int]]:
    """The mails that the checks work out for a run today, as case, type and days."""
    with Archive(path) as archive:
        graph = Graph(archive)
        readers = Readers.among(graph.users.values(), graph.profiles)
        judge = Reminders(int(time.time() // 86_400 * DAY_MS), readers, readers, sent(notes))
        for case in archive.documents("cases"):
            judge.judge(Expected("cases", case["_id"], case, Origin.FOREIGN), case, b"")
    ((name, tally),) = judge.tallies()
    assert (name, set(tally.classes)) == (REMINDERS, {Class.DECLARED})
    return {(one.key, one.field, int(one.rule.split("in ")[1].split()[0])) for one in tally.findings}


def test_the_checks_expect_the_reminders_that_the_app_would_send(stage: Stage, exported: Path) -> None:
    pending = stage.run("scheduledJobs:getCasesNeedingReminders")
    told = {(one["caseId"], one["deadlineType"], int(one["daysUntil"])) for one in pending}
    assert reminded(exported, []) == told
    assert {kind for _, kind, _ in told} == {
        *("pwd_expiration", "filing_window_opens", "i140_filing_deadline", "rfi_due", "rfe_due")
    }


def test_what_was_reminded_of_already_is_not_expected_again(stage: Stage, exported: Path) -> None:
    sent = stage.run("scheduledJobs:checkDeadlineReminders")["sent"]
    again = exported.with_name("again.zip")
    wire.export_zip(stage.url, stage.admin_key, again)
    with Archive(again) as archive:
        notes = list(archive.documents("notifications"))
    told = stage.run("scheduledJobs:getCasesNeedingReminders")
    assert reminded(again, notes) == {(one["caseId"], one["deadlineType"], one["daysUntil"]) for one in told}
    assert 0 < len(told) < sent


@pytest.mark.parametrize("wanted", [True, False, None])
def test_the_checks_expect_the_digests_that_the_app_would_send(
    stage: Stage, tmp_path: Path, wanted: bool | None
) -> None:
    stage.fill(userProfiles={"emailWeeklyDigest": wanted, "emailNotificationsEnabled": True})
    path = tmp_path / "now.zip"
    wire.export_zip(stage.url, stage.admin_key, path)
    with Archive(path) as archive:
        graph = Graph(archive)
    readers = Readers.among(graph.users.values(), graph.profiles)
    sent = stage.run("scheduledJobs:sendWeeklyDigest")["sent"]
    assert digest(graph, readers, readers).seen == sent == (wanted is not False)


def test_a_mail_that_waits_is_listed_with_its_function(stage: Stage) -> None:
    settings = config.load("embedded", environ={"CUTOVER_PAIR": str(stage.pair_file())})
    run = cast("Run", None)  # what waits is asked of the target alone
    before = jobs(run, settings)["jobs.queued"].seen
    stage.fill(userProfiles={"emailNotificationsEnabled": True, "emailStatusUpdates": True})
    stage.mutation("cases:create", {"employerName": "New", "positionTitle": "Cook"})
    tally = jobs(run, settings)["jobs.queued"]
    assert tally.seen == before + 1 == len(_pending(stage))
    assert tally.classes == {Class.INHERITED: tally.seen}
    assert tally.notes["mail:send"] == tally.seen


def _pending(stage: Stage) -> list[Any]:
    queued = stage.query("_system/embedded:scheduledJobs", by=OWNER)
    return [job for job in queued if job["state"]["kind"] == "pending" and job["name"] == "mail.js:send"]
