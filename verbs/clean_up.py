"""What `decommission.code` does: preview, effect, the way back, and a rehearsal on a made-up repository.

The clean-up is `migration.tidy`'s, the timeline `migration.decommission`'s; here they are put together.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from migration.errors import FAIL, PASS, Refusal
from migration.tidy import effect, preview
from migration.tidy.layout import Wish
from migration.tidy.plan import Plan
from migration.tidy.undo import undo
from verbs.show import answer

if TYPE_CHECKING:
    from migration.decommission.desk import Desk


def show(root: Path, wish: Wish) -> Plan:
    """The preview on screen."""
    plan = preview.preview(root, wish)
    for line in preview.lines(plan):
        answer(line)
    return plan


def carry_out(root: Path, wish: Wish, desk: Desk | None, *, confirm: str, by: str) -> None:
    """The clean-up, when the timeline (None: there is none) lets it; noted there."""
    from migration.decommission.timeline import State, named

    if desk is not None:
        if not by.strip():
            raise Refusal("--by is missing.", next_step="Add --by NAME: who carries it out.")
        desk.may(named("code"))
    done = effect.carry_out(root, wish, confirm=confirm)
    if desk is not None:
        evidence = {one.item.name: one.detail for one in desk.standings() if one.state is State.DONE}
        note = f"plan {done.digest}, tree {done.tree[:12]}"
        desk.records.add("code", "done", by=by, note=note, now=desk.now, evidence=evidence)
    kept = sum(one.to is None for one in done.loose)
    answer(f"Plan {done.digest} is committed; {kept} untracked things were set aside in git's own folder.")
    answer("Back: ./inv decommission.code --undo with the same --repo. The tag is before-code-clean-up.")


def take_back(root: Path, desk: Desk | None, *, by: str) -> None:
    """The way back; noted on the timeline."""
    undo(root)
    if desk is not None:
        desk.records.add("code", "undone", by=by or "nobody named", note="taken back", now=desk.now)
    answer(f"{root} is as it was before the clean-up.")


def rehearse() -> int:
    """Preview, effect and undo on a made-up repository full of traps. PASS when all of it holds."""
    from fixtures import repository

    with tempfile.TemporaryDirectory(prefix="cutover-clean-up-") as folder:
        root = repository.make(Path(folder)).root
        wish = Wish(branch=repository.BRANCH, test=(sys.executable, "check.py"))
        before, state = repository.seen(root), repository.git_state(root)
        plan = show(root, wish)
        effect.carry_out(root, wish, confirm=plan.digest)
        committed = repository.git(root, "rev-parse", "HEAD^{tree}").strip()
        undo(root)
        now = repository.git_state(root)
        held = {
            "the committed tree is the previewed one": committed == plan.tree,
            "undo brings every file back, ignored ones too": repository.seen(root) == before,
            "branches, tags, index and settings are as before": _same(now, state),
        }
    for claim, holds in held.items():
        answer(f"{'ok' if holds else '!!'}  {claim}")
    return PASS if all(held.values()) else FAIL


def _same(now: dict[str, bytes], before: dict[str, bytes]) -> bool:
    return all(now.get(name) == content for name, content in before.items() if name != "others")
