"""`preflight` and `attest`: the gates on screen, and what people say of them. `begin` is what `migrate` asks.

Lends the engine what only this side of it knows: PostgreSQL's programs, and a scratch server of nobody's.
"""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from invoke.context import Context

from migration.errors import PASS, REFUSED, Refusal, RunIncomplete
from verbs import show
from verbs.exits import leave
from verbs.flags import verb
from verbs.line import LINE
from verbs.show import answer

if TYPE_CHECKING:
    from migration.config import Settings
    from migration.preflight.model import Outcome
    from migration.preflight.scene import Scene, Tools
    from migration.progress import Progress
    from migration.run import Run

MARKS = {"open": "ok", "shut": "!!", "attested": "by", "accepted": "!>", "not applicable": "--"}
WIDTH = 100


@verb
def preflight(
    _: Context,
    env: str = "",
    production: bool = False,
    confirm: str = "",
    accept: str = "",
    by: str = "",
    reason: str = "",
    quiet: bool = False,
) -> None:
    """Asks every gate; exit 12 while one is shut."""
    from migration.preflight import gates, table

    LINE.pin(env, production=production, confirm=confirm)
    if accept:
        table.named(accept)
        if not (by and reason):
            raise Refusal(
                f"Nobody takes over {accept}: --by and --reason are needed.",
                next_step="./inv preflight --accept GATE --by NAME --reason TEXT",
            )
    with _scene(LINE.settings(), show.chosen(quiet=quiet)) as scene:
        outcomes = gates.carry_out(scene)
        if accept:
            outcomes = gates.take_over(scene, outcomes, accept, by=by, reason=reason)
    answer(listed(outcomes))
    leave(REFUSED if any(one.state == "shut" for one in outcomes) else PASS)


@verb
def attest(
    _: Context,
    item: str,
    env: str = "",
    production: bool = False,
    confirm: str = "",
    by: str = "",
    note: str = "",
) -> None:
    """Notes what no machine can know, by name."""
    from datetime import UTC, datetime

    from migration.preflight import items
    from migration.preflight.records import Records

    LINE.pin(env, production=production, confirm=confirm)
    meaning = items.known(item)
    settings = LINE.settings()
    said = Records(settings).attest(item, by=by, note=note, now=datetime.now(UTC))
    answer(f"{said.by} attests {item} for {settings.environment} ({settings.target.name}): {meaning}")


def begin(settings: Settings, progress: Progress) -> tuple[Scene, list[Outcome]] | None:
    """The gates of a real pair as `migrate` must find them, or a `Refusal` before a run is begun.

    On the embedded pair, which is made anew for each rehearsal, none is asked.
    """
    from migration import flow
    from migration.preflight import gates

    if settings.environment == "embedded":
        return None
    with suppress(RunIncomplete):  # an empty source: the gate `source` refuses it
        flow.reach(settings)
    with progress.step("preflight"), _scene(settings, progress) as scene:
        outcomes = gates.carry_out(scene, anew=False)
    gates.refuse_shut(outcomes)
    return scene, outcomes


def attach(run: Run, asked: tuple[Scene, list[Outcome]] | None) -> None:
    """Makes the gates that a run began with part of its evidence."""
    from migration.preflight import gates

    if asked is not None:
        gates.attach(run, *asked)


def listed(outcomes: Sequence[Outcome]) -> str:
    """One line a gate, what was found below it, and for a shut one what it asks and what opens it."""
    lines = []
    for one in outcomes:
        seconds = f"{one.seconds:6.1f} s" if one.seconds >= 0.05 else ""
        aside = f"  {one.detail}" if one.state == "not applicable" else ""
        lines.append(f"{MARKS[one.state]}  {one.gate:<18} {one.state:<14}{aside} {seconds}".rstrip())
        lines += _said(one)
    counted = {state: sum(one.state == state for one in outcomes) for state in MARKS}
    return "\n".join([*lines, ", ".join(f"{count} {state}" for state, count in counted.items() if count)])


def _said(one: Outcome) -> list[str]:
    by_state = {
        "open": [one.detail],
        "shut": [one.question, one.detail, f"-> {one.when_shut}"],
        "attested": [f"{one.detail} Note: {one.note}"],
        "accepted": [one.question, one.detail, f"{one.by} takes it over: {one.note}"],
    }
    return [line for text in by_state.get(one.state, []) for line in _below(text)]


def _below(text: str) -> list[str]:
    indent = " " * 4
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_on_hyphens=False,
        break_long_words=False,
    )


def tools() -> Tools:
    """What this machine lends the probes."""
    from fixtures.provision import postgres_bin
    from migration.preflight.scene import Tools

    return Tools(postgres_bin, _scratch)


def _scene(settings: Settings, progress: Progress) -> Scene:
    from migration.preflight.scene import Scene

    return Scene(settings, tools(), progress=progress)


@contextmanager
def _scratch(folder: Path) -> Iterator[str]:
    """An empty database on a server of its own in `folder`, removed afterwards, and with it whatever a killed
    preflight left beside it."""
    from fixtures import postgres

    for left in folder.parent.glob("scratch-*"):
        if left != folder:
            postgres.stop(left, remove=True)
            shutil.rmtree(left, ignore_errors=True)
    try:
        server = postgres.start(folder)
        server.create_database("restored")
        yield server.dsn_for(postgres.SUPERUSER, "restored")
    finally:
        postgres.stop(folder, remove=True)
        shutil.rmtree(folder, ignore_errors=True)
