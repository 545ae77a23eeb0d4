"""`./inv soak calendar`: the clean-up on random calendars, with random troubles, deaths and meddling.

Each scenario is drawn from its seed: users, events, who can be reached; what Google answers wrong while the
plan, the run and the restore are made; where the process dies; what a person or v2 changes between plan and
run. When the troubles are over, a plan, a run and a proof must end with a PASS, and a restore with every
event back. At no moment may an event be gone that was not v1's.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import get_args

from fixtures.google.calendar import Event
from fixtures.google.server import serving
from fixtures.google.troubles import ALWAYS, Kind, Trouble, What
from migration.calendar.google import Endpoints
from migration.calendar.journal import BODIES, JOURNAL
from migration.config import ROOT
from migration.model import Verdict
from tests.soak.campaign import Account, Batch, Campaign, broken, total
from tests.unit.cleanup.support import Ground, ground

SCENARIOS, A_BATCH = 1_000, 100
FIRST_SEED = 1_000_000  # not those of the tests
LARGE = (60, 3000)
LIES = ("404", "410", "412")
SERVERS = ("etag", "updated", "sequence")


class Died(BaseException):
    """The process is gone: nothing of ours may catch it."""


@dataclass
class Scenario:
    """One drawn scenario under way. `wrong`: what broke; `met`: how often each thing happened."""

    seed: int
    made: Ground
    chance: random.Random
    by_hand: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    met: Counter[str] = field(default_factory=Counter)

    def carry_out(self) -> None:
        """From the first plan to the restore."""
        scene = self.made.scene
        self._before = seen_by_people(self.made)
        self._disturbed("plan", self.made.plan, lies=True)
        self.made.plan()
        self._meddle()
        for _ in range(self.chance.randint(1, 3)):
            self._disturbed("run", self.made.delete, lies=True)
            self._only_v1_is_gone()
        self.made.plan()
        self.made.delete()
        self._only_v1_is_gone()
        if self.made.prove().verdict is not Verdict.PASS:
            self.wrong.append("no proof once the troubles were over")
        if scene.living() & scene.ids("v1") - self._taken_over():
            self.wrong.append("some of v1's events are left")
        self._disturbed("restore", self.made.restore, lies=False)
        self.made.restore()
        self._all_are_back()

    def _disturbed(self, what: str, act: Callable[[], object], *, lies: bool) -> None:
        """The act with troubles, and perhaps a death in the middle of it."""
        emulator = self.made.scene.emulator
        emulator.calls.clear()
        emulator.troubles = [self._trouble(lies=lies) for _ in range(self.chance.randint(0, 4))]
        at, done = self.chance.randint(1, 150), self.chance.random() < 0.5
        dies = self.chance.random() < 0.5

        def perhaps(_kind: str, _number: int, carried_out: bool) -> None:
            if dies and emulator.calls.total() == at and carried_out == done:
                raise Died

        emulator.on_call = perhaps
        try:
            act()
        except Died:
            self.met[f"deaths in a {what}"] += 1
            self._tear()
        finally:
            emulator.on_call, emulator.troubles = None, []

    def _trouble(self, *, lies: bool) -> Trouble:
        what = self.chance.choice([one for one in get_args(What) if lies or one not in LIES])
        self.met["troubles"] += 1
        return Trouble(
            what,
            self.chance.choice(get_args(Kind)),
            skip=self.chance.randint(0, 40),
            times=self.chance.choice([1, 1, 2, 5, 6, 12, ALWAYS]),
            account=self.chance.choice([None, "person.0@example.com", "person.1@example.com"]),
        )

    def _tear(self) -> None:
        """What a death may leave of a last line."""
        for name in (BODIES, JOURNAL):
            path = self.made.folder / name
            if path.exists() and self.chance.random() < 0.3:
                with path.open("ab") as file:
                    file.write(b'{"body": {"id": "half')

    def _meddle(self) -> None:
        """A person, or v2, changes a few of v1's events between plan and run."""
        scene = self.made.scene
        for event in self.chance.sample(sorted(scene.ids("v1")), k=self.chance.randint(0, 3)):
            account = next(one for one in scene.emulator.accounts.values() if event in one.events)
            change = self.chance.choice(("deletes", "renames", "repeats", "invites", "v2 adopts"))
            self.met[f"meddling: {change}"] += 1
            if change == "deletes":
                self.by_hand.add(event)
            elif change == "v2 adopts":
                user = next(one for one in scene.users if one.email == account.email)
                user.cases[0].v2_events[event] = event
            self._edit(account.email, event, change)
        self._before = seen_by_people(self.made)

    def _edit(self, email: str, event: str, change: str) -> None:
        stored = {
            one for user in self.made.scene.users for case in user.cases for one in case.v1_events.values()
        }
        changes: dict[str, Event] = {
            "deletes": {"status": "cancelled"},
            "renames": {"summary": "mine"} if event in stored else {},
            "repeats": {"recurrence": ["RRULE:FREQ=WEEKLY;COUNT=2"]},
            "invites": {"attendees": [{"email": "guest@example.com"}]},
            "v2 adopts": {},
        }
        fields = changes[change]
        self.made.scene.emulator.put(email, event, **{**self._event(email, event), **fields})
        if change in {"repeats", "invites", "v2 adopts"}:
            self.made.scene.truth[event] = "not v1's any more"

    def _event(self, email: str, event: str) -> Event:
        return dict(self.made.scene.emulator.accounts[email].events[event])

    def _taken_over(self) -> set[str]:
        return {key for key, whose in self.made.scene.truth.items() if whose == "not v1's any more"}

    def _only_v1_is_gone(self) -> None:
        now = seen_by_people(self.made)
        gone = self._before.keys() - now.keys()
        if extra := gone - self.made.scene.ids("v1"):
            self.wrong.append(f"{len(extra)} events are gone that were not v1's")
        if any(now[key] != self._before[key] for key in now):
            self.wrong.append("an event was changed")

    def _all_are_back(self) -> None:
        if seen_by_people(self.made) != self._before:
            self.wrong.append("not every event came back as it was, or others came too")


def seen_by_people(made: Ground) -> dict[str, Event]:
    """Every event that somebody sees, without what Google changes by itself."""
    return {
        key: {name: value for name, value in event.items() if name not in SERVERS}
        for account in made.scene.emulator.accounts.values()
        for key, event in account.living().items()
    }


def scenario(seed: int, folder: Path) -> Scenario:
    """The scenario of this seed, carried out in `folder`."""
    chance = random.Random(seed)  # noqa: S311 - drawn, not secret
    states = chance.sample(("revoked", "disconnected", "unreadable"), k=chance.randint(0, 2))
    users = chance.randint(2, 3) + len(states)
    made = ground(folder, users=users, events=users * chance.randint(8, 32), states=states)
    found = Scenario(seed, replace(made, calls_per_second=chance.choice((0.5, 5.0))), chance)
    found.carry_out()
    return found


def campaign() -> Campaign:
    """The whole of it."""
    starts = range(FIRST_SEED, FIRST_SEED + SCENARIOS, A_BATCH)
    batches = [
        Batch(f"scenarios {at - FIRST_SEED}", partial(_scenarios, range(at, at + A_BATCH))) for at in starts
    ]
    judged = [ROOT / "migration" / "calendar", ROOT / "fixtures" / "google", Path(__file__)]
    return Campaign("calendar", [*batches, Batch("large", _large)], page, judged)


def _scenarios(seeds: range, folder: Path) -> Account:
    met: Counter[str] = Counter()
    wrong = []
    for seed in seeds:
        place = folder / str(seed)
        place.mkdir(mode=0o700)
        found = scenario(seed, place)
        met.update(found.met)
        wrong += [f"seed {seed}: {one}" for one in found.wrong]
    return {"kind": "scenarios", "tried": len(seeds), "broken": wrong, "met": dict(met)}


def _large(folder: Path) -> Account:
    """60 users and 3,000 events over real connections."""
    users, events = LARGE
    made = ground(folder, users=users, events=events, states=("revoked", "disconnected", "unreadable"))
    with serving(made.scene.emulator) as address:
        made = replace(made, transport=None, endpoints=Endpoints(address, address))
        before, v1 = seen_by_people(made), made.scene.ids("v1")
        made.plan()
        made.delete()
        exact = before.keys() - seen_by_people(made).keys() == v1
        proof = made.prove().verdict
        made.restore()
        back = seen_by_people(made) == before
    wrong = [] if exact and back and proof is Verdict.PASS else [f"exact {exact}, {proof}, back {back}"]
    calls = dict(made.scene.emulator.calls)
    return {"kind": "large", "tried": 1, "broken": wrong, "v1": len(v1), "calls": calls}


def page(accounts: list[Account]) -> str:
    """docs/soak-calendar.md."""
    drawn = [one for one in accounts if one["kind"] == "scenarios"]
    (large,) = [one for one in accounts if one["kind"] == "large"]
    met: Counter[str] = Counter()
    for one in drawn:
        met.update(one["met"])
    calls = ", ".join(f"{count:,} {kind}" for kind, count in sorted(large["calls"].items()))
    return "\n".join(
        [
            "# Long runs of the calendar clean-up\n",
            "Made by `./inv soak calendar`, which goes on where it was stopped; do not edit.\n",
            "| Run | Tried | Broken | Seconds |\n| --- | --- | --- | --- |",
            f"| random scenarios | {total(drawn, 'tried'):,.0f} | {len(broken(drawn))} | "
            f"{total(drawn, 'seconds'):.0f} |",
            f"| {LARGE[0]} users, {LARGE[1]:,} events, {large['v1']:,} of them v1's, over HTTP | "
            f"1 ({calls}) | {len(large['broken'])} | {large['seconds']:.0f} |",
            "",
            "What the scenarios met:\n",
            *(f"- {name}: {count:,}" for name, count in sorted(met.items())),
            "",
            "A scenario is broken when an event is gone or changed that was not v1's, when no proof can be "
            "had once the troubles are over, when an event of v1's is left, or when the restore does not "
            "bring back exactly what was there.\n",
            *(f"- {line}" for line in broken(accounts)),
        ]
    )


if __name__ == "__main__":
    sys.exit(campaign().main())
