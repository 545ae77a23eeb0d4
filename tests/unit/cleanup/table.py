"""Troubles of Google's and what becomes of the clean-up: the rows, and the table in docs/calendar.md.

Each row is carried out on a small scene: plan, run, proof, then what it takes once the trouble is over. The
page is written by `python -m tests.unit.cleanup.table`, and a test holds it to what happens.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fixtures.google.troubles import ALWAYS, Trouble
from migration.config import ROOT
from migration.errors import PASS
from migration.model import EXIT_CODE
from tests.unit.cleanup.support import Ground, ground
from verbs.calendar import code_of_plan, code_of_run, counted

PAGE = ROOT / "docs" / "calendar.md"
BEGIN, END = "<!-- troubles: written by tests.unit.cleanup.table -->\n", "<!-- end of troubles -->\n"
ONE = "person.0@example.com"
USERS, EVENTS = 3, 30


@dataclass(frozen=True)
class Row:
    """One trouble. `meanwhile`: what somebody does between plan and run, beside or instead of it."""

    name: str
    does: str
    during: str = "run"
    troubles: Callable[[], list[Trouble]] = list
    meanwhile: Callable[[Ground], None] = lambda _: None


@dataclass(frozen=True)
class Outcome:
    """What a row came to: words for the table, and what the test asks beside them."""

    plan: int
    run: int
    states: dict[str, int]
    proof: int
    takes: str
    waited: float
    others_untouched: bool


def _trouble(what: str, on: str, **more: int | str) -> Callable[[], list[Trouble]]:
    return lambda: [Trouble(what, on, **more)]  # type: ignore[arg-type]


def _revoke(made: Ground) -> None:
    made.scene.emulator.accounts[ONE].revoked = True


def _expire(made: Ground) -> None:
    made.scene.emulator.expire_tokens()


def _planned_of_one(made: Ground) -> str:
    mine = made.scene.emulator.accounts[ONE].events
    return sorted(event for event in made.scene.ids("v1") if event in mine)[0]


def _deleted_by_hand(made: Ground) -> None:
    made.scene.emulator.accounts[ONE].events[_planned_of_one(made)]["status"] = "cancelled"


def _made_a_series(made: Ground) -> None:
    event = made.scene.emulator.accounts[ONE].events[_planned_of_one(made)]
    event["recurrence"] = ["RRULE:FREQ=WEEKLY;COUNT=3"]


def _adopted_by_v2(made: Ground) -> None:
    made.scene.users[0].cases[0].v2_events["rfe_due"] = _planned_of_one(made)


ROWS = (
    Row("no trouble", "everything goes as planned"),
    Row("401 once", "the access token is renewed", troubles=_trouble("401", "delete", skip=3)),
    Row(
        "401 again and again, one user",
        "that user fails, the next is visited",
        troubles=_trouble("401", "get", times=ALWAYS, account=ONE),
    ),
    Row(
        "403 rate limit, 3 times", "waits longer each time", troubles=_trouble("403 rate", "delete", times=3)
    ),
    Row("403 forbidden", "that event fails", troubles=_trouble("403 forbidden", "delete", skip=2)),
    Row("404 on get", "taken for gone; the proof sees it", troubles=_trouble("404", "get", skip=2)),
    Row("410 on delete", "taken for gone; the proof sees it", troubles=_trouble("410", "delete", skip=2)),
    Row("412 on delete", "somebody changed it meanwhile", troubles=_trouble("412", "delete", skip=2)),
    Row("429 with Retry-After, twice", "waits as asked", troubles=_trouble("429", "delete", times=2)),
    Row("500, 5 times", "the sixth attempt succeeds", troubles=_trouble("500", "delete", times=5)),
    Row(
        "500 without end, one user",
        "that user fails after 6 attempts",
        troubles=_trouble("500", "get", times=ALWAYS, account=ONE),
    ),
    Row(
        "500 without end on delete, one user",
        "that user fails; the first event stays open until it is looked at",
        troubles=_trouble("500", "delete", times=ALWAYS, account=ONE),
    ),
    Row("an answer that does not come", "asked again", troubles=_trouble("slow", "get", skip=4)),
    Row("an answer torn off", "asked again", troubles=_trouble("torn", "get", skip=4)),
    Row(
        "deleted, but the answer was lost",
        "asked again; 410 then means that it was us",
        troubles=_trouble("lost", "delete", skip=2),
    ),
    Row("500 of the token endpoint, twice", "asked again", troubles=_trouble("500", "token", times=2)),
    Row("the tokens end between plan and run", "renewed", meanwhile=_expire),
    Row("the user takes the grant back", "that user fails, and the proof knows", meanwhile=_revoke),
    Row("the person deletes an event by hand", "gone, without us", meanwhile=_deleted_by_hand),
    Row("the person makes a series of an event", "refused: no longer v1's own", meanwhile=_made_a_series),
    Row("v2 takes an event over", "refused: v2's own", meanwhile=_adopted_by_v2),
    Row(
        "500 without end on list, one user",
        "failed, never `nothing found`",
        during="plan",
        troubles=_trouble("500", "list", times=ALWAYS, account=ONE),
    ),
    Row(
        "403 forbidden on list, one user",
        "failed, never `nothing found`",
        during="plan",
        troubles=_trouble("403 forbidden", "list", times=ALWAYS, account=ONE),
    ),
    Row(
        "410 in the middle of the lists",
        "failed: of a list it says nothing about an event",
        during="plan",
        troubles=_trouble("410", "list", skip=3, account=ONE),
    ),
    Row("a list torn off", "asked again", during="plan", troubles=_trouble("torn", "list", skip=4)),
)


def carried_out(row: Row, folder: Path) -> Outcome:
    """The row on a scene of its own."""
    made = ground(folder, users=USERS, events=EVENTS)
    emulator = made.scene.emulator
    before = made.scene.living()
    if row.during == "plan":
        emulator.troubles = row.troubles()
    planned = made.plan()
    row.meanwhile(made)
    emulator.troubles = row.troubles() if row.during == "run" else []
    slept = sum(made.clock.slept)
    first = made.delete()
    waited = sum(made.clock.slept) - slept
    states, code = first.states(), code_of_run(first)
    emulator.troubles = []
    proof = EXIT_CODE[made.prove().verdict]
    return Outcome(
        plan=code_of_plan(planned),
        run=code,
        states=states,
        proof=proof,
        takes=_takes(made) if (code, proof) != (PASS, PASS) else "",
        waited=waited,
        others_untouched=before - made.scene.living() <= made.scene.ids("v1"),
    )


def _takes(made: Ground) -> str:
    """What is enough once the trouble is over: the same command again, or a new plan first."""
    for words, first in (("run", lambda: None), ("plan, run", made.plan)):
        first()
        if (code_of_run(made.delete()), EXIT_CODE[made.prove().verdict]) == (PASS, PASS):
            return words
    return "more than that"


def table() -> str:
    """The rows with what they came to, in Markdown."""
    lines = [
        "| trouble | what is done | plan | run | its events | proof | what it takes then |",
        "| --- | --- | ---: | ---: | --- | ---: | --- |",
    ]
    for row in ROWS:
        with tempfile.TemporaryDirectory() as folder:
            found = carried_out(row, Path(folder))
        cells = [row.name, row.does, found.plan, found.run, counted(found.states)]
        cells += [found.proof, found.takes]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Writes the table into the page."""
    text = PAGE.read_text(encoding="utf-8")
    head, tail = text.partition(BEGIN)[0], text.partition(END)[2]
    PAGE.write_text(f"{head}{BEGIN}\n{table()}\n{END}{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
