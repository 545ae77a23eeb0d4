"""What ends something of v1: allowed, typed, in order; each failure of a provider is told in a sentence."""

from __future__ import annotations

import pytest

from fixtures.providers import LOST, SILENT
from migration.decommission import acts, providers
from migration.decommission.timeline import DAY, HOUR, State
from migration.errors import CutoverError, Refusal, RunIncomplete
from tests.unit.decommission.stage import Stage

SERVICE, PROJECT = "/v1/services/srv-v1", "/v1/projects/abcdef"
NAME = "perm-tracker-api"


def test_an_act_must_be_allowed_typed_and_somebody_s(stage: Stage) -> None:
    stage.until("scale-to-zero")
    for typed in ("", "another"):
        with pytest.raises(Refusal, match="the service's name typed"):
            stage.act(7 * DAY, "scale-to-zero", typed)
    stage.change(allow=("delete-service",))
    with pytest.raises(Refusal, match="scale-to-zero is not allowed"):
        stage.act(7 * DAY, "scale-to-zero", NAME)
    stage.change(allow=("scale-to-zero",), render_key=None)
    with pytest.raises(Refusal, match="RENDER_API_KEY is not set"):
        stage.act(7 * DAY, "scale-to-zero", NAME)
    with pytest.raises(Refusal, match="--by is missing"):
        stage.at(7 * DAY).act("scale-to-zero", by=" ", confirm=NAME, tools=None)  # type: ignore[arg-type]
    assert stage.providers.changes() == []
    assert stage.standing("scale-to-zero", 7 * DAY).state is State.OPEN


def test_embedded_evidence_ends_nothing_real(stage: Stage) -> None:
    ground = acts.Ground(
        stage.settings.model_copy(update={"environment": "embedded", "render_api": "https://api.render.com"}),
        stage.run, None, None, NAME, stage.at(DAY).now,  # type: ignore[arg-type]
    )  # fmt: skip
    with pytest.raises(Refusal, match="ends no real service"):
        acts.scale_to_zero(ground)


def test_a_done_act_is_not_done_again(stage: Stage) -> None:
    stage.until("no-traffic")
    with pytest.raises(Refusal, match="scale-to-zero is done: Bo"):
        stage.act(7 * DAY + HOUR, "scale-to-zero", NAME)


def test_an_act_whose_process_was_killed_before_it_was_noted_is_found_done(stage: Stage) -> None:
    stage.until("scale-to-zero")
    stage.providers.service["serviceDetails"]["numInstances"] = 0
    assert "had no instance already" in stage.act(7 * DAY, "scale-to-zero", NAME).detail
    assert stage.providers.changes() == []


def test_an_answer_that_was_lost_is_looked_for(stage: Stage) -> None:
    stage.until("scale-to-zero")
    stage.providers.faults = {f"POST {SERVICE}/scale": [LOST]}
    assert "has no instance" in stage.act(7 * DAY, "scale-to-zero", NAME).detail
    assert stage.providers.changes() == [f"POST {SERVICE}/scale"]


Failure = tuple[str, list[int | str], int, str]
FAILURES: list[Failure] = [
    (f"GET {SERVICE}", [401], 12, "Render refused the key (401)"),
    (f"GET {SERVICE}", [404], 12, "Render has no service srv-v1"),
    (f"GET {SERVICE}", [429, 429, 429, 429], 12, "asked too often (429)"),
    (f"GET {SERVICE}", [429, 500, 503], 0, "has no instance"),
    (f"GET {SERVICE}", [500, 500, 500, 500], 12, "Render failed (500)"),
    (f"GET {SERVICE}", [SILENT, SILENT, SILENT, SILENT], 12, "does not answer (ReadTimeout)"),
    (f"POST {SERVICE}/scale", [401], 12, "Render refused the key (401)"),
    (f"POST {SERVICE}/scale", [403], 12, "Render refused the key (403)"),
    (f"POST {SERVICE}/scale", [404], 12, "knows no such service"),
    (f"POST {SERVICE}/scale", [400], 12, "did not accept the request (400)"),
    (f"POST {SERVICE}/scale", [429, 429], 0, "has no instance"),
    (f"POST {SERVICE}/scale", [429, 429, 429, 429], 12, "asked too often (429)"),
    (f"POST {SERVICE}/scale", [500], 11, "was asked for no instance of perm-tracker-api and tells 2"),
    (f"POST {SERVICE}/scale", [SILENT], 11, "was asked for no instance of perm-tracker-api and tells 2"),
]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda one: f"{one[0].split()[0]}-{one[3]}")
def test_a_failure_of_the_provider_is_told(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, failure: Failure
) -> None:
    call, faults, code, words = failure
    monkeypatch.setattr(providers, "_TIMEOUT", 0.3)
    stage.until("scale-to-zero")
    stage.providers.faults = {call: list(faults)}
    if code == 0:
        assert words in stage.act(7 * DAY, "scale-to-zero", NAME).detail
        return
    with pytest.raises(CutoverError) as caught:
        stage.act(7 * DAY, "scale-to-zero", NAME)
    assert (caught.value.exit_code, words in str(caught.value), "hunter2" in str(caught.value)) == (
        code,
        True,
        False,
    )
    assert stage.standing("scale-to-zero", 7 * DAY).state is State.OPEN
    assert len(stage.providers.changes()) <= 4


def test_nobody_at_the_address_is_told(stage: Stage) -> None:
    stage.until("scale-to-zero")
    stage.change(render_api="http://127.0.0.1:9")
    with pytest.raises(Refusal, match="Render can not be reached"):
        stage.act(7 * DAY, "scale-to-zero", NAME)


def test_a_service_that_is_scaled_up_again_is_not_deleted(stage: Stage) -> None:
    stage.until("delete-service")
    stage.providers.service["serviceDetails"]["numInstances"] = 1
    with pytest.raises(Refusal, match="has instances again"):
        stage.act(8 * DAY + HOUR, "delete-service", NAME)
    assert stage.providers.deleted is False


def ground(stage: Stage, confirm: str) -> acts.Ground:
    """What the pause stands on, without the items before it."""
    return acts.Ground(stage.settings, stage.run, None, None, confirm, stage.at(DAY).now)  # type: ignore[arg-type]


def test_a_project_is_paused_once_and_only_by_its_name(stage: Stage) -> None:
    with pytest.raises(Refusal, match="the project's name typed; another"):
        acts.pause_database(ground(stage, "abc"))
    assert "abcdef is INACTIVE" in acts.pause_database(ground(stage, "abcdef")).detail
    assert "was INACTIVE already" in acts.pause_database(ground(stage, "abcdef")).detail
    assert stage.providers.changes() == [f"POST {PROJECT}/pause"]


@pytest.mark.parametrize(
    ("call", "faults", "kind", "words"),
    [
        (f"GET {PROJECT}", [401], Refusal, "Supabase refused the key"),
        (f"GET {PROJECT}", [404], Refusal, "Supabase has no project abcdef"),
        (f"POST {PROJECT}/pause", [429] * 4, Refusal, "asked too often"),
        (f"POST {PROJECT}/pause", [503], RunIncomplete, "asked to pause abcdef and tells ACTIVE_HEALTHY"),
    ],
)
def test_a_project_that_is_not_paused_is_told(
    stage: Stage, call: str, faults: list[int | str], kind: type[CutoverError], words: str
) -> None:
    stage.providers.faults = {call: faults}
    with pytest.raises(kind, match=words):
        acts.pause_database(ground(stage, "abcdef"))
