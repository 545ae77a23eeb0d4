"""Tokens, pace, plan, approval, ceiling, dry run, and what both sides' rows say."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from fixtures.google.calendar import Emulator
from fixtures.google.server import Direct
from fixtures.google.troubles import Trouble
from migration.calendar import known, plan
from migration.calendar.deletion import Ceiling
from migration.calendar.journal import Journal
from migration.calendar.model import CalendarRefusal, Reach
from migration.calendar.people import ids_in
from migration.calendar.record import write_events
from migration.calendar.tokens import Tokens
from migration.errors import FAIL, PASS, UNKNOWN
from tests.unit.cleanup.support import FENCED, Ground, export_of, ground
from verbs.calendar import code_of_plan, code_of_run


@pytest.fixture
def made(tmp_path: Path) -> Ground:
    return ground(tmp_path)


# ---------------------------------------------------------------- tokens


def test_wrong_key_is_found_before_google_is_asked_anything(made: Ground) -> None:
    people = made.people()
    wrong = Tokens(SecretStr(Fernet.generate_key().decode()))
    with pytest.raises(CalendarRefusal, match="does not open the first user's token"):
        wrong.meet(people)
    with pytest.raises(CalendarRefusal, match="does not open the first user's token"):
        replace(made, key=SecretStr(Fernet.generate_key().decode()), locked_by=made.key).looks()
    assert not made.scene.emulator.calls


def test_text_that_is_no_key_is_refused_and_never_shown() -> None:
    with pytest.raises(CalendarRefusal) as refused:
        Tokens(SecretStr("not-a-key"))
    assert "not-a-key" not in str(refused.value)


def test_one_bad_token_is_that_users_own_trouble(tmp_path: Path) -> None:
    made = ground(tmp_path, states=["unreadable"])
    assert [look.visit.reach for look in made.looks()] == ["seen", "seen", "unreadable"]


def test_access_token_is_taken_encrypted_and_plain(made: Ground) -> None:
    tokens, person = Tokens(made.key), made.people()[0]
    locked = Fernet(made.key.get_secret_value()).encrypt(b"ya29.x").decode()
    assert tokens.access(replace(person, access_token=locked)) == "ya29.x"
    assert tokens.access(replace(person, access_token="ya29.y")) == "ya29.y"
    assert tokens.access(person) is None


def test_unknown_client_is_one_refusal_and_not_one_a_user(made: Ground) -> None:
    made.scene.emulator.accounts.clear()
    elsewhere = Emulator(made.clock.now)
    made = replace(made, transport=Direct(elsewhere), client_secret="wrong")
    with pytest.raises(CalendarRefusal, match="does not know this client"):
        made.looks()
    assert elsewhere.calls == {"token": 1}


def test_no_secret_is_in_any_file(made: Ground) -> None:
    made.plan()
    work = made.delete()
    write_events(made.run, work.plan, work.journal)
    secrets = [user.refresh_token for user in made.scene.users] + ["ya29.", made.key.get_secret_value()]
    for path in made.folder.rglob("*"):
        if path.is_file():
            assert not [one for one in secrets if one.encode() in path.read_bytes()], path


# ---------------------------------------------------------------- pace


def test_users_are_a_second_apart_and_calls_keep_to_their_rate(made: Ground) -> None:
    began = made.clock.at
    made.looks()
    calls = sum(count for kind, count in made.scene.emulator.calls.items() if kind != "token")
    took = (made.clock.at - began).total_seconds()
    assert made.clock.slept.count(1.0) == 2
    assert took >= (calls - 1) / made.calls_per_second


def test_token_that_ends_on_the_way_is_renewed(made: Ground) -> None:
    slow = replace(made, calls_per_second=0.005)
    v1 = slow.scene.ids("v1")
    slow.plan()
    assert slow.delete().states()["deleted"] == len(v1)
    assert slow.scene.emulator.calls["token"] > 6


# ---------------------------------------------------------------- plan and approval


def test_plan_is_bound_to_its_run_pair_and_approval(made: Ground) -> None:
    first = made.plan()
    assert plan.must_be_approved(made.run, first) == "Ann"
    for other in (replace(first, run="x"), replace(first, source="x"), replace(first, target="x")):
        with pytest.raises(CalendarRefusal, match="another run or another pair"):
            plan.must_be_approved(made.run, other)
    with pytest.raises(CalendarRefusal, match="Nobody has approved"):
        plan.must_be_approved(made.run, replace(first, digest="0" * 64))


def test_plan_that_was_edited_has_lost_its_approval(made: Ground) -> None:
    made.plan()
    path = made.folder / plan.NAME
    path.write_bytes(path.read_bytes().replace(b"Employer", b"employer", 1))
    with pytest.raises(CalendarRefusal, match="Nobody has approved"):
        plan.must_be_approved(made.run, plan.read(made.folder))


def test_plan_that_lost_a_line_can_not_be_read(made: Ground) -> None:
    made.plan()
    path = made.folder / plan.NAME
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    with pytest.raises(CalendarRefusal, match="not whole"):
        plan.read(made.folder)


@pytest.mark.parametrize(("digest", "by"), [("", "Ann"), ("0" * 64, "Ann"), (None, "  ")])
def test_approval_needs_the_hash_and_a_name(digest: str | None, by: str, made: Ground) -> None:
    found = made.plan()
    given = found.digest if digest is None else digest
    with pytest.raises(CalendarRefusal):
        plan.approve(made.run, found, digest=given, by=by, now=made.clock.now())


def test_private_files_are_private(made: Ground) -> None:
    made.plan()
    made.delete()
    for name in (plan.NAME, "bodies.jsonl", "journal.jsonl"):
        assert (made.folder / name).stat().st_mode & 0o077 == 0


# ---------------------------------------------------------------- run


def test_dry_run_asks_for_nothing_that_changes(made: Ground) -> None:
    v1 = made.scene.ids("v1")
    made.plan()
    made.scene.emulator.calls.clear()
    work = made.delete(dry=True)
    assert {one.event for one in work.would} == v1
    assert work.states()["would_delete"] == len(v1)
    assert set(made.scene.emulator.calls) == {"get", "token"}
    assert not (made.folder / "journal.jsonl").exists()


def test_run_stops_at_the_ceiling_and_the_next_goes_on(made: Ground) -> None:
    v1 = made.scene.ids("v1")
    made.plan()
    low = replace(made, ceiling=Ceiling(20, 500))
    first = low.delete()
    assert first.stopped
    assert code_of_run(first) == UNKNOWN
    assert made.scene.emulator.calls["delete"] == 20
    last = [low.delete() for _ in range(-(-len(v1) // 20) - 1)][-1]
    assert code_of_run(last) == PASS
    assert last.states()["deleted"] == len(v1)


def test_plan_that_takes_too_much_from_one_user_is_refused(made: Ground) -> None:
    made.plan()
    with pytest.raises(CalendarRefusal, match="more than 10"):
        replace(made, ceiling=Ceiling(5000, 10)).delete()
    assert not made.scene.emulator.calls["delete"]


def test_each_body_is_on_the_disk_before_its_deletion_is_asked(made: Ground) -> None:
    made.plan()
    saved: list[bool] = []

    def look(kind: str, _number: int, done: bool) -> None:
        if kind == "delete" and not done:
            journal = Journal(made.folder)
            asked = {one for one, line in journal.last.items() if line["state"] == "asked"}
            saved.append(asked <= journal.bodies.keys() and len(asked) == 1)

    made.scene.emulator.on_call = look
    made.delete()
    assert saved
    assert all(saved)


def test_event_of_the_record_has_one_line_without_names(made: Ground) -> None:
    made.plan()
    work = made.delete()
    write_events(made.run, work.plan, work.journal)
    text = (made.folder / "calendar" / "events.jsonl").read_text()
    assert len(text.splitlines()) == len(work.plan.events)
    assert "@example.com" not in text
    assert "Employer" not in text
    assert '"p***@e***"' in text


def test_plan_with_a_user_that_failed_is_not_done(made: Ground) -> None:
    made.scene.emulator.accounts["person.1@example.com"].refresh_token = "another"
    found = made.plan()
    assert Counter(found.unreachable().values()) == {"revoked": 1}
    assert code_of_plan(found) == PASS
    failed = replace(found.visits[0], reach=Reach.FAILED)
    assert code_of_plan(replace(found, visits=(failed,))) == UNKNOWN
    assert code_of_plan(replace(found, visits=())) == UNKNOWN


# ---------------------------------------------------------------- v1's and v2's words


@pytest.mark.parametrize(
    ("stored", "ids"),
    [
        ({"pwd_expiration": "a", "rfi_due": ["b", "c"]}, ["a", "b", "c"]),
        (["a", " ", "b "], ["a", "b"]),
        ({}, []),
        (None, []),
        ({"x": None, "y": 3, "z": {"w": "a"}}, ["a"]),
    ],
)
def test_event_ids_are_found_in_every_shape(stored: object, ids: list[str]) -> None:
    assert list(ids_in(stored)) == ids


def test_v2_says_which_events_are_its_own_and_since_when(made: Ground) -> None:
    moved = made.scene.users[0].id
    v2 = known.read(
        export_of(made.scene, made.folder / "export.zip", moved={moved}), FENCED + timedelta(days=1)
    )
    assert v2.event_ids == {
        one for user in made.scene.users for case in user.cases for one in case.v2_events.values()
    }
    assert set(v2.before) == {user.id for user in made.scene.users} - {moved}
    judged_by = v2.known(made.people())
    assert judged_by[moved].since == FENCED + timedelta(days=1)
    assert judged_by[made.scene.users[1].id].since == FENCED
    assert all(one.v2_connected for one in judged_by.values())


def test_client_that_is_locked_out_on_the_way_is_no_refusal(made: Ground) -> None:
    v1 = made.scene.ids("v1")
    made.plan()
    made.scene.emulator.on_call = lambda kind, number, _: (
        made.scene.emulator.lock_out() if (kind, number) == ("delete", 30) else None
    )
    work = made.delete()
    assert 0 < work.states()["deleted"] < len(v1)
    assert work.states()["failed"]
    assert code_of_run(work) == FAIL


def test_event_that_changed_and_then_can_not_be_read_fails_alone(made: Ground) -> None:
    v1 = made.scene.ids("v1")
    made.plan()
    first = sum(one in made.scene.emulator.accounts["person.0@example.com"].events for one in v1)
    made.scene.emulator.troubles = [
        Trouble("412", "delete"),
        Trouble("403 forbidden", "get", skip=first, account="person.0@example.com"),
    ]
    assert made.delete().states()["failed"] == 1
    assert made.delete().states()["deleted"] == len(v1)
