"""A cutover on the pair's stand-ins of the outside: order, gate, clock, resume, and back when a step fails.

Resolvers, Vercel and the public address are asked over the wire; what the browser would say is handed in, as
the product hands it in. The whole of it on a real pair: tests/conduct/test_release.py.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from fixtures import outside, processes
from fixtures.outside import V1, V2, Outside
from migration import bound, case, decision, seal
from migration.cutover import conduct, durations, gate, plan, record, shipped
from migration.cutover.clock import Clock, spoken
from migration.cutover.conduct import Ground
from migration.cutover.durations import Prediction
from migration.cutover.plan import ORDER, Name
from migration.cutover_toml import StepsTable
from migration.errors import Refusal, RunIncomplete
from migration.model import Choice, LedgerEntry, Phase, StepOutcome, Verdict
from migration.progress import Silent
from migration.run import Run, iso
from tests.unit.migration.proven import BEGAN, proven, terms_of
from tests.unit.migration.support import settings_for
from tests.unit.migration.test_recheck import result

TARGET = "https://happy-otter-123.convex.cloud"
NOON = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
CLOCK = Clock(NOON, timedelta(minutes=30), Prediction(60.0, "measured"))


class Pages:
    """A site whose one script names a deployment."""

    def __init__(self) -> None:
        self.deployment, self.status = TARGET, 200
        pages = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                script = self.path.endswith(".js")
                text = f'c("{pages.deployment}")' if script else '<script src="/app.js"></script>'
                self.send_response(pages.status)
                self.send_header("Content-Type", "text/javascript" if script else "text/html")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@dataclass
class Scene:
    """The outside, what v2's project serves, and a ground on which a cutover can be carried out."""

    ground: Ground
    around: Outside
    pages: Pages
    told: list[str]

    @property
    def run(self) -> Run:
        return self.ground.run

    def with_live(self, **changed: Any) -> Ground:
        """The ground with other steps configured."""
        live = self.ground.settings.live.model_copy(update=changed)
        return replace(self.ground, settings=self.ground.settings.model_copy(update={"live": live}))

    def believed(self) -> dict[str, Any]:
        """What was counted outside, and whose the name is."""
        found: dict[str, Any] = outside.asked(self.around.api, "/told")
        return found

    def ended(self) -> list[tuple[str, str]]:
        """The ends of steps in the ledger."""
        entries = [one for one in self.run.ledger() if one.step.startswith("cutover ")]
        return [(one.step, one.outcome.value) for one in entries if one.outcome is not StepOutcome.STARTED]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Outside, Pages]]:
    pages = Pages()
    around = outside.start(tmp_path_factory.mktemp("outside"), pages.url)
    yield around, pages
    processes.end(around.pid, processes.started_at(around.pid))
    pages.server.shutdown()
    pages.server.server_close()


@pytest.fixture
def scene(world: tuple[Outside, Pages], tmp_path: Path) -> Scene:
    around, pages = world
    pages.deployment, pages.status = TARGET, 200
    outside.asked(around.api, "/control", {"owner": V1, "late": 2, "busy": 0})
    given = settings_for(tmp_path, url=TARGET)
    settings = given.model_copy(
        update={
            "live": StepsTable.model_validate(around.live),
            "vercel_api": around.api,
            "vercel_token": SecretStr(around.token),
            "cutover": given.cutover.model_copy(update={"patience_minutes": 0.2}),
        }
    )
    run = Run.create(settings, NOON)
    told, moment = list[str](), [NOON]

    def slept(seconds: float) -> None:
        moment[0] += timedelta(seconds=seconds)

    ground = Ground(settings, run, Silent(), lambda: Verdict.PASS, told.append, lambda: moment[0], slept)
    return Scene(ground, around, pages, told)


def test_every_step_is_taken_in_order_and_timed(scene: Scene) -> None:
    conduct.go_live(scene.ground, CLOCK)
    assert scene.ended() == [(name.value, "done") for name in ORDER]
    assert scene.believed() | {"owner": V2, "announce": 1} == scene.believed()
    assert [line.partition(":")[0] for line in scene.told] == [plan.TITLES[name] for name in ORDER]
    assert all("a rollback (about 1 min 00 s) still fits" in line for line in scene.told)
    found = record.write(scene.run, CLOCK, "https://x", scene.ground.settings.runs_dir)
    assert (found["live"], found["domain"], len(found["steps"])) == (True, "v2", len(ORDER))


def test_a_finished_cutover_is_not_repeated(scene: Scene) -> None:
    conduct.go_live(scene.ground, CLOCK)
    before, lines = scene.believed(), len(scene.run.ledger())
    conduct.go_live(scene.ground, CLOCK)
    assert (scene.believed(), len(scene.run.ledger())) == (before, lines)


@pytest.mark.parametrize("at", list(ORDER))
def test_a_cutover_cut_off_before_a_step_goes_on_with_it_and_repeats_none(at: Name, scene: Scene) -> None:
    def stop(line: str) -> None:
        if line.startswith(plan.TITLES[at]):
            raise KeyboardInterrupt

    before = scene.believed()
    with pytest.raises(KeyboardInterrupt):
        conduct.go_live(replace(scene.ground, tell=stop), CLOCK)
    assert scene.believed()["owner"] == (V2 if ORDER.index(at) > ORDER.index(Name.DOMAIN) else V1)
    conduct.go_live(scene.ground, CLOCK)
    after = scene.believed()
    assert {word: after[word] - before[word] for word in ("deploy", "move", "announce")} == {
        "deploy": 1,
        "move": 1,
        "announce": 1,
    }


@pytest.mark.parametrize("at", [Name.DEPLOY, Name.DOMAIN, Name.RESOLVERS, Name.SITE, Name.SMOKE])
def test_a_step_that_was_killed_in_the_middle_is_taken_again(at: Name, scene: Scene) -> None:
    for name in ORDER[: ORDER.index(at)]:
        noted(scene.run, name, StepOutcome.DONE)
    if ORDER.index(at) >= ORDER.index(Name.DOMAIN):
        outside.asked(scene.around.api, "/control", {"owner": V2})  # killed after the move, before the note
    noted(scene.run, at, StepOutcome.STARTED)
    moves = scene.believed()["move"]
    conduct.go_live(scene.ground, CLOCK)
    assert plan.standing(scene.run.ledger()).live
    assert scene.believed()["owner"] == V2
    assert scene.believed()["move"] == moves + (at is Name.DEPLOY)


@pytest.mark.parametrize("end", [None, StepOutcome.FAILED])
def test_an_announcement_that_did_not_end_is_never_sent_twice(end: StepOutcome | None, scene: Scene) -> None:
    for name in ORDER[:-1]:
        noted(scene.run, name, StepOutcome.DONE)
    noted(scene.run, Name.ANNOUNCE, StepOutcome.STARTED)
    if end:
        noted(scene.run, Name.ANNOUNCE, end)
    sent = scene.believed()["announce"]
    with pytest.raises(RunIncomplete, match="is not sent twice") as refused:
        conduct.go_live(scene.ground, CLOCK)
    assert refused.value.exit_code == 11
    conduct.go_live(scene.ground, CLOCK, announced=True)
    assert plan.standing(scene.run.ledger()).live
    assert scene.believed()["announce"] == sent


# ---------------------------------------------------------------- back when a step fails


@pytest.mark.parametrize(
    ("break_it", "words"),
    [
        (lambda scene: scene.with_live(points_to=("192.0.2.9",)), "did not lead permtracker.test to v2"),
        (lambda scene: scene.with_live(resolvers=("127.0.0.1:9",)), "127.0.0.1:9 did not lead"),
        (lambda scene: serving(scene, deployment="https://slow-dog-2.convex.cloud"), "slow-dog-2"),
        (lambda scene: serving(scene, deployment="nothing"), "it names no deployment"),
        (lambda scene: serving(scene, status=500), "HTTP 500"),
        (lambda scene: replace(scene.ground, smoke=lambda: Verdict.UNKNOWN), "The site is UNKNOWN"),
    ],
)
def test_a_failure_after_the_domain_was_touched_points_it_back_and_is_exit_11(
    break_it: Callable[[Scene], Ground], words: str, scene: Scene
) -> None:
    with pytest.raises(conduct.WentBack, match=words) as error:
        conduct.go_live(break_it(scene), CLOCK)
    assert error.value.exit_code == 11
    assert "pointed back at v1" in str(error.value)
    assert scene.ended()[-1] == ("cutover back", "done")
    assert scene.believed()["owner"] == V1
    conduct.go_live(repaired(scene), CLOCK)
    assert [step for step, _ in scene.ended()].count(Name.DEPLOY) == 1
    assert scene.believed()["owner"] == V2


def test_a_red_site_is_exit_10_and_an_unforeseen_error_points_back_too(scene: Scene) -> None:
    with pytest.raises(conduct.WentBack) as error:
        conduct.go_live(replace(scene.ground, smoke=lambda: Verdict.FAIL), CLOCK)
    assert error.value.exit_code == 10

    def defect() -> Verdict:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        conduct.go_live(replace(scene.ground, smoke=defect), CLOCK)
    assert scene.believed()["owner"] == V1


def test_a_failure_before_the_domain_leaves_it_alone(scene: Scene) -> None:
    ground = scene.with_live(deploy=(sys.executable, "-c", "raise SystemExit(3)"))
    moves = scene.believed()["move"]
    with pytest.raises(RunIncomplete, match="ended with code 3"):
        conduct.go_live(ground, CLOCK)
    assert scene.ended() == [("cutover deploy", "failed")]
    assert scene.believed()["move"] == moves


def test_a_domain_that_can_not_be_pointed_back_is_said_so(scene: Scene) -> None:
    command = (sys.executable, "-c", "pass")
    ground = scene.with_live(
        vercel_to="", domain=command, domain_back=("/no/such/command",), resolvers=("127.0.0.1:9",)
    )
    with pytest.raises(RunIncomplete, match="could not be pointed back") as error:
        conduct.go_live(ground, CLOCK)
    assert "cutover --back" in str(error.value)
    assert plan.standing(scene.run.ledger()).moved


def test_what_a_command_says_stays_in_the_data_folder_and_knows_the_deployment(scene: Scene) -> None:
    code = "import os; print(os.environ['CUTOVER_DEPLOYMENT'], os.environ['CUTOVER_URL'])"
    conduct.go_live(scene.with_live(announce=(sys.executable, "-c", code)), CLOCK)
    said = (scene.run.data / "cutover" / "announce.log").read_text()
    assert said.split() == ["happy-otter-123", scene.ground.settings.live.url]
    assert not list(scene.run.folder.rglob("announce.log"))


def test_a_busy_vercel_is_asked_again_and_a_wrong_token_is_told(scene: Scene) -> None:
    outside.asked(scene.around.api, "/control", {"busy": 3})
    conduct.go_live(scene.ground, CLOCK)
    wrong = scene.ground.settings.model_copy(update={"vercel_token": SecretStr("guessed")})
    with pytest.raises(RunIncomplete, match=r"HTTP 403, forbidden") as error:
        conduct.go_back(replace(scene.ground, settings=wrong))
    assert "guessed" not in str(error.value)


# ---------------------------------------------------------------- the gate


def test_only_a_go_of_this_run_deployment_and_revision_is_admitted(tmp_path: Path) -> None:
    run = proven(tmp_path)
    with pytest.raises(Refusal, match="gate approved: not yet approved") as refused:
        gate.admitted(case.gather(run, terms_of(run)))
    assert refused.value.exit_code == 12
    case.approve(run, case.Said("Ann"), terms_of(run))
    seal.close(run)
    good = case.gather(run, terms_of(run))
    assert gate.admitted(good) == gate.Admission(rehearsal=False)
    for changed in (
        case.gather(run, replace(terms_of(run), target="e" * 64)),
        case.gather(run, terms_of(run, after=timedelta(hours=5))),
        replace(good, made_by=frozenset({"other"})),
        replace(good, red_in_public=True),
        replace(good, lost_since=True),
    ):
        with pytest.raises(Refusal):
            gate.admitted(changed)


def test_on_the_embedded_pair_what_people_say_is_left_open_and_nothing_else(tmp_path: Path) -> None:
    run = proven(tmp_path, "embedded")
    found = case.gather(run, terms_of(run))
    assert gate.admitted(found) == gate.Admission(rehearsal=True, left_open=("approved", "pair"))
    assert decision.may_cut_over(found).choice is Choice.HOLD
    for changed in (
        replace(found, made_by=frozenset({"other"})),
        replace(found, loaded=False),
        replace(found, verdict=Verdict.UNKNOWN),
        replace(found, exported=None),
        replace(found, environment="production"),
    ):
        with pytest.raises(Refusal):
            gate.admitted(changed)


def test_steps_and_results_of_a_cutover_void_no_approval(tmp_path: Path) -> None:
    run = proven(tmp_path)
    before = bound.evidence(run.folder)
    for name in (*ORDER, Name.BACK):
        noted(run, name, StepOutcome.DONE)
    run.require(Phase.CUTOVER, ["cutover.check"])
    run.append_result(result(Phase.CUTOVER, "pass"))
    (run.folder / "evidence" / "cutover_dashboard.png").write_bytes(b"x")
    assert bound.evidence(run.folder) == before
    noted(run, "open", StepOutcome.DONE)
    assert bound.evidence(run.folder) != before


def test_a_site_red_in_public_turns_the_decision_until_it_is_rolled_back(tmp_path: Path) -> None:
    run = proven(tmp_path)
    assert record.site(run) is None
    run.require(Phase.CUTOVER, ["cutover.check"])
    assert record.site(run) is Verdict.UNKNOWN
    run.append_result(result(Phase.CUTOVER, "fail"))
    assert case.decide(run, terms_of(run)).choice is Choice.ROLLBACK
    run.append_result(result(Phase.CUTOVER, "pass", attempt=2))
    assert record.site(run) is Verdict.UNKNOWN  # red, then green with nothing between


# ---------------------------------------------------------------- the clock, and what it rests on


def test_the_clock_says_when_a_rollback_no_longer_fits() -> None:
    readings = {minutes: CLOCK.reads(NOON + timedelta(minutes=minutes)) for minutes in (0, 29, 29.5, 31)}
    assert "still fits, for another 29 min 00 s" in readings[0]
    assert "still fits, for another 0 s" in readings[29]
    assert "30 s of the window left; a rollback (about 1 min 00 s) no longer fits" in readings[29.5]
    assert "the window is over since 1 min 00 s" in readings[31]
    unknown = replace(CLOCK, rollback=Prediction(None, "rehearse one"))
    assert "is not known: rehearse one" in unknown.reads(NOON)
    assert [spoken(each) for each in (59.4, 60, 7800)] == ["59 s", "1 min 00 s", "2 h 10 min"]


def test_the_window_begins_with_the_fence_that_stands(scene: Scene) -> None:
    for step, minute in (("fence", 0), ("rollback", 5), ("fence", 9), ("fence", 12)):
        at = iso(NOON + timedelta(minutes=minute))
        for outcome in (StepOutcome.STARTED, StepOutcome.DONE):
            scene.run.append_ledger(LedgerEntry(step=step, outcome=outcome, at=at))
    clock = conduct.clock_of(scene.ground.settings, scene.run)
    assert (clock.began, clock.window) == (NOON + timedelta(minutes=9), timedelta(minutes=30))


def test_a_rollback_is_predicted_from_the_slowest_measured_scaled_to_more_documents(tmp_path: Path) -> None:
    runs = tmp_path / "reports" / "runs"
    own = [entry("pause", 1), entry("backup", 2), entry("load", 4)]
    assert durations.rollback(runs, "test", 10, own[:2]).seconds is None
    assert durations.rollback(runs, "test", 10, own).seconds == 9
    for seconds, how in ((10, "restored"), (2, "restored"), (99, "equal")):
        made = Run.create(settings_for(tmp_path))
        made.append_ledger(entry("rollback", seconds, {"how": how, "documents": 1000}))
    assert durations.rollback(runs, "test", 500, own).seconds == 10
    found = durations.rollback(runs, "test", 32_001, own)
    assert found.seconds == pytest.approx(320.01)
    assert "at least 3 transactions" in found.basis


# ---------------------------------------------------------------- what is shipped


def test_the_deployment_is_read_out_of_the_page_s_scripts(scene: Scene) -> None:
    assert shipped.read(scene.pages.url, TARGET).names(TARGET)
    scene.pages.deployment = f"{TARGET}.evil.example"
    assert not shipped.read(scene.pages.url, TARGET).names(TARGET)
    assert shipped.read("http://127.0.0.1:9", TARGET).problem == "ConnectError"


def noted(run: Run, step: str, outcome: StepOutcome) -> None:
    """A line of the ledger, after a beginning where it is an end."""
    if outcome is not StepOutcome.STARTED:
        run.append_ledger(LedgerEntry(step=step, outcome=StepOutcome.STARTED, at=iso(BEGAN)))
    run.append_ledger(LedgerEntry(step=step, outcome=outcome, at=iso(BEGAN)))


def entry(step: str, seconds: float, notes: dict[str, Any] | None = None) -> LedgerEntry:
    return LedgerEntry(
        step=step,
        outcome=StepOutcome.DONE,
        at=iso(BEGAN),
        duration_ms=round(seconds * 1000),
        notes=notes or {},
    )


def serving(scene: Scene, **changed: Any) -> Ground:
    """The ground, where v2's project serves something else."""
    for name, value in changed.items():
        setattr(scene.pages, name, value)
    return scene.ground


def repaired(scene: Scene) -> Ground:
    """The sound ground again."""
    return serving(scene, deployment=TARGET, status=200)
