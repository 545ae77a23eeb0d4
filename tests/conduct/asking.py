"""How the tests of the gates ask: one gate with those it waits for, and what a shut one must say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from pydantic import SecretStr

from fixtures.pair import PairState
from migration.config import Settings
from migration.preflight import gates
from migration.preflight.model import Gate, Outcome, State
from migration.preflight.scene import Scene, Tools
from migration.preflight.table import GATES
from verbs.preflight import tools

Ask = Callable[..., Outcome]


def asker(settings: Settings) -> Ask:
    """A function: one gate's outcome, with other tools or other settings than the sound ones."""

    def asked(name: str, lent: Tools | None = None, **changed: Any) -> Outcome:
        with Scene(settings.model_copy(update=changed), lent or tools()) as scene:
            return gates.carry_out(scene, with_needed(name))[-1]

    return asked


def with_needed(name: str) -> list[Gate]:
    wanted = {name}
    for gate in reversed(GATES):
        wanted |= set(gate.waits_for) if gate.name in wanted else set()
    return [gate for gate in GATES if gate.name in wanted]


def shut(outcome: Outcome, *words: str) -> None:
    """Shut, with these words, with what opens it, and with no secret."""
    assert outcome.state is State.SHUT, outcome
    assert [word for word in words if word not in outcome.detail] == [], outcome.detail
    assert outcome.when_shut
    assert "hunter2" not in outcome.model_dump_json()


def at(settings: Settings, url: str, key: str | None = None) -> dict[str, Any]:
    """The settings of a target elsewhere."""
    changed: dict[str, Any] = {"url": url}
    if key is not None:
        changed["admin_key"] = SecretStr(key)
    return {"target": settings.target.model_copy(update=changed)}


@contextmanager
def variable(state: PairState, name: str, value: str | None) -> Iterator[None]:
    """A variable of the deployment, set or removed for a moment."""
    headers = {"Authorization": f"Convex {state.convex_admin_key}"}
    url = f"{state.convex_url}/api"
    before = httpx.get(f"{url}/list_environment_variables", headers=headers).json()["environmentVariables"]

    def change(text: str | None) -> None:
        one = {"name": name} if text is None else {"name": name, "value": text}
        body = {"changes": [one]}
        httpx.post(f"{url}/update_environment_variables", headers=headers, json=body).raise_for_status()

    change(value)
    try:
        yield
    finally:
        change(before.get(name))
