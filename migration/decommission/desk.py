"""Where the decommission of one run stands, and what may be said and done about it now.

Puts evidence (`conditions`), records and the timeline together. An item that an act already stood on stays as
it was found then: a log that went with its service tells nothing more. Evidence against one counts always.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from migration import files
from migration.config import Settings
from migration.decommission import conditions, timeline
from migration.decommission.acts import ACTS, Done, Ground
from migration.decommission.records import Records, Said
from migration.decommission.timeline import (
    DAY,
    HOUR,
    LIVE,
    TIMELINE,
    Item,
    Kind,
    Met,
    Reading,
    Standing,
    State,
)
from migration.errors import FAIL, PASS, UNKNOWN, Refusal
from migration.preflight.scene import Tools
from migration.progress import Progress, Silent
from migration.run import Run

FRESH = {"no-v1-links": DAY}
"""How old what an act found may be when a later act stands on it: v2's users go on writing."""


class Desk:
    """One run's decommission at one moment. `now` is injected."""

    def __init__(self, settings: Settings, run: Run, now: datetime) -> None:
        self.settings, self.run, self.now = settings, run, now
        self.records = Records(settings, run)

    def standings(self) -> list[Standing]:
        """Where every item stands."""
        return timeline.standings({item.name: self._found(item) for item in TIMELINE}, self.live(), self.now)

    def live(self) -> datetime | None:
        """When v2 went live: the first time that somebody attested it, unless it was taken back."""
        last = self.records.last(LIVE, self.now)
        lines = [one for one in self.records.all() if one.item == LIVE]
        undone = max((n for n, one in enumerate(lines) if one.what == "undone"), default=-1)
        return lines[undone + 1].at if last else None

    def attest(self, name: str, *, by: str, note: str) -> Said:
        """Notes what somebody says of an item whose time has come."""
        item = timeline.named(name, kind=Kind.ATTEST)
        standings = self.standings()
        timeline.refuse(_of(standings, item), standings, self.now)
        return self.records.add(name, "attested", by=by, note=note, now=self.now)

    def withdraw(self, name: str, *, by: str, note: str) -> Said:
        """Takes back what was said of an item. What an act already stood on stays as it was found then."""
        timeline.named(name, kind=Kind.ATTEST)
        if self.records.last(name, self.now) is None:
            raise Refusal(f"Nobody has attested {name}.", next_step="./inv decommission.status")
        return self.records.add(name, "undone", by=by, note=note, now=self.now)

    def act(
        self, name: str, *, by: str, confirm: str, tools: Tools, progress: Progress | None = None
    ) -> Done:
        """Carries an act out, when everything before it is met, it is allowed, and its name is typed."""
        item = timeline.named(name, kind=Kind.ACT)
        if name not in ACTS:
            raise Refusal(f"{name} is a command of its own.", next_step="./inv decommission.code --dry-run")
        self.may(item)
        if not by.strip():
            raise Refusal("--by is missing.", next_step=f"./inv decommission.run {name} --by NAME")
        if item.ends and name not in self.settings.decommission.allow:
            raise Refusal(
                f"{name} is not allowed: it ends something of v1.",
                next_step=f'Add "{name}" to allow under [decommission] in cutover.toml.',
            )
        with files.alone(self.records.folder / "act.lock", "Another decommission of this run is at work."):
            evidence = {one.item.name: one.detail for one in self.standings() if one.state is State.DONE}
            ground = Ground(self.settings, self.run, tools, progress or Silent(), confirm, self.now)
            self.records.add(name, "begun", by=by, note=f"confirmed as {confirm or 'nothing'}", now=self.now)
            done = ACTS[name].perform(ground)
            self.records.add(
                name, "done", by=by, note=done.detail, now=self.now, evidence=evidence, file=done.file
            )
        return done

    def may(self, item: Item) -> None:
        """`Refusal` unless an act may be carried out now."""
        standings = self.standings()
        timeline.refuse(_of(standings, item), standings, self.now)

    def _found(self, item: Item) -> Reading:
        found = self._read(item) if item.kind is Kind.READ else self._said(item)
        if found.met is not Met.NOT_YET:
            return found
        for one in self.records.all():  # what an act that is done stood on stays as it was found
            if one.what == "done" and item.name in one.evidence and self._stands(one):
                return replace(
                    found, met=Met.YES, detail=f"{one.evidence[item.name]} (when {one.item} was done)"
                )
        return found

    def _stands(self, said: Said) -> bool:
        last = self.records.last(said.item, self.now)
        return last is not None and last.at == said.at

    def _read(self, item: Item) -> Reading:
        live = self.live()
        if item.name == "judged":
            return conditions.judged(self.run)
        if item.name == "calendar":
            return conditions.calendar(self.run, live, self.now)
        if item.name == "no-traffic":
            scaled = self.records.last("scale-to-zero", self.now)
            return conditions.traffic(self.settings, scaled.at if scaled else None, self.now)
        return conditions.stable(self.run, live, item.after, self.now)

    def _said(self, item: Item) -> Reading:
        last = self.records.last(item.name, self.now)
        if last is None:
            return Reading(
                Met.NOT_YET, "Nobody has attested it." if item.kind is Kind.ATTEST else "It is not done."
            )
        said = f"{last.by}, {last.at:%Y-%m-%d %H:%M} UTC: {last.note}"
        live = self.live()
        if item.name != LIVE and (live is None or last.at < live + item.after):
            return Reading(Met.NOT_YET, f"Said before its time: {said}")
        if item.kind is Kind.ATTEST and (act := self._act_since(item, last)):
            return Reading(Met.NOT_YET, f"Said before {act} was done: {said}")
        if last.file and not self._kept(last):
            return Reading(Met.NOT_YET, f"{last.file} is not there any more, or is another file.")
        if item.name in FRESH and self.now - last.at > FRESH[item.name]:
            return Reading(Met.NOT_YET, f"Older than {FRESH[item.name] / HOUR:.0f} hours: {said}")
        return Reading(Met.YES, said)

    def _act_since(self, item: Item, said: Said) -> str:
        """The act before an item that was done after somebody spoke of it; empty for none."""
        acts = [one for one in TIMELINE[: TIMELINE.index(item)] if one.kind is Kind.ACT]
        done = [one for act in acts if (one := self.records.last(act.name, self.now))]
        return next((one.item for one in done if one.at > said.at), "")

    def _kept(self, said: Said) -> bool:
        path = self.records.data / said.file
        return path.is_file() and files.sha256_of(path) == said.sha256


def code(standings: list[Standing]) -> int:
    """The exit code of where it stands: FAIL when evidence speaks against an item, UNKNOWN while something is
    due and not met."""
    states = {one.state for one in standings}
    if State.BAD in states:
        return FAIL
    return UNKNOWN if states & {State.OPEN, State.BLOCKED} else PASS


def calls(settings: Settings, name: str) -> tuple[str, str]:
    """What an act would do, and how it is taken back."""
    act = ACTS[name]
    how = act.how.format(
        render=settings.render_api, service=settings.decommission.render_service or "(not configured)",
        supabase=settings.supabase_api, project=settings.source.name,
    )  # fmt: skip
    return how, act.back


def _of(standings: list[Standing], item: Item) -> Standing:
    return next(one for one in standings if one.item == item)
