"""Makes the plan of a repository, and spells it for people. Changes nothing: no file, no branch, no object.

The preview and the effect come to their plan by this one function; objects that the tree needs go to a
scratch folder for the one, and into the repository for the other.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from migration.errors import Refusal
from migration.tidy.git import Repository
from migration.tidy.journal import State
from migration.tidy.layout import Wish, folders
from migration.tidy.plan import Change, Plan, Store, arranged, placed
from migration.tidy.references import shown

_LISTED = 12


def preview(root: Path, wish: Wish) -> Plan:
    """The plan for the repository at `root`.

    A `Refusal` when the repository is not fit, has changes that are not committed, or conflicts.
    """
    with Repository.open(root).scratch() as repository:
        return made(repository, wish)


def made(repository: Repository, wish: Wish) -> Plan:
    """The plan, its new objects written where the repository writes them."""
    if (left := State(repository).read()) is not None:
        raise Refusal(
            f"A clean-up of this repository was {left.phase.value} before.",
            next_step="Take it back first: ./inv decommission.code --undo with the same --repo.",
        )
    out = repository.branch()
    if out != wish.onto:
        raise Refusal(
            f"The branch {out} is checked out, not {wish.onto}.",
            next_step=f"git switch {wish.onto}, or name another under [tidy] onto in cutover.toml.",
        )
    branch = wish.branch
    changed = repository.changed()
    if changed:
        raise Refusal(
            f"{len(changed)} tracked files have changes that are not committed: {', '.join(changed[:5])}.",
            next_step="Commit or stash them; untracked files may stay.",
        )
    head = repository.commit("HEAD")
    other = repository.commit(branch) if branch and not repository.contains(branch) else ""
    merged = repository.tree(repository.merged(other) if other else "HEAD")
    plan = Plan(wish.layout, head, other, repository.tree("HEAD"))
    blobs = repository.blobs(one.oid for one in merged.values() if one.mode != "160000")
    arranged(plan, merged, Store(blobs, repository.store))
    plan.tree = repository.write_tree(plan.result)
    placed(plan, _untracked(repository, plan), lambda path: _inside(repository.root / path))
    return plan


def lines(plan: Plan) -> list[str]:
    """What will happen, in groups with their number; long ones are cut, what a person must see never."""
    kept = [one for one in plan.loose if one.to is None]
    carried = [one for one in plan.loose if one.to is not None]
    spelled = [
        *_group("moved to the root", [_to(old, new) for old, new in plan.moved]),
        *_group("archived", [_to(old, new) for old, new in plan.archived]),
        *_group("removed (history keeps them)", map(shown, plan.removed)),
        *_group("of the root, replaced by v2's", map(shown, plan.replaced), whole=True),
        *_group("rewritten", [_change(one) for one in plan.rewritten], whole=True),
        *_group("untracked, carried along", [_to(one.path, one.to or "") for one in carried]),
        *_group("untracked, set aside", [f"{shown(one.path)}: {one.why}" for one in kept], whole=True),
        *_group("submodules", [_to(old, new or "set aside") for old, new in plan.submodules], whole=True),
        *_group(
            "for a person to look at: still names what moves or goes",
            [f"{shown(one.path)}:{one.number}: {shown(one.line)}" for one in plan.left],
            whole=True,
        ),
    ]
    merge = f"merges {plan.branch[:12]}, then " if plan.branch else ""
    return [*spelled, f"Plan {plan.digest}: {merge}{len(plan.result):,} files, tree {plan.tree[:12]}."]


def _untracked(repository: Repository, plan: Plan) -> dict[str, bool]:
    """What git does not track, and a `.git` among the tracked files, which git never lists."""
    found = repository.loose()
    for folder in folders(plan.before):
        own = repository.root / folder / ".git"
        if plan.layout.home(folder) != folder and os.path.lexists(own):
            found[f"{folder}/.git" + ("/" if own.is_dir() else "")] = True
    return found


def _inside(folder: Path) -> list[str]:
    """What a folder holds; nothing for a repository of its own, which stays whole."""
    found = [one.name + ("/" if one.is_dir(follow_symlinks=False) else "") for one in os.scandir(folder)]
    return [] if ".git/" in found or ".git" in found else sorted(found)


def _group(title: str, entries: Iterable[str], *, whole: bool = False) -> list[str]:
    listed = list(entries)
    if not listed:
        return []
    cut = listed if whole or len(listed) <= _LISTED else listed[: _LISTED - 1]
    more = [f"  and {len(listed) - len(cut):,} more"] if len(cut) < len(listed) else []
    return [f"{title} ({len(listed):,}):", *(f"  {one}" for one in cut), *more]


def _to(old: str, new: str) -> str:
    return f"{shown(old)} -> {shown(new)}"


def _change(change: Change) -> str:
    return "\n".join(
        [shown(change.path), *(f"    {line[0]} {shown(line[1:].strip())}" for line in change.lines)]
    )
