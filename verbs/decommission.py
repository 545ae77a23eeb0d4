"""`decommission.*`: where the end of v1 stands, what people say, what is carried out, the code clean-up.

Thin: timeline, evidence and acts are `migration.decommission`'s, the clean-up is `migration.tidy`'s. These
tasks work on a run without opening it: nothing that was judged is touched, and nothing is taken back.
"""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from invoke.collection import Collection
from invoke.context import Context

from migration import config, files
from migration.errors import Refusal
from migration.run import Run, find
from verbs import show
from verbs.exits import leave
from verbs.flags import verb
from verbs.line import LINE
from verbs.show import answer

if TYPE_CHECKING:
    from migration.decommission.desk import Desk
    from migration.decommission.timeline import Standing

MARKS = {"done": "ok", "open": "..", "blocked": "--", "waits": "  ", "BAD": "!!"}


@verb
def status(_: Context, env: str = "", production: bool = False, run: str = "") -> None:
    """Where v1's end stands; exit 11 while something is due."""
    from migration.decommission.desk import code as exit_code

    standings = _desk(env, production=production, run=run).standings()
    for one in standings:
        answer(_line(one))
    leave(exit_code(standings))


@verb
def plan(_: Context, env: str = "", production: bool = False, run: str = "") -> None:
    """What is still to be done, when, by which calls."""
    from migration.decommission.acts import ACTS
    from migration.decommission.desk import calls
    from migration.decommission.timeline import State

    desk = _desk(env, production=production, run=run)
    for one in desk.standings():
        if one.state is State.DONE:
            continue
        answer(_line(one))
        if one.item.name in ACTS:
            how, back = calls(desk.settings, one.item.name)
            allowed = (
                ""
                if not one.item.ends or one.item.name in desk.settings.decommission.allow
                else " NOT ALLOWED"
            )
            answer(f"      does: {how}{allowed}\n      back: {back}")
    answer("Nothing was changed.")


@verb
def attest(
    _: Context,
    item: str,
    env: str = "",
    production: bool = False,
    run: str = "",
    by: str = "",
    note: str = "",
    undo: bool = False,
) -> None:
    """Notes what no machine can know of v1's end, by name."""
    desk = _desk(env, production=production, run=run)
    said = (desk.withdraw if undo else desk.attest)(item, by=by, note=note)
    answer(f"{said.by} {'takes back' if undo else 'attests'} {item} of run {said.run}.")


@verb
def run(
    _: Context,
    item: str,
    env: str = "",
    production: bool = False,
    run: str = "",
    by: str = "",
    confirm: str = "",
    quiet: bool = False,
) -> None:
    """Carries out one act that is due, allowed and typed."""
    from verbs.preflight import tools

    desk = _desk(env, production=production, run=run)
    done = desk.act(item, by=by, confirm=confirm, tools=tools(), progress=show.chosen(quiet=quiet))
    answer(f"{item}: {done.detail}")


@verb
def code(
    _: Context,
    repo: str = "",
    dry_run: bool = False,
    undo: bool = False,
    rehearse: bool = False,
    confirm: str = "",
    branch: str = "",
    command: str = "",
    by: str = "",
    alone: bool = False,
    env: str = "",
    production: bool = False,
    run: str = "",
) -> None:
    """v2 becomes its repository's root; tested, reversible."""
    from migration.tidy.layout import Layout, Wish
    from verbs import clean_up

    if rehearse:
        leave(clean_up.rehearse())
        return
    if not repo:
        raise Refusal("No repository is named.", next_step="./inv decommission.code --repo PATH --dry-run")
    root, table = Path(repo).expanduser(), config.read_file(config.ROOT / "cutover.toml").tidy
    layout = Layout(table.folder, table.removed, table.planning, table.archive)
    test = tuple(shlex.split(command)) or table.test
    wish = Wish(layout, table.onto, branch or table.branch, test)
    if dry_run:
        clean_up.show(root, wish)
        answer("Nothing was changed. To carry it out, add --confirm with the plan's name.")
        return
    desk = None if alone else _desk(env, production=production, run=run)
    if undo:
        clean_up.take_back(root, desk, by=by)
    else:
        clean_up.carry_out(root, wish, desk, confirm=confirm, by=by)


def _desk(env: str, *, production: bool, run: str) -> Desk:
    """The decommission of the named or latest run. What is configured must be the pair that it moved."""
    from migration.decommission.desk import Desk as Made

    LINE.pin(env, production=production, run=run)
    folder = find(config.runs_dir(), LINE.run_id)
    manifest = files.read_or_empty(folder / "manifest.json")
    name = (manifest.get("target") or {}).get("name")
    settings = config.load(LINE.environment or manifest.get("environment"), confirm=name)
    return Made(settings, Run.open(settings, folder.name), datetime.now(UTC))


def _line(one: Standing) -> str:
    due = f"{one.due:%Y-%m-%d %H:%M}" if one.due else "after `live`"
    waits = f" Waits for {', '.join(one.waits_for)}." if one.waits_for else ""
    told = f"{one.item.title}. {one.detail}{waits}"
    return f"{MARKS[one.state]}  {one.item.name:<20} {one.state:<8} {due:<17} {told}"


namespace = Collection("decommission", status, plan, attest, run, code)
