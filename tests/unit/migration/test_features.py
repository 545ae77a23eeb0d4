"""The ledger of features: proven by this run's checks, attested, signed off, or open."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from migration import features
from migration.errors import Refusal
from migration.features import Attestation, Feature, SignOff, State, gate, judge
from migration.model import Phase, Verdict
from verbs import suites

PHASES = (Phase.DATA, Phase.APP, Phase.SMOKE, Phase.AFTER)


def feature(**changes: object) -> Feature:
    """A critical feature that two checks prove, unless `changes` say otherwise."""
    base: dict[str, object] = {
        "id": "CASE-07",
        "area": "Case Management",
        "name": "PWD expiration computed",
        "status": "kept",
        "critical": True,
        "counted": True,
        "by": "data-check",
        "proof": ("dates.date[pwd]", "statuses.refused[*]"),
        "look": "recompute",
    }
    return Feature.model_validate({**base, **changes})


GREEN = {
    "dates.date[pwd]": Verdict.PASS,
    "statuses.refused[V-1]": Verdict.PASS,
    "statuses.refused[V-2]": Verdict.PASS,
}
SEEN = Attestation(feature="CASE-07", by="Ann", note="looked at ten", at="2026-01-15T12:00:00+00:00")


def state(one: Feature, verdicts: dict[str, Verdict], *seen: Attestation) -> State:
    (standing,) = judge([one], verdicts, seen)
    return standing.state


def test_the_list_has_every_feature_of_the_count_and_those_left_out() -> None:
    found = features.read()
    assert len(found) == 229 + 7 + 39
    statuses = Counter(one.status for one in found if one.counted)
    assert statuses == {"kept": 140, "changed": 70, "dropped": 13, "new": 6}
    assert sum(one.critical for one in found if one.counted) == 101


def test_every_feature_that_data_can_show_is_proven_by_checks_and_85_in_all() -> None:
    found = features.read()
    assert [one.id for one in found if one.by == "data-check" and not one.proof] == []
    assert sum(bool(one.proof) for one in found if one.counted) >= 85


def test_every_check_that_the_list_names_is_one_that_a_run_would_make() -> None:
    known = {name for phase in PHASES for name in suites.listed(phase)}
    families = {name.partition("[")[0] for name in known}
    named = {name for one in features.read() for name in one.proof}
    assert [n for n in sorted(named) if n not in known and n.removesuffix("[*]") not in families] == []


def test_a_list_that_lost_a_feature_is_refused(tmp_path: Path) -> None:
    head, _, rest = features.LIST.read_text("utf-8").partition("[[feature]]")
    path = tmp_path / "features.toml"
    path.write_text(head + "[[feature]]" + rest.partition("[[feature]]")[2])
    with pytest.raises(Refusal, match="228 counted features, not 229"):
        features.read(path)


def test_a_feature_is_proven_when_every_check_of_it_passed() -> None:
    assert state(feature(), GREEN) is State.PROVEN


@pytest.mark.parametrize(
    ("check", "verdict", "why"),
    [
        ("dates.date[pwd]", Verdict.FAIL, "dates.date[pwd] failed"),
        ("statuses.refused[V-2]", Verdict.UNKNOWN, "statuses.refused[*] could not be judged"),
    ],
)
def test_one_check_that_did_not_pass_opens_it(check: str, verdict: Verdict, why: str) -> None:
    (standing,) = judge([feature()], {**GREEN, check: verdict})
    assert (standing.state, standing.why) == (State.OPEN, why)


@pytest.mark.parametrize("gone", [["dates.date[pwd]"], ["statuses.refused[V-1]", "statuses.refused[V-2]"]])
def test_a_check_that_disappears_opens_it(gone: list[str]) -> None:
    (standing,) = judge([feature()], {name: one for name, one in GREEN.items() if name not in gone})
    assert standing.state is State.OPEN
    assert standing.why.endswith("has no result")


def test_a_person_may_attest_what_no_check_shows_and_never_against_a_red_one() -> None:
    assert state(feature(proof=()), GREEN, SEEN) is State.ATTESTED
    assert state(feature(), {}, SEEN) is State.ATTESTED
    assert state(feature(), {**GREEN, "dates.date[pwd]": Verdict.FAIL}, SEEN) is State.OPEN
    assert state(feature(id="CASE-08", proof=()), GREEN, SEEN) is State.OPEN


def test_a_dropped_feature_needs_a_sign_off_whatever_the_checks_say() -> None:
    dropped = feature(status="dropped", critical=False)
    assert state(dropped, GREEN, SEEN) is State.OPEN
    signed = SignOff(feature="CASE-07", by="Bob", reason="nobody used it")
    (standing,) = judge([dropped], {}, [], [signed])
    assert standing.state is State.SIGNED_OFF
    assert "Bob" in standing.why


def test_the_gate_is_shut_by_critical_and_dropped_features_alone() -> None:
    harmless = feature(id="DSGN-01", critical=False)
    assert gate(judge([harmless, feature()], GREEN)) == "open"
    assert gate(judge([harmless], {})) == "open"
    assert gate(judge([harmless, feature()], {})) == "1 features are open that must not be: CASE-07"
    assert "CHAT-04" in gate(judge([feature(id="CHAT-04", status="dropped", critical=False)], {}))


def test_sign_offs_are_kept_and_refused_for_what_is_not_dropped(tmp_path: Path) -> None:
    path = tmp_path / "signoffs.toml"
    known = features.read()
    one = SignOff(feature="CAL-10", by="Ann", reason='v1 never had it, "two-way" or not')
    features.sign_off(one, known, path)
    features.sign_off(SignOff(feature="CHAT-04", by="Bob", reason="signed-in chat only"), known, path)
    assert [found.feature for found in features.signed_off(path)] == ["CAL-10", "CHAT-04"]
    assert features.signed_off(path)[0] == one
    with pytest.raises(Refusal, match="not a feature that v2 drops"):
        features.sign_off(SignOff(feature="CASE-01", by="Ann", reason="x"), known, path)
    path.write_text("[[sign_off]]\nfeature = 'CAL-10'\n")
    with pytest.raises(Refusal, match="can not be read"):
        features.signed_off(path)
