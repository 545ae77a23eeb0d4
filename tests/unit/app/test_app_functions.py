"""The app's functions on a real deployment: who may see what, what a write derives, what acts by itself."""

from __future__ import annotations

import time
from typing import Any

import pytest

from fixtures import canary
from fixtures.wire import decode_id, encode_id
from tests.unit.app.stage import NOBODY, OWNER, PASSWORD, FunctionError, Stage

DAY_MS = 86_400_000
# Dates under which v2's rules give recruitment / working, and all five derived dates.
RECRUITING = {
    "pwdFilingDate": "2025-01-06",
    "pwdDeterminationDate": "2025-07-01",
    "pwdExpirationDate": "2026-06-30",
    "sundayAdFirstDate": "2025-08-03",
    "jobOrderStartDate": "2025-08-04",
    "jobOrderEndDate": "2025-09-03",
}


def create(stage: Stage, **fields: Any) -> str:
    case_id: str = stage.mutation("cases:create", {"employerName": "New", "positionTitle": "Cook", **fields})
    return case_id


def stored(stage: Stage, case_id: str) -> Any:
    return stage.query("cases:get", {"id": case_id})


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("users:currentUser", None),
        ("users:currentUserProfile", None),
        ("cases:list", []),
        ("cases:hasAnyCases", False),
        ("dashboard:getRecentActivity", []),
        ("notifications:getUnreadCount", 0),
        ("deadlineEnforcement:isEnforcementEnabled", False),
        ("onboarding:getOnboardingState", None),
    ],
)
def test_a_query_without_a_session_answers_with_nothing(stage: Stage, path: str, answer: object) -> None:
    assert stage.query(path, by=NOBODY) == answer


def test_the_summary_without_a_session_is_zeros(stage: Stage) -> None:
    summary = stage.query("dashboard:getSummary", by=NOBODY)
    assert {tile["count"] for tile in summary.values()} == {0}


@pytest.mark.parametrize("path", ["cases:create", "users:ensureUserProfile"])
def test_a_mutation_without_a_session_is_refused(stage: Stage, path: str) -> None:
    args = {"employerName": "New", "positionTitle": "Cook"} if path == "cases:create" else {}
    with pytest.raises(FunctionError, match="not authenticated"):
        stage.mutation(path, args, by=NOBODY)


def test_the_summary_counts_living_cases_by_stage(stage: Stage) -> None:
    summary = stage.query("dashboard:getSummary")
    counts = {name: tile["count"] for name, tile in summary.items()}
    assert counts == {key: value for key, value in stage.expected()["summary"].items() if key != "total"}


def test_deleted_cases_are_in_no_answer(stage: Stage) -> None:
    deleted = next(case["_id"] for case in stage.cases if "deletedAt" in case)
    assert stored(stage, deleted) is None
    assert stage.query("cases:listByIds", {"ids": [deleted]}) == []
    assert deleted not in stage.query("cases:listFilteredIds")


def test_listed_documents_come_in_the_order_of_their_ids_and_without_the_owner(stage: Stage) -> None:
    ids = [case["_id"] for case in stage.cases[2::-1]]
    found = stage.query("cases:listByIds", {"ids": ids})
    assert [case["_id"] for case in found] == ids
    assert all("userId" not in case for case in found)


def test_pages_of_the_list_hold_every_case_once(stage: Stage) -> None:
    pages = [stage.query("cases:listFiltered", {"page": page}) for page in (1, 2)]
    assert [len(page["cases"]) for page in pages] == [12, 3]
    assert len({case["_id"] for page in pages for case in page["cases"]}) == 15
    assert pages[0]["pagination"] == {"page": 1, "pageSize": 12, "totalCount": 15, "totalPages": 2}


def test_active_cases_are_those_neither_closed_nor_complete(stage: Stage) -> None:
    active = stage.query("cases:listFilteredIds", {"activeOnly": True})
    assert len(active) == 15 - 2 - 1


def test_a_new_case_gets_its_status_and_the_five_derived_dates(stage: Stage) -> None:
    case = stored(stage, create(stage, **RECRUITING, caseStatus="closed"))
    assert (case["caseStatus"], case["progressStatus"]) == ("recruitment", "working")
    assert case["recruitmentStartDate"] == "2025-08-03"
    assert case["recruitmentEndDate"] == "2025-09-03"
    assert case["filingWindowOpens"] == "2025-10-03"
    assert case["filingWindowCloses"] == "2026-01-30"
    assert case["recruitmentWindowCloses"] == "2025-12-31"


def test_a_broken_rule_blocks_create_and_names_rule_and_field(stage: Stage) -> None:
    with pytest.raises(FunctionError, match=r"\[V-REC-01\] sunday_ad_first_date"):
        create(stage, sundayAdFirstDate="2025-08-04")


def test_a_broken_rule_blocks_update_of_anything_in_the_case(stage: Stage) -> None:
    case_id = create(stage, **RECRUITING)
    with pytest.raises(FunctionError, match=r"Validation failed: \[V-REC-05\]"):
        stage.mutation("cases:update", {"id": case_id, "jobOrderEndDate": "2025-08-20"})


def test_an_update_derives_the_status_again(stage: Stage) -> None:
    case_id = create(stage, **RECRUITING)
    stage.mutation("cases:update", {"id": case_id, "caseStatus": "closed"})
    assert stored(stage, case_id)["caseStatus"] == "recruitment"


def test_an_override_keeps_the_status_through_an_update(stage: Stage) -> None:
    case_id = next(case["_id"] for case in stage.cases if case["caseStatus"] == "closed")
    stage.mutation("cases:update", {"id": case_id, "pwdFilingDate": "2025-01-06"})
    assert stored(stage, case_id)["caseStatus"] == "closed"


def test_a_removed_date_takes_its_derived_dates_along(stage: Stage) -> None:
    case_id = create(stage, **RECRUITING)
    # Nothing sends an absent value over JSON, so an impossible text stands for what a form can not clear.
    stage.mutation("cases:update", {"id": case_id, "jobOrderEndDate": ""})
    assert "filingWindowOpens" not in stored(stage, case_id)


@pytest.mark.parametrize(
    "field", ["legacyId", "userId", "deletedAt", "createdAt", "filingWindowOpens", "unheardOf"]
)
def test_no_function_takes_what_only_an_import_may_write(stage: Stage, field: str) -> None:
    with pytest.raises(FunctionError):
        create(stage, **{field: "x"})
    with pytest.raises(FunctionError):
        stage.mutation("cases:update", {"id": stage.cases[0]["_id"], field: "x"})


def test_another_users_case_is_neither_shown_nor_changed(stage: Stage) -> None:
    case_id = stage.cases[0]["_id"]
    stranger = stage.acting_as(encode_id(decode_id(stage.user)[0], bytes(16)))
    assert stage.query("cases:list", by=stranger) == []
    assert stage.query("cases:get", {"id": case_id}, by=stranger) is None
    with pytest.raises(FunctionError, match="do not own"):
        stage.mutation("cases:remove", {"id": case_id}, by=stranger)
    assert stored(stage, case_id) is not None


def test_a_removed_case_is_gone_with_its_dismissed_deadlines(stage: Stage) -> None:
    case_id = create(stage)
    dismissed = [{"caseId": case_id, "deadlineType": "pwd_expiration", "dismissedAt": 1.0}]
    stage.mutation("users:updateUserProfile", {"dismissedDeadlines": dismissed})
    stage.mutation("cases:remove", {"id": case_id})
    assert stored(stage, case_id) is None
    assert stage.query("users:currentUserProfile")["dismissedDeadlines"] == []


@pytest.mark.parametrize(("wanted", "mails"), [(False, 0), (True, 1)])
def test_a_new_case_queues_a_mail_for_whoever_wants_one(stage: Stage, wanted: bool, mails: int) -> None:
    preferences = {"emailNotificationsEnabled": wanted, "emailStatusUpdates": wanted}
    stage.mutation("users:updateUserProfile", preferences)
    before = len(queued(stage))
    create(stage)
    assert len(queued(stage)) - before == mails
    assert stage.query("notifications:getUnreadCount") == mails


def queued(stage: Stage) -> list[Any]:
    jobs = stage.query("_system/embedded:scheduledJobs", by=OWNER)
    return [job for job in jobs if job["name"] == "mail.js:send"]


def test_opening_the_dashboard_closes_nothing_while_enforcement_is_off(stage: Stage) -> None:
    create(stage, pwdDeterminationDate="2024-07-01", pwdExpirationDate="2025-06-30")
    answer = stage.mutation("deadlineEnforcement:checkAndEnforceDeadlines")
    assert answer["enabled"] is False


def test_enforcement_closes_a_case_whose_wage_determination_has_expired(stage: Stage) -> None:
    case_id = create(stage, pwdDeterminationDate="2024-07-01", pwdExpirationDate="2025-06-30")
    stage.mutation("users:updateUserProfile", {"autoDeadlineEnforcementEnabled": True})
    answer = stage.mutation("deadlineEnforcement:checkAndEnforceDeadlines")
    assert [closed["caseId"] for closed in answer["closedCases"]] == [case_id]
    assert stored(stage, case_id)["closureReason"] == "pwd_expired"


def test_reminders_are_due_on_their_day_for_whoever_wants_mails(stage: Stage) -> None:
    today = time.time() * 1000
    due = time.strftime("%Y-%m-%d", time.gmtime((today + 7 * DAY_MS) / 1000))
    case_id = create(stage, pwdExpirationDate=due)
    assert stage.run("scheduledJobs:getCasesNeedingReminders") == []
    wanted = {"emailNotificationsEnabled": True, "emailDeadlineReminders": True}
    stage.mutation("users:updateUserProfile", wanted)
    (reminder,) = stage.run("scheduledJobs:getCasesNeedingReminders")
    assert (reminder["caseId"], reminder["deadlineType"], reminder["daysUntil"]) == (
        case_id,
        "pwd_expiration",
        7,
    )
    assert stage.run("scheduledJobs:checkDeadlineReminders") == {"sent": 1}
    assert stage.run("scheduledJobs:getCasesNeedingReminders") == []


def test_a_deletion_time_in_the_past_destroys_the_user_and_all_cases(stage: Stage) -> None:
    stage.fill(users={"deletedAt": 1_700_000_000_000.0})
    assert stage.run("scheduledJobs:processExpiredDeletions") == {"processed": 1}
    assert stage.query("users:currentUser") is None
    assert stage.query("cases:list") == []
    with pytest.raises(FunctionError):
        sign_in(stage, PASSWORD)


def test_a_deletion_time_on_the_profile_alone_destroys_nothing(stage: Stage) -> None:
    stage.fill(userProfiles={"deletedAt": 1_700_000_000_000.0})
    assert stage.run("scheduledJobs:processExpiredDeletions") == {"processed": 0}
    assert len(stage.query("cases:list")) == 15


def test_a_requested_deletion_is_thirty_days_away_and_can_be_taken_back(stage: Stage) -> None:
    stage.mutation("users:requestAccountDeletion")
    assert stage.query("users:currentUser")["deletedAt"] > (time.time() + 29 * 86_400) * 1000
    assert stage.run("scheduledJobs:processExpiredDeletions") == {"processed": 0}
    stage.mutation("users:cancelAccountDeletion")
    assert "deletedAt" not in stage.query("users:currentUser")


def sign_in(stage: Stage, password: str, *, email: str = canary.CANARY_EMAIL, flow: str = "signIn") -> Any:
    params = {"email": email, "password": password, "flow": flow}
    return stage.action("auth:signIn", {"provider": "password", "params": params})


def test_the_token_of_a_sign_in_opens_the_own_cases(stage: Stage) -> None:
    token = sign_in(stage, PASSWORD)["tokens"]["token"]
    assert len(stage.query("cases:list", by=f"Bearer {token}")) == 15


def test_the_e_mail_is_folded_before_an_account_is_looked_for(stage: Stage) -> None:
    assert sign_in(stage, PASSWORD, email=f" {canary.CANARY_EMAIL.upper()} ")["tokens"]


def test_a_wrong_password_is_refused(stage: Stage) -> None:
    with pytest.raises(FunctionError):
        sign_in(stage, "something else entirely")


def test_an_account_migrated_without_a_secret_is_found_by_the_reset_flow(stage: Stage) -> None:
    stage.fill(authAccounts={"secret": None})
    with pytest.raises(FunctionError):
        sign_in(stage, PASSWORD)
    sign_in(stage, PASSWORD, flow="reset")
    mail = queued(stage)[-1]["args"][0]
    assert mail["to"] == canary.CANARY_EMAIL
    params = {"email": canary.CANARY_EMAIL, "code": mail["body"], "newPassword": "a brand-new password"}
    args = {"provider": "password", "params": {**params, "flow": "reset-verification"}}
    assert stage.action("auth:signIn", args)["tokens"]
    assert sign_in(stage, "a brand-new password")["tokens"]
