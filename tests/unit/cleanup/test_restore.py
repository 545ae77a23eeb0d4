"""The proof, and the way back: also of what Google has forgotten, and of users who left."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.google.troubles import ALWAYS, Trouble
from migration.calendar.google import ATTEMPTS
from migration.calendar.journal import Journal
from migration.calendar.restore import other_id
from migration.model import Verdict
from tests.unit.cleanup.support import Ground, ground


@pytest.fixture
def made(tmp_path: Path) -> Ground:
    return ground(tmp_path)


def test_proof_sees_one_event_that_is_left(made: Ground) -> None:
    event = sorted(made.scene.ids("v1"))[0]
    made.plan()
    made.delete()
    owner = next(one for one in made.scene.emulator.accounts.values() if event in one.events)
    owner.events[event]["status"] = "confirmed"
    proof = made.prove()
    assert (proof.verdict, sum(proof.left.values())) == (Verdict.FAIL, 1)


def test_proof_of_nothing_proves_nothing(tmp_path: Path) -> None:
    made = ground(tmp_path, users=1, states=["disconnected"])
    made.plan()
    made.delete()
    assert made.prove().verdict is Verdict.UNKNOWN


def test_event_that_google_has_forgotten_comes_back_under_another_id_once(made: Ground) -> None:
    event = sorted(made.scene.ids("v1"))[0]
    made.plan()
    made.delete()
    owner = next(one for one in made.scene.emulator.accounts.values() if event in one.events)
    before = dict(owner.events[event])
    made.scene.emulator.forget(owner.email, event)
    assert made.restore()["anew"] == 1
    found = owner.living()[other_id(event)]
    assert (found["summary"], found["start"]) == (before["summary"], before["start"])
    assert made.restore() == {"back": 0, "there": 0, "anew": 0, "not_back": 0}


def test_insert_whose_answer_was_lost_is_found_again(made: Ground) -> None:
    event = sorted(made.scene.ids("v1"))[0]
    made.plan()
    made.delete()
    owner = next(one for one in made.scene.emulator.accounts.values() if event in one.events)
    made.scene.emulator.forget(owner.email, event)
    before = Journal(made.folder).to_restore().index(event)  # a get for each, then one for the new id
    made.scene.emulator.troubles = [
        Trouble("lost", "insert"),
        Trouble("403 forbidden", "get", skip=before + 1),
    ]
    first = made.restore()
    assert (first["anew"], first["not_back"]) == (0, 1)
    assert made.restore()["anew"] == 1
    assert other_id(event) in owner.living()


def test_restore_of_a_user_who_left_fails_and_says_so(made: Ground) -> None:
    made.plan()
    made.delete()
    made.scene.emulator.accounts["person.0@example.com"].revoked = True
    done = made.restore()
    assert done["not_back"]
    assert done["back"]
    made.scene.emulator.accounts["person.0@example.com"].revoked = False
    assert made.restore()["back"] == done["not_back"]


def test_event_that_somebody_brought_back_and_changed_is_left_as_it_is(made: Ground) -> None:
    event = sorted(made.scene.ids("v1"))[0]
    made.plan()
    made.delete()
    owner = next(one for one in made.scene.emulator.accounts.values() if event in one.events)
    owner.events[event] |= {"status": "confirmed", "summary": "mine now"}
    assert made.restore()["there"] == 1
    assert owner.events[event]["summary"] == "mine now"


def test_restore_gives_a_user_up_after_one_event_that_nobody_answers(made: Ground) -> None:
    made.plan()
    made.delete()
    made.scene.emulator.troubles = [Trouble("500", "get", times=ALWAYS, account="person.0@example.com")]
    made.scene.emulator.calls.clear()
    done = made.restore()
    assert done["not_back"] > 1
    assert done["back"] > 1
    assert made.scene.emulator.calls["get"] == ATTEMPTS + done["back"]
