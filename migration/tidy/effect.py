"""Carries a plan out: a tag, renames, the new tree's files, the repository's own tests, a commit.

Nothing is deleted: what leaves its place is set aside under git's own folder. Red tests, files that would
come into git's sight, or a test that changes files take everything back before anything was committed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from migration import files, variables
from migration.errors import FAIL, CutoverError, Refusal, RunIncomplete
from migration.tidy import preview, undo
from migration.tidy.git import Repository, clean_environment
from migration.tidy.journal import ASIDE, CARRIED, NEW, TAG, Journal, Phase, State, prune, rename
from migration.tidy.layout import GITLINK, Wish, folders, within
from migration.tidy.plan import Plan

Watch = Callable[[str], None]
"""Told each act before it is done."""

TEST_SECONDS = 3600


class TestsFailed(CutoverError):
    """The repository's own tests are red after the clean-up; it was taken back."""

    exit_code = FAIL
    __test__ = False  # for pytest: no test class


def carry_out(root: Path, wish: Wish, *, confirm: str, watch: Watch = lambda _: None) -> Plan:
    """The plan that `confirm` names, carried out, tested and committed."""
    repository = Repository.open(root)
    state = State(repository)
    if not wish.test:
        raise Refusal(
            "No test command is known.", next_step="Set [tidy] test in cutover.toml, or give --command."
        )
    with files.alone(
        repository.git_dir() / "cutover-tidy.lock", "Another clean-up of this repository is at work."
    ):
        plan = preview.made(repository, wish)
        if confirm != plan.digest:
            raise Refusal(
                f"The plan is {plan.digest} now; {'another' if confirm else 'none'} was confirmed.",
                next_step="Look at --dry-run again, then add --confirm with the name of that plan.",
            )
        if repository.text("tag", "-l", TAG):
            raise Refusal(
                f"The tag {TAG} exists already.", next_step=f"git tag -d {TAG}, if it is of no use."
            )
        _Effect(repository, state, plan, watch).run(wish.test)
    return plan


class _Effect:
    def __init__(self, repository: Repository, state: State, plan: Plan, watch: Watch) -> None:
        self.repository, self.state, self.plan, self.watch = repository, state, plan, watch
        self.journal = _journal(repository, plan)
        self.seen = repository.visible()

    def run(self, test: Sequence[str]) -> None:
        self.watch("begin")
        self.state.write(self.journal)
        self.watch("tag")
        self.repository.git("tag", TAG, self.plan.head)
        shutil.copy2(self.repository.git_dir() / "index", self.state.index)
        try:
            self._move()
            self._place()
            self._refuse_newly_visible()
            self._tested(test)
        except (CutoverError, OSError, KeyboardInterrupt) as error:
            undo.take_back(self.repository, self.state, watch=self.watch)
            if isinstance(error, CutoverError):
                raise
            raise RunIncomplete(
                f"It was stopped ({type(error).__name__} {getattr(error, 'errno', '')}".rstrip() + ").",
                touched="Everything was put back, nothing was committed.",
            ) from error
        self._commit()

    def _move(self) -> None:
        for group, moves in enumerate(self.journal.moves):
            self._reach(group)
            for source, target in moves:
                self.watch(f"move {source}")
                rename(self.state.path(source), self.state.path(target))
            if group == 1:  # all that leaves is out; later an empty folder may be one that was carried here
                prune(self.state.root, self.journal.folders)
        for path, home in self.plan.submodules:
            if home is not None:
                self.watch(f"submodule {path}")
                _connect(self.state.root, path, home)

    def _place(self) -> None:
        self._reach(NEW)
        self.watch("place")
        self.repository.git("read-tree", self.plan.tree)
        listed = b"".join(os.fsencode(path) + b"\0" for path in self.journal.new)
        self.repository.git("checkout-index", "-f", "-u", "-z", "--stdin", input=listed)
        self.watch("placed")
        if wrong := self.repository.unlike_index():
            raise Refusal(
                f"{len(wrong)} files are not as the plan has them, as {wrong[0]}.",
                touched="Everything was put back.",
                next_step="Look whether a filter or line endings change files at checkout.",
            )

    def _reach(self, group: int) -> None:
        """Notes that a group is begun, before any of it is done."""
        self.journal.reached = group
        self.state.write(self.journal)

    def _refuse_newly_visible(self) -> None:
        """What was ignored and is no longer would be committed by the next `git add`, secrets with it."""
        carried = {one.path: one.to for one in self.plan.loose if one.to is not None}
        known = {_carried(path, carried) for path in self.seen}
        shown = sorted(self.repository.visible() - known)
        if shown:
            raise Refusal(
                f"{len(shown)} files that git ignores would no longer be ignored, as {shown[0]}.",
                touched="Everything was put back.",
                next_step="Add a rule for them to .gitignore, commit it, and begin again.",
            )

    def _tested(self, test: Sequence[str]) -> None:
        self.watch("test")
        failed = ""
        with self.state.log.open("wb") as log:
            try:
                code = subprocess.run(
                    list(test), cwd=self.state.root, env=_without_our_secrets(), stdin=subprocess.DEVNULL,
                    stdout=log, stderr=subprocess.STDOUT, timeout=TEST_SECONDS, check=False,
                ).returncode  # fmt: skip
            except (OSError, subprocess.TimeoutExpired) as error:
                failed = type(error).__name__
            else:
                failed = f"code {code}" if code else ""
        if failed:
            kept = self.state.folder.with_name("cutover-tidy-test.log")
            shutil.copy2(self.state.log, kept)
            raise TestsFailed(
                f"The repository's own tests are red after the clean-up ({test[0]}: {failed}).",
                touched="Everything was put back, nothing was committed.",
                next_step=f"What they said is in {kept}.",
            )
        if changed := self.repository.unlike_index():
            raise TestsFailed(
                f"The tests changed {len(changed)} tracked files, as {changed[0]}.",
                touched="Everything was put back, nothing was committed.",
            )

    def _commit(self) -> None:
        self.watch("commit")
        parent, plan = self.plan.head, self.plan
        if plan.branch:
            merged = self.repository.merged(plan.branch)
            parent = self.repository.write_commit(
                merged, [plan.head, plan.branch], "Merge the test branch before the code clean-up\n"
            )
        title = f"Code clean-up: {plan.layout.folder} becomes the root, v1 goes"
        message = f"{title}\n\nThe way back is the tag {TAG}.\n"
        commit = self.repository.write_commit(plan.tree, [parent], message)
        self.journal.commit = commit
        self.state.write(self.journal)
        self.repository.git("update-ref", "-m", "code clean-up", "HEAD", commit, plan.head)
        self.watch("committed")
        self.journal.phase = Phase.DONE
        self.state.write(self.journal)


def _journal(repository: Repository, plan: Plan) -> Journal:
    """Every rename of the plan in order: what is set aside, then what is carried to its place."""
    root = repository.root
    leaving = [
        path for path, one in plan.before.items() if one.mode != GITLINK and plan.result.get(path) != one
    ]
    aside = [one.path.rstrip("/") for one in plan.loose if one.to is None] + leaving
    aside += [path for path, home in plan.submodules if home is None]
    carried = [(one.path.rstrip("/"), one.to.rstrip("/")) for one in plan.loose if one.to is not None]
    carried += [(path, home) for path, home in plan.submodules if home is not None]
    moves = [
        [(path, f"{ASIDE}{path}") for path in aside],
        [(path, f"{CARRIED}{number}") for number, (path, _) in enumerate(carried)],
        [(f"{CARRIED}{number}", home) for number, (_, home) in enumerate(carried)],
    ]
    new = [path for path, one in plan.result.items() if one.mode != GITLINK and plan.before.get(path) != one]
    held = folders([*plan.before, *(source for group in moves[:2] for source, _ in group)])
    modes = {path: (root / path).stat().st_mode & 0o7777 for path in held if (root / path).is_dir()}
    before = {
        str(path): path.read_bytes().hex()
        for old, home in plan.submodules
        if home is not None
        for path in _links_of(root, old)
    }
    return Journal(plan.head, plan.tree, plan.digest, moves=moves, new=new, folders=modes, bytes_of=before)


def _without_our_secrets() -> dict[str, str]:
    """The environment of somebody else's tests: nothing that the migration is configured by."""
    return {
        name: value
        for name, value in clean_environment().items()
        if name not in variables.THEIRS and not name.startswith("CUTOVER_")
    }


def _links_of(root: Path, submodule: str) -> list[Path]:
    """The two files by which a checked out submodule and its repository know of each other."""
    pointer = root / submodule / ".git"
    if not pointer.is_file():
        return []
    told = pointer.read_text().removeprefix("gitdir:").strip()
    return [pointer, (pointer.parent / told).resolve() / "config"]


def _connect(root: Path, old: str, new: str) -> None:
    """Makes a submodule that has moved and its repository know of each other again."""
    pointer = root / new / ".git"
    if not pointer.is_file():
        return
    told = Path(pointer.read_text().removeprefix("gitdir:").strip())
    own = told if told.is_absolute() else Path(os.path.normpath(root / old / told))
    pointer.write_text(f"gitdir: {os.path.relpath(own, root / new)}\n")
    tree = os.path.relpath(root / new, own)
    subprocess.run(
        ["git", "config", "-f", str(own / "config"), "core.worktree", tree],
        env=clean_environment(),
        check=True,
    )


def _carried(path: str, carried: dict[str, str]) -> str:
    """Where a file is after the renames of folders."""
    for source, target in carried.items():
        if within(path, source.rstrip("/")):
            return target.rstrip("/") + path[len(source.rstrip("/")) :]
    return path
