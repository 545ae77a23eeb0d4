"""A run that passed and went live, its settings with local stand-ins, and a clock of the test's own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from fixtures.providers import RENDER_KEY, SUPABASE_KEY, Providers
from migration import files, seal
from migration.config import Settings
from migration.cutover_toml import DecommissionTable
from migration.decommission.acts import Done
from migration.decommission.desk import Desk
from migration.decommission.timeline import DAY, HOUR, TIMELINE, Kind, Standing, State
from migration.model import LedgerEntry, StepOutcome
from migration.preflight.scene import Tools
from migration.run import Run, iso
from tests.unit.migration.proven import BEGAN
from tests.unit.migration.support import settings_for

LIVE = BEGAN + HOUR
ALLOWED = ("scale-to-zero", "delete-service", "pause-database")


def no_tools() -> Tools:
    """A machine that lends nothing: these acts need nothing of it."""

    def nothing(*_: object) -> Any:
        raise AssertionError("the act borrows nothing")

    return Tools(nothing, nothing)


def opened(run: Run) -> None:
    """The target was opened, as `verify` does."""
    seal.open_(run)
    run.append_ledger(LedgerEntry(step="open", outcome=StepOutcome.DONE, at=iso(BEGAN)))
    seal.close(run)


class Stage:
    """One run's decommission, at whatever moment the test says."""

    def __init__(self, folder: Path, providers: Providers, base: Settings | None = None) -> None:
        base = base or settings_for(folder).model_copy(update={"environment": "test"})
        self.run = Run.open(base)
        self.met: set[str] = set()
        self.others: dict[str, Callable[[timedelta], object]] = {}
        self.providers = providers
        self.log = folder / "access.log"
        self.settings: Settings = base.model_copy(
            update={
                "target": base.target.model_copy(update={"name": self.run.manifest()["target"]["name"]}),
                "source": base.source.model_copy(update={"name": "abcdef"}),
                "render_api": providers.url,
                "supabase_api": providers.url,
                "render_key": SecretStr(RENDER_KEY),
                "supabase_token": SecretStr(SUPABASE_KEY),
                "decommission": DecommissionTable(
                    render_service="srv-v1", allow=ALLOWED, access_log=str(self.log)
                ),
            }
        )

    def at(self, after: timedelta, **changed: Any) -> Desk:
        """The desk so long after go-live."""
        return Desk(self.settings.model_copy(update=changed), self.run, LIVE + after)

    def change(self, **changed: Any) -> None:
        """Other settings from now on; those of `[decommission]` by their own names."""
        own = {name: changed.pop(name) for name in list(changed) if name in DecommissionTable.model_fields}
        table = self.settings.decommission.model_copy(update=own)
        self.settings = self.settings.model_copy(update={**changed, "decommission": table})

    def rechecked(self, *entries: tuple[timedelta, str]) -> None:
        """Re-checks so long after go-live, with these verdicts, sealed as the command does."""
        listed = [{"at": iso(LIVE + after), "verdict": verdict} for after, verdict in entries]
        self._write("recheck.json", {"verdict": entries[-1][1], "rechecks": listed})

    def calendar(self, **proof: Any) -> None:
        """What the calendar's proof says."""
        whole = {"left": 0, "finished": iso(LIVE + DAY), "run": self.run.id, "verdict": "PASS"}
        self._write("calendar/prove.json", {**whole, **proof})

    def logged(self, *lines: tuple[timedelta, str], probe: timedelta | None) -> None:
        """The old API's access log: requests so long after go-live with these agents."""
        listed = [*lines] if probe is None else [*lines, (probe, "cutover-probe")]
        self.log.write_text("".join(log_line(LIVE + after, agent) for after, agent in listed))

    def attest(self, after: timedelta, *names: str) -> None:
        """Ann attests these items."""
        for name in names:
            self.at(after).attest(name, by="Ann", note="seen")

    def act(self, after: timedelta, name: str, confirm: str = "", tools: Tools | None = None) -> Done:
        """Bo carries an act out."""
        return self.at(after).act(name, by="Bo", confirm=confirm, tools=tools or no_tools())

    def standing(self, name: str, after: timedelta) -> Standing:
        """Where one item stands."""
        return next(one for one in self.at(after).standings() if one.item.name == name)

    def until(self, name: str = "") -> None:
        """Everything before this item (empty: everything) is met at its time, acts at the stand-ins."""
        for item in TIMELINE:
            if item.name == name:
                return
            if item.name not in self.met:
                self._meet(item.name, item.kind, item.after)
                assert self.standing(item.name, item.after + HOUR).state is State.DONE, item
                self.met.add(item.name)

    def _meet(self, name: str, kind: Kind, after: timedelta) -> None:
        if name == "stable-day":
            self.rechecked((after, "PASS"))
        elif name == "stable-week":
            self.rechecked((DAY, "PASS"), (after, "PASS"))
        elif name == "calendar":
            self.calendar()
        elif name == "no-traffic":
            self.logged((6 * DAY, "curl/8"), probe=after + HOUR)
        elif name == "scale-to-zero":
            self.act(after, name, "perm-tracker-api")
        elif name == "delete-service":
            self.act(after + HOUR, name, "perm-tracker-api")
        elif kind is Kind.ATTEST:
            self.attest(after, name)
        elif kind is Kind.ACT:
            self.others[name](after)

    def _write(self, name: str, content: Any) -> None:
        path = self.run.folder / name
        path.parent.mkdir(exist_ok=True)
        files.write_json(path, content)
        seal.close(self.run)


def log_line(at: datetime, agent: str, request: str = "GET /api/cases HTTP/1.1") -> str:
    """One line in combined format."""
    return (
        f'203.0.113.9 - - [{at.astimezone(UTC):%d/%b/%Y:%H:%M:%S +0000}] "{request}" 200 12 "-" "{agent}"\n'
    )
