"""Takes a clean-up back: every file in its old place, byte for byte, ignored ones included; branch, index and
tag as they were. After a kill at any point too, also one of its own.

Refused where it would lose something: later commits, or tracked files that were changed since.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from migration import files
from migration.errors import Refusal
from migration.tidy.git import Repository
from migration.tidy.journal import CARRIED, NEW, TAG, Journal, Phase, State, prune, rename
from migration.tidy.layout import above, folders


def undo(root: Path, *, watch: Callable[[str], None] = lambda _: None) -> None:
    """Takes the repository's clean-up back. Untracked files that have come since stay where they are."""
    repository = Repository.open(root)
    state = State(repository)
    with files.alone(repository.git_dir() / "cutover-tidy.lock", "A clean-up of this repository is at work."):
        journal = state.read()
        if journal is None:
            raise Refusal("There is no clean-up to take back.", next_step="./inv decommission.code --dry-run")
        _refuse_loss(repository, state, journal)
        take_back(repository, state, watch=watch)


def take_back(repository: Repository, state: State, *, watch: Callable[[str], None] = lambda _: None) -> None:
    """The way back from wherever it came to; every act may be repeated."""
    journal = state.read()
    if journal is None:
        return
    came = folders([*journal.new, *(target for _, target in journal.moves[-1])]) - set(journal.folders)
    journal.phase = Phase.BEGUN
    state.write(journal)
    while journal.reached >= 0:
        if journal.reached == NEW:
            watch("remove the new tree's files")
            _remove_new(state, journal)
        else:
            _move_back(state, journal, watch)
        if journal.reached > 1:  # later an empty folder may be one that was there before, and is back
            prune(state.root, came)
        journal.reached -= 1
        state.write(journal)
    for folder in sorted(journal.folders):
        _folders(state.root, f"{folder}/.", journal)
    for name, content in journal.bytes_of.items():
        files.write_bytes(Path(name), bytes.fromhex(content))
    watch("branch")
    if journal.commit and repository.commit("HEAD") == journal.commit:
        repository.git("update-ref", "-m", "code clean-up taken back", "HEAD", journal.head, journal.commit)
    if state.index.exists():
        shutil.copy2(state.index, repository.git_dir() / "index")
    if repository.text("tag", "-l", TAG) and repository.commit(TAG) == journal.head:
        repository.git("tag", "-d", TAG)
    watch("forget")
    shutil.rmtree(state.folder)


def _refuse_loss(repository: Repository, state: State, journal: Journal) -> None:
    if repository.commit("HEAD") not in {journal.head, journal.commit}:
        raise Refusal(
            f"There are commits after the clean-up {journal.commit[:12]}, or another branch is checked out.",
            next_step=f"git reset to it if they are of no use, or look at the tag {TAG}.",
        )
    if journal.phase is not Phase.DONE:
        return
    if changed := repository.changed():
        raise Refusal(
            f"{len(changed)} tracked files were changed since, as {changed[0]}.",
            next_step="Commit them on another branch, or restore them.",
        )
    carried = {target for _, target in journal.moves[-1]}
    ours = {*journal.new, *carried, *folders([*journal.new, *carried])}
    sources = [source for group in journal.moves[:2] for source, _ in group]
    sources = [
        one for one in sources if one not in ours and not any(folder in carried for folder in above(one))
    ]
    taken = [one for one in sources if os.path.lexists(state.root / one)]
    if taken:
        raise Refusal(
            f"Something lies where {len(taken)} files must come back to, as {taken[0]}.",
            next_step="Move it away.",
        )


def _move_back(state: State, journal: Journal, watch: Callable[[str], None]) -> None:
    for source, target in reversed(journal.moves[journal.reached]):
        watch(f"back {source}")
        if not os.path.lexists(state.path(source)):  # else it never left, or is back already
            if not source.startswith(CARRIED):
                _folders(state.root, source, journal)
            rename(state.path(target), state.path(source))


def _remove_new(state: State, journal: Journal) -> None:
    """Removes the new tree's files: all that was there before has left its place."""
    for path in journal.new:
        place = state.root / path
        a_folder = place.is_dir() and not place.is_symlink()
        if not a_folder and not any((state.root / folder).is_symlink() for folder in above(path)):
            place.unlink(missing_ok=True)


def _folders(root: Path, path: str, journal: Journal) -> None:
    """Makes the folders that a file lay in, with the modes they had."""
    for folder in reversed(list(above(path))):
        if not os.path.lexists(root / folder):
            (root / folder).mkdir()
            if folder in journal.folders:
                (root / folder).chmod(journal.folders[folder])
