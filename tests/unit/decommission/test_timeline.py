"""The order and the times of the timeline, and that each gate is shut while its evidence is not good."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from migration.decommission import desk, timeline
from migration.decommission.records import NAME
from migration.decommission.timeline import DAY, HOUR, TIMELINE, Kind, Met, Reading, State
from migration.errors import Refusal
from migration.model import LedgerEntry, StepOutcome
from migration.run import iso
from tests.unit.decommission.stage import LIVE, Stage, log_line

GOOD = {item.name: Reading(Met.YES, "good") for item in TIMELINE}
PAGE = Path(__file__).resolve().parents[3] / "docs" / "decommission.md"


def test_the_page_shows_the_timeline_as_it_is() -> None:
    assert "\n".join(timeline.table()) in PAGE.read_text()


def test_the_times_never_go_back() -> None:
    assert [one.after for one in TIMELINE] == sorted(one.after for one in TIMELINE)
    assert {one.after // DAY for one in TIMELINE} >= {0, 1, 7, 14, 30, 90}


@pytest.mark.parametrize("item", [one for one in TIMELINE if one.after], ids=lambda one: one.name)
def test_nothing_is_done_before_its_time(item: timeline.Item) -> None:
    early = timeline.standings(GOOD, LIVE, LIVE + item.after - timedelta(seconds=1))
    late = timeline.standings(GOOD, LIVE, LIVE + item.after)
    at = TIMELINE.index(item)
    assert (early[at].state, late[at].state) == (State.WAITS, State.DONE)
    with pytest.raises(Refusal, match="may not be said or done yet: due"):
        timeline.refuse(early[at], early, LIVE)


@pytest.mark.parametrize("item", [one for one in TIMELINE if one.kind is Kind.ACT], ids=lambda one: one.name)
def test_an_act_waits_for_each_item_before_it(item: timeline.Item) -> None:
    at = TIMELINE.index(item)
    not_done = {item.name: Reading(Met.NOT_YET, "not done")}
    for earlier in TIMELINE[:at]:
        missing = {**GOOD, **not_done, earlier.name: Reading(Met.NOT_YET, "missing")}
        found = timeline.standings(missing, LIVE, LIVE + 100 * DAY)
        assert (found[at].state, found[at].waits_for) == (State.BLOCKED, (earlier.name,))
        with pytest.raises(Refusal, match=f"waits for {earlier.name}"):
            timeline.refuse(found[at], found, LIVE + 100 * DAY)
        found = timeline.standings({**missing, earlier.name: Reading(Met.BAD, "bad")}, LIVE, LIVE + 100 * DAY)
        with pytest.raises(Refusal, match=f"speaks against {earlier.name}"):
            timeline.refuse(found[at], found, LIVE + 100 * DAY)
    found = timeline.standings({**GOOD, **not_done}, LIVE, LIVE + 100 * DAY)
    timeline.refuse(found[at], found, LIVE + 100 * DAY)


def test_before_anybody_said_that_v2_is_live_nothing_is_due() -> None:
    found = timeline.standings(GOOD, None, LIVE + 100 * DAY)
    assert {one.state for one in found[2:]} == {State.WAITS}


@pytest.mark.parametrize(
    ("changed", "code"),
    [({}, 0), ({"feedback": Met.NOT_YET}, 11), ({"feedback": Met.NOT_YET, "stable-day": Met.BAD}, 10)],
)
def test_the_exit_code_says_where_it_stands(changed: dict[str, Met], code: int) -> None:
    found = {**GOOD, **{name: Reading(met, "") for name, met in changed.items()}}
    assert desk.code(timeline.standings(found, LIVE, LIVE + 2 * DAY)) == code


def test_the_timeline_walked_to_the_deletion_of_the_service(stage: Stage) -> None:
    stage.until("code")
    assert stage.providers.changes() == ["POST /v1/services/srv-v1/scale", "DELETE /v1/services/srv-v1"]
    states = {one.item.name: one.state for one in stage.at(14 * DAY).standings()}
    assert next(name for name, state in states.items() if state is not State.DONE) == "code"
    assert states["code"] is State.OPEN
    stage.log.unlink()
    assert "when delete-service was done" in stage.standing("no-traffic", 20 * DAY).detail
    with pytest.raises(Refusal, match=r"final-dump may not be said or done yet: due 2026-02-14"):
        stage.act(20 * DAY, "final-dump")


def _rolled_back(stage: Stage) -> None:
    stage.run.append_ledger(LedgerEntry(step="rollback", outcome=StepOutcome.DONE, at=iso(LIVE)))


def _unsealed(stage: Stage) -> None:
    (stage.run.folder / "seals.jsonl").unlink()


def _tampered(stage: Stage) -> None:
    path = stage.run.folder / "results.jsonl"
    path.write_bytes(path.read_bytes().replace(b"pass", b"Pass", 1))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_rolled_back, "was rolled back"),
        (_tampered, "not as it was sealed"),
        (_unsealed, "not as it was sealed"),
    ],
)
def test_a_run_that_does_not_hold_ends_nothing(
    stage: Stage, spoil: Callable[[Stage], None], words: str
) -> None:
    stage.until("scale-to-zero")
    spoil(stage)
    found = stage.standing("judged", 7 * DAY)
    assert (found.state, words in found.detail) == (State.BAD, True)
    with pytest.raises(Refusal, match="speaks against judged"):
        stage.act(7 * DAY, "scale-to-zero", "perm-tracker-api")
    assert stage.providers.changes() == []


@pytest.mark.parametrize(
    ("entries", "state", "words"),
    [
        ([], State.OPEN, "No re-check of 24 hours"),
        ([(HOUR, "PASS")], State.OPEN, "No re-check of 24 hours"),
        ([(30 * HOUR, "PASS")], State.OPEN, "No re-check of 24 hours"),
        ([(DAY, "UNKNOWN")], State.OPEN, "The last re-check is UNKNOWN"),
        ([(HOUR, "FAIL"), (DAY, "PASS")], State.BAD, "loss or change that no user made"),
        ([(HOUR, "UNKNOWN"), (DAY, "PASS")], State.DONE, "is PASS"),
    ],
)
def test_re_checks_are_asked_for(
    stage: Stage, entries: list[tuple[timedelta, str]], state: State, words: str
) -> None:
    stage.attest(0 * DAY, "live")
    if entries:
        stage.rechecked(*entries)
    found = stage.standing("stable-day", 25 * HOUR)
    assert (found.state, words in found.detail) == (state, True), found


@pytest.mark.parametrize(
    ("proof", "state", "words"),
    [
        ({}, State.DONE, "is left"),
        ({"left": 3}, State.OPEN, "3 of v1's calendar events are left"),
        ({"left": {"u1": 2, "u2": 1}}, State.OPEN, "3 of v1's calendar events are left"),
        ({"verdict": "UNKNOWN"}, State.OPEN, "could not be looked for"),
        ({"left": None}, State.OPEN, "can not be read"),
        ({"left": True}, State.OPEN, "can not be read"),
        ({"left": {"u1": "none"}}, State.OPEN, "can not be read"),
        ({"finished": "yesterday"}, State.OPEN, "can not be read"),
        ({"finished": "2026-01-16T12:00:00"}, State.OPEN, "can not be read"),
        ({"run": "20250101T000000Z-abcd"}, State.OPEN, "is of run 20250101T000000Z-abcd"),
        ({"finished": iso(LIVE - DAY)}, State.OPEN, "not since go-live"),
        ({"finished": iso(LIVE + 9 * DAY)}, State.OPEN, "not since go-live"),
    ],
)
def test_the_calendar_s_proof_is_asked_for(
    stage: Stage, proof: dict[str, object], state: State, words: str
) -> None:
    stage.attest(0 * DAY, "live")
    assert "not proven gone" in stage.standing("calendar", 2 * DAY).detail
    stage.calendar(**proof)
    found = stage.standing("calendar", 2 * DAY)
    assert (found.state, words in found.detail) == (state, True), found


def _torn(stage: Stage) -> None:
    whole = gzip.compress(log_line(LIVE, "x").encode())
    path = stage.log.with_name("access.log.gz")
    path.write_bytes(whole[:-9])
    stage.change(access_log=str(path))


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (lambda _: None, "can not be read (FileNotFoundError)"),
        (lambda s: s.logged(probe=8 * DAY), "does not reach back"),
        (lambda s: s.logged((DAY, "x"), probe=None), "Nothing shows that the log is still written"),
        (
            lambda s: s.logged((DAY, "x"), probe=8 * DAY - 2 * HOUR),
            "Nothing shows that the log is still written",
        ),
        (
            lambda s: s.logged((DAY, "x"), (8 * DAY - HOUR, "curl/8"), probe=8 * DAY),
            "1 requests of 1 addresses",
        ),
        (lambda s: s.logged((DAY, "x"), (9 * DAY, "curl/8"), probe=8 * DAY), "of a time still to come"),
        (
            lambda s: s.log.write_text(log_line(LIVE, "x") + "garbage\n"),
            "can not be read, and might be requests",
        ),
        (_torn, "can not be read (EOFError)"),
        (lambda s: s.change(access_log="", render_key=None), "nobody can tell"),
        (lambda s: s.change(access_log=""), "no figures of before the scaling"),
    ],
)
def test_an_old_api_that_may_be_called_is_not_deleted(
    stage: Stage, write: Callable[[Stage], None], words: str
) -> None:
    stage.until("no-traffic")
    write(stage)
    found = stage.standing("no-traffic", 8 * DAY)
    assert (found.state, words in found.detail) == (State.OPEN, True), found
    with pytest.raises(Refusal, match="delete-service waits for no-traffic"):
        stage.act(8 * DAY, "delete-service", "perm-tracker-api")


def test_health_checks_and_our_own_request_are_no_traffic(stage: Stage) -> None:
    stage.until("no-traffic")
    stage.logged((DAY, "x"), (8 * DAY - HOUR, "Render/1.0"), probe=8 * DAY)
    assert stage.standing("no-traffic", 8 * DAY).state is State.DONE


def test_traffic_by_the_provider_s_figures(stage: Stage) -> None:
    stage.until("no-traffic")
    stage.change(access_log="")
    stage.providers.figures = {(LIVE - DAY).isoformat(): 40.0, (LIVE + 7 * DAY + HOUR).isoformat(): 2.0}
    assert "2 requests" in stage.standing("no-traffic", 8 * DAY).detail
    found = stage.standing("no-traffic", 9 * DAY)
    assert (found.state, "(40 before)" in found.detail) == (State.DONE, True), found
    stage.providers.faults["GET /v1/metrics/http-requests"] = [401]
    assert "refused the key (401)" in stage.standing("no-traffic", 9 * DAY).detail


def test_what_is_said_counts_for_its_run_its_pair_and_its_time_only(stage: Stage) -> None:
    stage.attest(0 * DAY, "live")
    with pytest.raises(Refusal, match="may not be said or done yet"):
        stage.attest(HOUR, "feedback")
    stage.attest(DAY, "feedback")
    assert stage.standing("feedback", DAY).state is State.DONE
    assert stage.standing("feedback", DAY - HOUR).state is State.WAITS
    foreign = stage.settings.source.model_copy(update={"name": "another"})
    assert stage.at(2 * DAY, source=foreign).live() is None
    with pytest.raises(Refusal, match="is of the target happy-otter-123, but slow-dog-2 is configured"):
        stage.at(DAY, target=stage.settings.target.model_copy(update={"name": "slow-dog-2"}))
    for by, note in (("", "seen"), ("Ann", " ")):
        with pytest.raises(Refusal, match="is missing"):
            stage.at(DAY).attest("no-critical-bugs", by=by, note=note)
    with pytest.raises(Refusal, match="no item 'stable-day' to attest"):
        stage.attest(DAY, "stable-day")


def test_a_person_s_word_waits_for_what_was_to_be_read_and_done(stage: Stage) -> None:
    stage.until("calendar")
    with pytest.raises(Refusal, match="calendar-spot-check waits for calendar"):
        stage.attest(DAY, "calendar-spot-check")
    stage.until("scale-to-zero")
    with pytest.raises(Refusal, match="grants-revoked waits for scale-to-zero"):
        stage.attest(8 * DAY, "grants-revoked")


def test_what_was_said_is_taken_back_and_what_was_said_before_an_act_does_not_count(stage: Stage) -> None:
    stage.until("delete-service")
    with pytest.raises(Refusal, match="Nobody has attested closed"):
        stage.at(8 * DAY).withdraw("closed", by="Ann", note="seen")
    stage.at(8 * DAY).withdraw("grants-revoked", by="Ann", note="it was another client")
    with pytest.raises(Refusal, match="delete-service waits for grants-revoked"):
        stage.act(8 * DAY + HOUR, "delete-service", "perm-tracker-api")
    stage.at(8 * DAY + HOUR).withdraw("live", by="Ann", note="it was not")
    assert stage.at(8 * DAY + HOUR).live() is None
    records = stage.at(8 * DAY + HOUR).records
    records.add("live", "attested", by="Ann", note="seen", now=LIVE)
    records.add("grants-revoked", "attested", by="Ann", note="seen", now=LIVE + 8 * DAY)
    records.add("scale-to-zero", "done", by="Bo", note="again", now=LIVE + 8 * DAY + HOUR)
    assert "Said before scale-to-zero was done" in stage.standing("grants-revoked", 9 * DAY).detail


def test_a_record_that_was_altered_counts_no_more(stage: Stage) -> None:
    stage.attest(0 * DAY, "live")
    stage.attest(DAY, "feedback")
    path = stage.settings.data_dir / "decommission" / stage.run.id / NAME
    path.write_bytes(path.read_bytes().replace(b"Ann", b"Bob", 1))
    with pytest.raises(Refusal, match=r"Line 2 of .* follows a line that was"):
        stage.at(DAY).standings()
