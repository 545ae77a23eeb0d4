"""Executes an approved plan: nothing that is not in it, each event judged again, saved first, then deleted.

For each user: fetch what is still to do, judge it anew by what both sides say now, put the bodies on the
disk, delete one by one as they were read. The journal tells a killed run where it was. One user's trouble is
noted and the next user is visited; at the ceiling everything stops.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from migration.calendar.classify import Event, Kind, Known, judge
from migration.calendar.google import Absent, Calendar, CallFailed, Changed, Google, Revoked, Unanswered
from migration.calendar.journal import ASKED, UNSURE, Journal
from migration.calendar.model import CalendarRefusal, Outcome
from migration.calendar.people import Person
from migration.calendar.plan import Plan, Planned
from migration.calendar.survey import way_in
from migration.calendar.tokens import Tokens
from migration.progress import Progress

WAITING = "waiting"
WOULD = "would_delete"


@dataclass(frozen=True)
class Ceiling:
    """How many deletions one run asks for at most, and how many a plan may have for one user."""

    total: int
    per_user: int

    def meet(self, plan: Plan) -> None:
        """Refuses a plan that takes more from one calendar than is plausible."""
        most = Counter(one.user for one in plan.events).most_common(1)
        if most and most[0][1] > self.per_user:
            raise CalendarRefusal(
                f"The plan deletes {most[0][1]} events of user {most[0][0]}, more than {self.per_user}.",
                next_step="Look at them; if they are right, raise ceiling_per_user in cutover.toml.",
            )


@dataclass
class Deletion:
    """One run over a plan. `stopped`: the ceiling was reached and events are left. `dry`: nothing is
    changed."""

    plan: Plan
    people: Sequence[Person]
    known: Mapping[str, Known]
    tokens: Tokens
    google: Google
    journal: Journal
    ceiling: Ceiling
    dry: bool = False
    stopped: bool = False
    asked: int = 0
    would: list[Planned] = field(default_factory=list)
    not_asked: dict[str, tuple[Outcome, str]] = field(default_factory=dict)
    """Of a dry run: events that a run would not delete, and why."""

    def carry_out(self, progress: Progress) -> None:
        """Every user of the plan with something left to do, until the ceiling."""
        self.ceiling.meet(self.plan)
        persons = {person.id: person for person in self.people}
        users = list(dict.fromkeys(one.user for one in self.plan.events))
        for number, user in enumerate(users, start=1):
            pending = [one for one in self.plan.of(user) if not self.journal.is_done(one.event)]
            if pending:
                self._user(user, persons.get(user), pending)
            progress.advance(number, len(users))
            if self.stopped:
                return

    def states(self) -> dict[str, int]:
        """The plan's events by where they stand: exactly one state each."""
        counted = Counter(self._state(one) for one in self.plan.events)
        names = (*Outcome, WOULD if self.dry else WAITING)
        return {str(name): counted[str(name)] for name in names}

    def _state(self, one: Planned) -> str:
        if self.dry and one.event in self.not_asked:
            return str(self.not_asked[one.event][0])
        state = self.journal.state(one.event)
        if self.dry:
            return state if self.journal.is_done(one.event) else WOULD
        return state if state in set(Outcome) else WAITING

    def _user(self, user: str, person: Person | None, pending: list[Planned]) -> None:
        if person is None:
            self._give_up(pending, "v1 has no such user any more")
            return
        opened = way_in(person, self.tokens, self.google)
        if not isinstance(opened, Calendar):
            self._give_up(pending, opened[1])
            return
        self.google.pace.user()
        try:
            self._delete(opened, user, self._fetched(opened, self.known[user], pending))
        except (Unanswered, Revoked) as error:
            left = [one for one in pending if self._state(one) in {WAITING, WOULD}]
            self._give_up(left, str(error))

    def _fetched(self, calendar: Calendar, known: Known, pending: list[Planned]) -> dict[str, Event]:
        """The events that are still v1's own, as they are now; of the others it is noted what they are."""
        found: dict[str, Event] = {}
        for one in pending:
            try:
                event = calendar.get(one.event)
            except Absent as error:
                self._gone(one, str(error))
                continue
            except (Unanswered, Revoked):
                raise
            except CallFailed as error:
                self._note(one, Outcome.FAILED, str(error))
                continue
            judgement = judge(event, known)
            if judgement.kind is Kind.GONE:
                self._gone(one, judgement.reason)
            elif judgement.kind is not Kind.V1:
                self._note(one, Outcome.REFUSED, judgement.reason)
            else:
                found[one.event] = event
                self.would.append(one)
        return found

    def _delete(self, calendar: Calendar, user: str, found: Mapping[str, Event]) -> None:
        if self.dry or not found:
            return
        self.journal.save(user, found.values())
        for event_id, event in self._until_ceiling(found):
            self.journal.note(event_id, user, ASKED)
            try:
                calendar.delete(event_id, str(event.get("etag", "")))
            except Absent as error:
                outcome = Outcome.DELETED if error.by_us else Outcome.GONE
                self.journal.note(event_id, user, outcome, str(error))
            except Changed as error:
                self._changed(calendar, event_id, user, str(error))
            except (Unanswered, Revoked) as error:
                # it may have been carried out: the next run finds out
                self.journal.note(event_id, user, Outcome.FAILED, str(error), **{UNSURE: "yes"})
                raise
            except CallFailed as error:
                self.journal.note(event_id, user, Outcome.FAILED, str(error))
            else:
                self.journal.note(event_id, user, Outcome.DELETED)

    def _until_ceiling(self, found: Mapping[str, Event]) -> Iterator[tuple[str, Event]]:
        for event_id, event in found.items():
            if self.asked >= self.ceiling.total:
                self.stopped = True
                return
            self.asked += 1
            yield event_id, event

    def _changed(self, calendar: Calendar, event_id: str, user: str, why: str) -> None:
        """412 means another's change, or that a lost earlier attempt of ours had deleted it."""
        try:
            gone = calendar.get(event_id).get("status") == "cancelled"
        except Absent:
            gone = True
        except (Unanswered, Revoked):
            raise
        except CallFailed as error:
            self.journal.note(event_id, user, Outcome.FAILED, str(error), **{UNSURE: "yes"})
            return
        if gone:
            self.journal.note(event_id, user, Outcome.DELETED)
        else:
            self.journal.note(event_id, user, Outcome.FAILED, f"somebody changed it meanwhile ({why})")

    def _gone(self, one: Planned, why: str) -> None:
        """Not there any more: by us, if a killed run had asked for it, else without us."""
        by_us = self.journal.may_be_done(one.event)
        self._note(one, Outcome.DELETED if by_us else Outcome.GONE, why)

    def _give_up(self, events: Sequence[Planned], why: str) -> None:
        for one in events:
            self._note(one, Outcome.FAILED, why)

    def _note(self, one: Planned, outcome: Outcome, why: str) -> None:
        if self.dry:
            self.not_asked[one.event] = (outcome, why)
            return
        open_still = outcome is Outcome.FAILED and self.journal.may_be_done(one.event)
        self.journal.note(one.event, one.user, outcome, why, **({UNSURE: "yes"} if open_still else {}))
