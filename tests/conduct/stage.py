"""A pair with disturbing proxies in front of both sides, on which one row after the other is played.

A row disturbs a line; then the run is resumed (or the rollback repeated), compared with what a run came to
that nobody disturbed, and taken back. Taking it back is what makes the stage ready for the next row, and is
itself proven: both sides are as they were.
"""

from __future__ import annotations

import json
import shutil
import signal
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from fixtures import wire
from fixtures.pair import PairState
from fixtures.relay import HttpRelay, PostgresRelay
from migration import fence
from migration.target import Target
from tests.conduct.desk import Desk, Said, secrets_of
from tests.conduct.points import Point, typed
from tests.conduct.sides import Sides, documents, look

Result = dict[str, str]


class Stage:
    """One pair, and a desk of its own for each row. `through`: its address by way of the proxies."""

    def __init__(self, folder: Path, state: PairState) -> None:
        self.folder, self.state = folder, state
        folder.mkdir(exist_ok=True)
        source, target = urlsplit(state.postgres_dsn), urlsplit(state.convex_url)
        self.database = PostgresRelay(str(source.hostname), int(source.port or 0))
        self.deployment = HttpRelay(str(target.hostname), int(target.port or 0))
        self.through = folder / "through" / "pair.json"
        self._write_through()
        wire.export_zip(state.convex_url, state.convex_admin_key, folder / "initial.zip")
        self.played = 0
        self.undisturbed = self._undisturbed()

    def close(self) -> None:
        """Ends the proxies; the pair is somebody else's."""
        self.database.close()
        self.deployment.close()

    def desk(self) -> Desk:
        """A new desk; what went wrong before is over, and both sides are looked at."""
        self.database.cuts, self.deployment.faults, self.database.starting = [], [], 0
        temporary = Path(tempfile.mkdtemp(prefix="row-", dir=self.folder))
        made = Desk(temporary, temporary / "tmp")
        made.temporary.mkdir()
        made.secrets, made.more = secrets_of(self.state), {"CUTOVER_PAIR": str(self.through)}
        self._begun = self._completed()
        self.initial = look(self.state, made.folder)
        return made

    def strike(
        self, desk: Desk, point: Point, *line: str, number: int = signal.SIGKILL, more: Mapping[str, str] = {}
    ) -> Said:
        """A line that gets a signal at a point."""
        code = typed(line, {**desk.environment, **more}, desk.folder, point, number)
        return Said(code, (desk.folder / "out").read_text(), (desk.folder / "err").read_text())

    def came_to(self, desk: Desk) -> Result:
        """The digest of each transformed table, and of the target's documents."""
        manifest = desk.record("manifest.json")
        written = {name: table["digest"] for name, table in manifest["transform"]["tables"].items()}
        return {**written, "target": documents(self.state, desk.folder)}

    def resumed(self, desk: Desk) -> str:
        """Resumes the only run and proves its result; then takes it back."""
        said = desk.say("migrate", "--resume", "--quiet")
        assert said.code == 0, said
        return f"resumed to the same digests; {self.loaded_once(desk)}"

    def loaded_once(self, desk: Desk) -> str:
        """The run is loaded as an undisturbed one is, by one import; then it is taken back."""
        assert self.came_to(desk) == self.undisturbed
        assert len(desk.runs()) == 1
        assert len(self._completed() - self._begun) == 1
        now = self.look(desk)
        assert (now.state, "public.cases" in now.fenced) == ("paused", True)
        return self.taken_back(desk)

    def taken_back(self, desk: Desk) -> str:
        """Rolls the run back and proves that both sides are as they were."""
        back = desk.say("rollback", "--quiet")
        assert back.code == 0, back
        assert self.look(desk) == self.initial
        self.cleared(desk)
        return "one import; rolled back equal"

    def cleared(self, desk: Desk) -> None:
        """The row is over: nothing in the evidence that must not be there; its files are removed."""
        assert desk.indiscreet() == []
        self.played += 1
        shutil.rmtree(desk.folder, ignore_errors=True)

    def look(self, desk: Desk) -> Sides:
        """Both sides as they are now, seen past the proxies."""
        return look(self.state, desk.folder)

    def moved(self, state: PairState) -> None:
        """A side was started again, maybe at another port: the proxies' own addresses stay."""
        self.state = state
        source = urlsplit(state.postgres_dsn)
        self.database.upstream = (str(source.hostname), int(source.port or 0))
        target = urlsplit(state.convex_url)
        self.deployment.upstream = (str(target.hostname), int(target.port or 0))

    def restore(self) -> None:
        """After a row that failed: both sides as they were at first, whatever the engine thinks of it."""
        with psycopg.connect(self.state.postgres_dsn, autocommit=True) as connection:
            fence.lift(connection, "conduct")
        with Target(self.state.convex_url, self.state.convex_admin_key) as target:
            target.import_zip(self.folder / "initial.zip", "replaceAll")
            target.unpause()

    def _write_through(self) -> None:
        self.through.parent.mkdir(exist_ok=True)
        source = urlsplit(self.state.postgres_dsn)
        account = source.netloc.rpartition("@")[0]
        shown = replace(
            self.state,
            postgres_dsn=f"postgresql://{account}@127.0.0.1:{self.database.port}{source.path}",
            convex_url=self.deployment.url,
        )
        names = (
            "postgres_dsn",
            "convex_url",
            "convex_admin_key",
            "app_url",
            "canary_email",
            "canary_password",
        )
        self.through.write_text(json.dumps({name: getattr(shown, name) for name in names}))
        self.through.chmod(0o600)

    def _undisturbed(self) -> Result:
        desk = self.desk()
        said = desk.say("migrate", "--quiet")
        assert said.code == 0, said
        result = self.came_to(desk)
        self.taken_back(desk)
        return result

    def _completed(self) -> set[str]:
        with Target(self.state.convex_url, self.state.convex_admin_key) as target:
            found = target.query("_system/cli/queryImport:list", {}) or []
        return {str(one["_id"]) for one in found if one["state"]["state"] == "completed"}
