"""A scene of made-up calendars as the clean-up meets it, without databases: people, an export of v2, a run.

The clock is one that only pauses move, so that an hour of patience costs nothing.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx
from cryptography.fernet import Fernet
from pydantic import SecretStr

from fixtures.factories.documents import Documents, new_profile, new_v2_case
from fixtures.google.calendar import CLIENT_ID, CLIENT_SECRET, Emulator
from fixtures.google.scene import Case, Scene, User, fill
from fixtures.google.server import Direct
from fixtures.wire import encode_id
from migration.calendar import known, plan, survey
from migration.calendar.classify import Known
from migration.calendar.deletion import Ceiling, Deletion
from migration.calendar.google import Endpoints, Google
from migration.calendar.journal import Journal
from migration.calendar.pace import Pace
from migration.calendar.people import Person
from migration.calendar.plan import Plan
from migration.calendar.prove import Proof, prove
from migration.calendar.restore import carry_out as bring_back
from migration.calendar.survey import Look
from migration.calendar.titles import folded
from migration.calendar.tokens import Tokens
from migration.config import GoogleKeys
from migration.progress import Silent
from migration.run import Run

FENCED = datetime(2026, 1, 15, 12, tzinfo=UTC)
ELSEWHERE = Endpoints("https://calendar.example", "https://oauth.example")
HIGH = Ceiling(5000, 500)
NUMBERS = {"users": 10001, "userProfiles": 10002, "cases": 10003}


@dataclass
class Clock:
    """A day after the fence; `sleep` moves it, and adds up what was waited."""

    at: datetime = FENCED + timedelta(hours=25)
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        """The moment."""
        return self.at

    def seconds(self) -> float:
        """The moment as a monotonic clock tells it."""
        return self.at.timestamp()

    def sleep(self, seconds: float) -> None:
        """Passes the time."""
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)


@dataclass
class Ground:
    """Everything that one clean-up needs."""

    folder: Path
    scene: Scene
    clock: Clock
    key: SecretStr
    transport: httpx.BaseTransport | None
    endpoints: Endpoints = ELSEWHERE
    ceiling: Ceiling = HIGH
    calls_per_second: float = 5.0
    answer_within: float = 30.0
    locked_by: SecretStr | None = None
    client_secret: str = field(default=CLIENT_SECRET, repr=False)

    @property
    def run(self) -> Run:
        """A run whose record and data lie in the ground's folder."""
        return Run(self.folder, self.folder)

    def people(self) -> list[Person]:
        """v1's users as its rows say."""
        fernet = Fernet((self.locked_by or self.key).get_secret_value())
        other = Fernet(Fernet.generate_key())
        found = []
        for user in self.scene.users:
            lock = other if user.state == "unreadable" else fernet
            ids = {event for case in user.cases for event in case.v1_events.values()}
            found.append(
                Person(
                    id=user.id,
                    email=user.email,
                    connected=user.state != "disconnected",
                    refresh_token=lock.encrypt(user.refresh_token.encode()).decode(),
                    event_ids=tuple(sorted(ids)),
                    employers=frozenset(folded(case.employer) for case in user.cases),
                )
            )
        return found

    def google(self) -> Google:
        """The client, on the ground's clock."""
        keys = GoogleKeys(
            client_id=CLIENT_ID, client_secret=SecretStr(self.client_secret), encryption_key=self.key
        )
        pace = Pace(self.calls_per_second, 1.0, self.clock.sleep, self.clock.seconds)
        return Google(
            self.endpoints,
            keys,
            pace,
            answer_within=self.answer_within,
            transport=self.transport,
            now=self.clock.now,
            sleep=self.clock.sleep,
        )

    def known(self, people: Sequence[Person]) -> dict[str, Known]:
        """What v2's export says."""
        return known.read(export_of(self.scene, self.folder / "target.zip"), FENCED).known(list(people))

    def looks(self) -> list[Look]:
        """A survey."""
        people = self.people()
        tokens = Tokens(self.key)
        tokens.meet(people)
        with self.google() as google:
            return list(survey.survey(people, self.known(people), tokens, google, Silent()))

    def plan(self) -> Plan:
        """Surveyed, written and approved."""
        looks = self.looks()
        made = plan.write(
            self.folder,
            Plan(
                run=self.folder.name,
                source="s",
                target="t",
                made="now",
                visits=tuple(look.visit for look in looks),
                events=tuple(one for look in looks for one in look.planned()),
            ),
        )
        plan.approve(self.run, made, digest=made.digest, by="Ann", now=self.clock.now())
        return made

    def delete(self, *, dry: bool = False) -> Deletion:
        """A run of the plan that is there."""
        people, approved = self.people(), plan.read(self.folder)
        with self.google() as google:
            work = Deletion(
                plan=approved,
                people=people,
                known=self.known(people),
                tokens=Tokens(self.key),
                google=google,
                journal=Journal(self.folder, approved.digest),
                ceiling=self.ceiling,
                dry=dry,
            )
            work.carry_out(Silent())
            return work

    def prove(self) -> Proof:
        """The second pass."""
        return prove(plan.read(self.folder), self.looks())

    def restore(self) -> dict[str, int]:
        """The way back."""
        with self.google() as google:
            return bring_back(self.people(), Tokens(self.key), google, Journal(self.folder), Silent())


def ground(
    folder: Path,
    *,
    users: int = 3,
    events: int = 90,
    states: Sequence[str] = (),
    make: Callable[[Emulator], httpx.BaseTransport] = Direct,
) -> Ground:
    """A filled scene with so many users and events; `states`: of the last users."""
    clock = Clock()
    emulator = Emulator(clock.now)
    people = [_user(number) for number in range(users)]
    scene = fill(emulator, people, events=events, fenced=FENCED, states=states)
    run = Run(folder, folder)
    run.update_manifest(source={"identity": "s"}, target={"identity": "t"})
    key = SecretStr(Fernet.generate_key().decode())
    return Ground(folder, scene, clock, key, make(emulator))


def export_of(scene: Scene, path: Path, *, moved: Collection[str] = ()) -> Path:
    """What v2 would export: its cases with the ids of its events. `moved`: users whose document carries v1's
    id, as the migration writes it; v2 knew the others by itself, since the fence."""
    documents = Documents(NUMBERS)
    for user in scene.users:
        owner = documents.add("users", user.id, email=user.email)
        if user.id in moved:
            owner = encode_id(NUMBERS["users"], UUID(user.id).bytes)
            documents.tables["users"][-1]["_id"] = owner
        connected = any(case.v2_events for case in user.cases)
        documents.add(
            "userProfiles",
            user.id,
            **new_profile(owner, legacyId=user.id, googleCalendarConnected=connected),
        )
        for case in user.cases:
            documents.add(
                "cases", case.id, **new_v2_case(owner, case.employer, calendarEventIds=case.v2_events)
            )
    for document in documents.tables["users"]:
        document["_creationTime"] = FENCED.timestamp() * 1000
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in documents.files().items():
            archive.writestr(name, text)
    return path


def _user(number: int) -> User:
    user_id = str(UUID(int=number + 1))
    cases = [Case(f"{number}-{one}", f"Employer {number}.{one} LLC") for one in range(4)]
    return User(user_id, f"person.{number}@example.com", cases)
