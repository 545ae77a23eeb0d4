"""Edges lead to the right document, and everyone gets in as themselves."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from checks.judges.edges import CaseEdges, LegacyIds, dismissed_edges, dismissed_owners, people_edges
from checks.judges.identity import identity
from checks.judges.settings import settings
from checks.oracle import cases
from checks.oracle.expectation import Expected, Origin
from checks.oracle.known import Known
from checks.oracle.people import People
from checks.tally import Tally
from checks.target.archive import Archive
from checks.target.graph import Graph
from migration.model import Class
from tests.unit.checks.material import CREATED, NOW, NUMBERS, case_row, doc_id, export, key, spool, user_row

AUTH = {
    "email": "user1@example.com",
    "email_confirmed_at": CREATED,
    "created_at": CREATED,
    "has_password": True,
}
Tables = dict[str, list[dict[str, Any]]]


def _people(timezone: str = "UTC") -> People:
    """Two people: the first with Google, a password and a firm; the second is the firm, and has no way in."""
    tables: Tables = {
        "public.users": [
            user_row(1, auth_user_id=key(90), firm_id=key(2), full_name="One", calendar_sync_pwd=False),
            user_row(2),
        ],
        "auth.users": [{"id": key(90), **AUTH}],
        "auth.identities": [
            {
                "id": key(80),
                "user_id": key(90),
                "provider": "google",
                "provider_id": "g",
                "created_at": CREATED,
            }
        ],
        "public.user_settings": [{"user_id": key(1), "timezone": timezone, "email_rfe_alerts": False}],
        "public.user_preferences": [
            {"user_id": key(1), "dismissed_deadlines": [{"case_id": key(5), "deadline_type": "rfi_due"}]}
        ],
    }
    return People(tables, Known(NUMBERS, [], [], [], people=frozenset({key(1), key(2)})), NOW)


@pytest.fixture
def good() -> Tables:
    found: Tables = {"users": [], "userProfiles": [], "authAccounts": []}
    for expected in _people().expected({key(5): key(1)}):
        found[expected.table].append(copy.deepcopy(expected.document))
    return found


def _graph(tmp_path: Path, tables: Tables) -> Graph:
    with Archive(export(tmp_path / "graph.zip", tables)) as archive:
        return Graph(archive)


def _red(tallies: dict[str, Tally]) -> set[str]:
    return {name for name, tally in tallies.items() if tally.classes[Class.INTRODUCED]}


def _all(tmp_path: Path, tables: Tables) -> dict[str, Tally]:
    graph, people = _graph(tmp_path, tables), _people()
    before = _graph(tmp_path, {})
    return {**people_edges(graph, people, before), **identity(graph, people, before)}


def test_right_documents_are_green_and_a_missing_way_in_of_v1_is_inherited(
    tmp_path: Path, good: Tables
) -> None:
    tallies = _all(tmp_path, good)
    assert _red(tallies) == set()
    assert tallies["identity.way_in"].classes == {Class.INHERITED: 1}
    assert tallies["edges.userProfiles.firmId"].matched == 2


def _swap_profiles(tables: Tables) -> None:
    one, two = tables["userProfiles"]
    one["userId"], two["userId"] = two["userId"], one["userId"]


def _second_profile(tables: Tables) -> None:
    tables["userProfiles"].append({**tables["userProfiles"][0], "_id": doc_id("userProfiles", 77)})


def _merge(tables: Tables) -> None:
    tables["userProfiles"][1]["userId"] = tables["userProfiles"][0]["userId"]


def _firm_of_self(tables: Tables) -> None:
    tables["userProfiles"][0]["firmId"] = tables["users"][0]["_id"]


def _unfold(tables: Tables) -> None:
    tables["users"][0]["email"] = "User1@example.com"


def _twin_email(tables: Tables) -> None:
    tables["users"].append({"_id": doc_id("users", 77), "_creationTime": 1.0, "email": "USER1@example.com"})


def _google_of_another(tables: Tables) -> None:
    tables["authAccounts"][0]["userId"] = tables["users"][1]["_id"]


def _account_of_nobody(tables: Tables) -> None:
    tables["authAccounts"][0]["userId"] = doc_id("users", 99)


def _no_accounts(tables: Tables) -> None:
    tables["authAccounts"].clear()


def _verified_by_import(tables: Tables) -> None:
    tables["users"][1]["emailVerificationTime"] = float(CREATED)


def _unverified_account(tables: Tables) -> None:
    del tables["authAccounts"][1]["emailVerified"]


def _scheduled(tables: Tables) -> None:
    tables["users"][1]["deletedAt"] = float(NOW - 1)


def _scheduled_later(tables: Tables) -> None:
    tables["users"][1]["deletedAt"] = float(NOW + 1)


@pytest.mark.parametrize(
    ("edit", "must"),
    [
        (_swap_profiles, {"edges.userProfiles.email", "identity.google", "identity.password"}),
        (
            _second_profile,
            {"unique.userProfiles.userId", "unique.userProfiles.legacyId", "identity.login_email"},
        ),
        (_merge, {"unique.userProfiles.userId", "identity.not_merged", "edges.userProfiles.email"}),
        (_firm_of_self, {"edges.userProfiles.firmId"}),
        (_unfold, {"identity.login_email"}),
        (_twin_email, {"unique.users.email"}),
        (_google_of_another, {"identity.google"}),
        (_account_of_nobody, {"edges.authAccounts.userId", "identity.google"}),
        (_no_accounts, {"identity.way_in", "identity.google", "identity.password"}),
        (_verified_by_import, {"identity.verified_time"}),
        (_unverified_account, {"identity.verified_account"}),
        (_scheduled, {"identity.scheduled_deletion"}),
        (_scheduled_later, {"identity.scheduled_deletion"}),
    ],
)
def test_a_wrong_edge_is_red(
    tmp_path: Path, good: Tables, edit: Callable[[Tables], None], must: set[str]
) -> None:
    edit(good)
    assert must <= _red(_all(tmp_path, good))


def test_two_users_of_one_address_who_were_there_before_are_v2_s_own_affair(
    tmp_path: Path, good: Tables
) -> None:
    _twin_email(good)
    graph = _graph(tmp_path, good)
    tally = people_edges(graph, _people(), graph)["unique.users.email"]
    assert tally.classes == {Class.INHERITED: 1}


def test_an_edge_that_led_nowhere_before_is_inherited_while_it_is_the_same(
    tmp_path: Path, good: Tables
) -> None:
    _account_of_nobody(good)
    good["userProfiles"][1]["userId"] = doc_id("users", 98)
    before = _graph(tmp_path, good)
    good["userProfiles"][1]["userId"] = doc_id("users", 97)
    tallies = people_edges(_graph(tmp_path, good), _people(), before)
    assert tallies["edges.authAccounts.userId"].classes == {Class.INHERITED: 1}
    assert tallies["edges.userProfiles.userId"].classes == {Class.INTRODUCED: 1}


def test_a_user_who_is_lost_is_no_inheritance(tmp_path: Path, good: Tables) -> None:
    before = _graph(tmp_path, good)
    lost = _graph(tmp_path, {**good, "users": []})
    tallies = people_edges(lost, _people(), before)
    assert tallies["edges.userProfiles.userId"].classes == {Class.INTRODUCED: 2}


def test_a_dismissed_deadline_must_name_a_case_of_the_same_user(tmp_path: Path, good: Tables) -> None:
    graph, nobody = _graph(tmp_path, good), _graph(tmp_path, {})
    right, wrong, none = (
        _owners(graph, tmp_path / f"{len(owners)}.{sum(owners)}.zip", owners) for owners in ([1], [2], [])
    )
    assert dismissed_edges(graph, right, nobody, none).classes == {}
    assert dismissed_edges(graph, wrong, nobody, none).classes == {Class.INTRODUCED: 1}
    assert dismissed_edges(graph, wrong, graph, right).classes == {Class.INTRODUCED: 1}
    assert dismissed_edges(graph, wrong, graph, wrong).classes == {Class.INHERITED: 1}


@pytest.mark.parametrize("value", [7.0, "text", True, {"text": 1.0}, [7.0, None]])
def test_dismissed_deadlines_of_another_type_lead_nowhere_and_stop_nothing(
    tmp_path: Path, good: Tables, value: object
) -> None:
    good["userProfiles"][0]["dismissedDeadlines"] = value
    graph = _graph(tmp_path, good)
    owners = _owners(graph, tmp_path / "none.zip", [])
    named = len(value) if isinstance(value, list) else 0
    assert dismissed_edges(graph, owners, _graph(tmp_path, {}), {}).seen == named


def _owners(graph: Graph, path: Path, owners: list[int]) -> dict[str, object]:
    """What is seen of a target whose case has this owner, if there is one."""
    found = [{"_id": doc_id("cases", 5), "userId": doc_id("users", owner)} for owner in owners]
    return dismissed_owners(graph, spool(path, "cases", found))


def test_a_case_of_v2_s_own_that_was_wrong_before_is_inherited(tmp_path: Path, good: Tables) -> None:
    twins = [{"id": "a"}, {"id": "a"}]
    own = {"_id": doc_id("cases", 6), "userId": doc_id("users", 99), "notes": twins}
    expected = Expected("cases", "own", own, Origin.FOREIGN)
    for changes, classes in (({}, {Class.INHERITED}), ({"notes": twins[:1] * 3}, {Class.INTRODUCED})):
        judge = CaseEdges(_graph(tmp_path, good), _people(), _graph(tmp_path, good))
        judge.judge(expected, {**own, **changes}, b"")
        assert {*dict(judge.tallies())["unique.entries.id"].classes} == classes
        assert {*dict(judge.tallies())["edges.cases.user_exists"].classes} == {Class.INHERITED}


def test_a_case_of_v2_s_own_whose_user_is_lost_is_introduced(tmp_path: Path, good: Tables) -> None:
    own = {"_id": doc_id("cases", 6), "userId": doc_id("users", 1)}
    judge = CaseEdges(_graph(tmp_path, {**good, "users": []}), _people(), _graph(tmp_path, good))
    judge.judge(Expected("cases", "own", own, Origin.FOREIGN), own, b"")
    assert "edges.cases.user_exists" in _red(dict(judge.tallies()))


@pytest.mark.parametrize(
    ("changes", "must"),
    [
        ({}, set()),
        ({"userId": doc_id("users", 2)}, {"edges.cases.owner_by_legacy_id", "edges.cases.owner_by_email"}),
        ({"userId": doc_id("users", 99)}, {"edges.cases.user_exists"}),
        ({"legacyUserId": key(2)}, {"edges.cases.legacy_user"}),
        ({"legacyId": key(3)}, {"edges.cases.legacy_id"}),
        ({"rfiEntries": []}, {"edges.cases.entries"}),
        ({"notes": [{"id": "a"}, {"id": "a"}]}, {"unique.entries.id"}),
    ],
)
def test_a_case_must_lead_to_its_own_owner(
    tmp_path: Path, good: Tables, changes: dict[str, Any], must: set[str]
) -> None:
    row = case_row(5, rfi_received_date="2024-05-01")
    expected = cases.expected(row, [], [], owner=doc_id("users", 1), number=10004, clock_ms=NOW)
    graph = _graph(tmp_path, good)
    judge = CaseEdges(graph, _people(), graph)
    judge.judge(expected, {**expected.document, **changes}, b"")
    red = _red(dict(judge.tallies()))
    assert must <= red
    assert bool(must) == bool(red)


def test_two_cases_of_one_v1_id_are_found() -> None:
    expected = cases.expected(case_row(5), [], [], owner=doc_id("users", 1), number=10004, clock_ms=NOW)
    twin = {**expected.document, "_id": doc_id("cases", 6)}
    together, one, other = LegacyIds(), LegacyIds(), LegacyIds()
    for judges, case, document in (
        ((together, one), expected, expected.document),
        ((together, other), None, twin),
    ):
        for judge in judges:
            judge.judge(case, document, b"")
    one.join(other)  # seen by two processes
    for judge in (together, one):
        (tally,) = dict(judge.tallies()).values()
        assert (tally.matched, tally.classes) == (1, {Class.INTRODUCED: 1})


def test_a_choice_that_was_turned_over_is_red_and_a_default_is_counted(tmp_path: Path, good: Tables) -> None:
    people = _people()
    expected = [each for each in people.expected({key(5): key(1)}) if each.table == "userProfiles"]
    found = settings(expected, people, spool(tmp_path / "p.zip", "userProfiles", good["userProfiles"]))
    assert _red(found) == set()
    assert found["settings.emailRfeAlerts"].notes == {"not said in v1": 1}
    good["userProfiles"][0]["calendarSyncPwd"] = True
    again = settings(expected, people, spool(tmp_path / "q.zip", "userProfiles", good["userProfiles"]))
    assert _red(again) == {"settings.calendarSyncPwd"}


def test_an_empty_text_is_no_choice(tmp_path: Path) -> None:
    people = _people(timezone="")
    expected = [each for each in people.expected({}) if each.table == "userProfiles"]
    documents = [each.document for each in expected]
    found = settings(expected, people, spool(tmp_path / "p.zip", "userProfiles", documents))
    assert _red(found) == set()
    assert documents[0]["timezone"] == "America/New_York"
