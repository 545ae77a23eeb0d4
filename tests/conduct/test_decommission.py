"""The whole timeline, T+0 to T+90 days, on a pair: a real dump and export, a real clean-up of a repository,
and stand-ins of Render and Supabase; then what a person types.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from fixtures import repository as traps
from fixtures.pair import PairState
from fixtures.providers import Providers
from migration.config import Settings
from migration.decommission import acts
from migration.decommission.timeline import DAY, HOUR, TIMELINE, State
from migration.errors import Refusal
from migration.progress import Silent
from migration.target import Target
from migration.tidy import effect, preview
from migration.tidy.layout import Wish
from tests.conduct.desk import Desk, variables_of
from tests.unit.decommission.stage import Stage, opened
from tests.unit.migration.proven import proven
from tests.unit.migration.support import number_of, user_line, zip_of
from verbs.preflight import tools


@pytest.fixture
def stage(settings: Settings, tmp_path: Path) -> Iterator[Stage]:
    """A run that passed on this very pair, and went live."""
    opened(proven(tmp_path, name=settings.target.name))
    with Providers().serving() as providers:
        yield Stage(tmp_path, providers, settings)


def cleaned(stage: Stage, folder: Path) -> Callable[[timedelta], None]:
    """The clean-up of a repository, when the timeline lets it."""

    def act(after: timedelta) -> None:
        root, desk = traps.make(folder).root, stage.at(after)
        desk.may(next(one for one in TIMELINE if one.name == "code"))
        wish = Wish(branch=traps.BRANCH, test=("true",))
        digest = preview.preview(root, wish).digest
        effect.carry_out(root, wish, confirm=digest)
        desk.records.add("code", "done", by="Bo", note=f"plan {digest}", now=desk.now)

    return act


def test_the_timeline_is_walked_to_its_end(stage: Stage, tmp_path: Path) -> None:
    stage.others = {
        "code": cleaned(stage, tmp_path / "code"),
        "final-dump": lambda after: stage.act(after, "final-dump", tools=tools()),
        "no-v1-links": lambda after: stage.act(after, "no-v1-links"),
        "pause-database": lambda after: stage.act(after + HOUR, "pause-database", "abcdef"),
    }
    stage.until("dump-stored")
    (dump,) = (stage.settings.data_dir / acts.DUMPS).iterdir()
    whole = dump.read_bytes()
    dump.write_bytes(whole[:-1])
    assert "is another file" in stage.standing("final-dump", 30 * DAY).detail
    dump.write_bytes(whole)

    stage.until("pause-database")
    with pytest.raises(Refusal, match="pause-database waits for no-v1-links"):
        stage.act(32 * DAY, "pause-database", "abcdef")
    assert "Older than 24 hours" in stage.standing("no-v1-links", 32 * DAY).detail
    stage.others["pause-database"](30 * DAY)
    assert stage.providers.project["status"] == "INACTIVE"
    stage.attest(90 * DAY, "closed")
    assert {one.state for one in stage.at(91 * DAY).standings()} == {State.DONE}
    assert stage.providers.changes() == [
        "POST /v1/services/srv-v1/scale",
        "DELETE /v1/services/srv-v1",
        "POST /v1/projects/abcdef/pause",
    ]
    said = (stage.at(DAY).records.folder / "records.jsonl").read_text()
    assert [word for word in ("hunter2", stage.settings.source.dsn.get_secret_value()) if word in said] == []


def test_a_document_that_points_at_v1_s_storage_stops_the_pause(
    stage: Stage, settings: Settings, kept: Desk
) -> None:
    with Target.of(settings.target) as target:
        number = number_of(target, "users", kept.folder / "numbers.zip")
        user = json.loads(user_line(number, b"pointing at v1 .", "ann@example.test"))
        user["image"] = "https://abcdef.supabase.co/storage/v1/object/public/faces/ann.png"
        target.import_zip(zip_of(kept.folder / "one.zip", "users", number, [json.dumps(user).encode()]))
    ground = acts.Ground(stage.settings, stage.run, tools(), Silent(), "", stage.at(DAY).now)
    with pytest.raises(acts.NotMet, match="1 documents point at v1's storage: 1 of users") as caught:
        acts.no_v1_links(ground)
    assert caught.value.exit_code == 10
    assert not (stage.at(DAY).records.folder / "links.zip").exists()


def test_what_a_person_types(stage: Stage, desk: Desk, pair: tuple[Path, PairState], tmp_path: Path) -> None:
    desk.more = {**variables_of(pair[1]), "CUTOVER_ENV": "test"}
    said = desk.say("decommission.status")
    assert (said.code, said.answered.count("\n")) == (11, len(TIMELINE)), said
    for flags in ((), ("--undo",), ()):
        assert desk.say("decommission.attest", "live", *flags, "--by", "Ann", "--note", "seen").code == 0
    refused = desk.say("decommission.run", "scale-to-zero", "--by", "Bo", "--confirm", "perm-tracker-api")
    assert (refused.code, "may not be said or done yet" in refused.words) == (12, True)
    planned = desk.say("decommission.plan")
    assert (planned.code, "DELETE https://api.render.com" in planned.answered) == (0, True)
    stage.rechecked((HOUR, "FAIL"))
    assert desk.say("decommission.status").code == 10
    assert desk.say("decommission.code", "--rehearse").answered.count("\nok  ") == 3
    root = traps.make(tmp_path / "code").root
    code = ("decommission.code", "--repo", str(root), "--branch", traps.BRANCH)
    shown = desk.say(*code, "--dry-run")
    digest = (
        next(line for line in shown.answered.splitlines() if line.startswith("Plan ")).split()[1].rstrip(":")
    )
    assert "backend/.env: its tree goes" in shown.answered
    assert desk.say(*code, "--confirm", digest, "--by", "Bo").code == 12
    before = traps.seen(root)
    assert desk.say(*code, "--confirm", digest, "--alone", "--command", "false").code == 10
    assert desk.say(*code, "--confirm", digest, "--alone", "--command", "python3 check.py").code == 0
    assert traps.seen(root) != before
    assert desk.say(*code, "--undo", "--alone").code == 0
    assert traps.seen(root) == before
