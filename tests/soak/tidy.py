"""Campaign: the code clean-up on made-up repositories, each with other collisions, links, names and branches.

For every repository that is fit: the effect is the preview, every untracked file is where that says, undo is
exact, and so is an undo after a kill of the clean-up and another of the undo. One that is refused must
be as it was.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from fixtures import repository as traps
from migration.config import ROOT
from migration.errors import CutoverError
from migration.tidy import effect, preview, undo
from migration.tidy.journal import FOLDER
from migration.tidy.layout import Wish
from migration.tidy.plan import Plan
from tests.soak.campaign import Account, Batch, Campaign, broken, total

SEED, BATCHES, EACH = 20260115, 12, 25
NAMES = (
    "a", "b", "docs", "config", "build", "v2", "app.ts", "x y", "é", ".env", "libs", "node_modules",
    "caf\udce9", "README.md", ".gitignore", "backend", "-n", "*.ts", "a\tb", "[id]", "line\nbreak",
)  # fmt: skip
TREES = ("v2/", "v2/", "v2/", "", "backend/", "frontend/", ".planning/")
TEXTS = ("see ../docs/a and v2/app.ts, ./v2/docs\n", "x\n", "backend/a v2/a/b\n", 'import "../../config";\n')
RULES = ("build/\n", "*.ts\n", ".env\nnode_modules/\n", "/a\n")
TARGETS = ("../a", "v2/a", "a/b", "../../docs", "/nowhere", "../backend/a")


class Killed(BaseException):
    """As if the process had ended: nothing may catch it."""


class Maker:
    """One made-up repository, always the same for a seed."""

    def __init__(self, root: Path, seed: int) -> None:
        self.root, self.random = root, random.Random(seed)  # noqa: S311 - made-up files, always the same
        root.mkdir(parents=True)
        traps.git(root, "init", "-q", "-b", "main")
        traps.git(root, "config", "user.name", "Nobody")
        traps.git(root, "config", "user.email", "nobody@example.test")

    def make(self) -> Wish:
        """Fills it: commits, perhaps a branch, then files that nobody tracks. What to ask of a clean-up."""
        branch = "waiting" if self.random.random() < 0.5 else ""
        self._put("v2/keep.txt")
        self._some(self.random.randint(5, 25))
        self._commit()
        if branch:
            traps.git(self.root, "switch", "-q", "-c", branch)
            self._some(5)
            self._commit()
            traps.git(self.root, "switch", "-q", "main")
        traps.git(self.root, "clean", "-fdxq")
        self._some(self.random.randint(0, 15))
        for _ in range(self.random.randint(0, 2)):
            self._folder(self._path(2))
        return Wish(branch=branch, test=("true",))

    def _commit(self) -> None:
        traps.git(self.root, "add", "-A")
        traps.git(self.root, "commit", "-q", "--allow-empty", "-m", "some files")

    def _some(self, count: int) -> None:
        for _ in range(count):
            self._put(self._path(3))

    def _path(self, depth: int) -> str:
        parts = (self.random.choice(NAMES) for _ in range(self.random.randint(1, depth)))
        return self.random.choice(TREES) + "/".join(parts)

    def _folder(self, path: str) -> None:
        try:
            (self.root / path).mkdir(parents=True)
        except (FileExistsError, NotADirectoryError):
            return  # a file has the place

    def _put(self, path: str) -> None:
        """A file or a link, unless something else has its place."""
        place = self.root / path
        kind, target, text = self.random.random(), self.random.choice(TARGETS), self.random.choice(TEXTS)
        try:
            if os.path.lexists(place):
                return
            place.parent.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            return
        if path.endswith(".gitignore"):
            place.write_text(self.random.choice(RULES))
        elif kind < 0.15:
            place.symlink_to(target)
        else:
            place.write_text(text)
            place.chmod(0o755 if kind < 0.35 else 0o644)


def tried(root: Path, seed: int) -> str:
    """One repository: `done`, or why it was refused. AssertionError for what must not be."""
    wish = Maker(root, seed).make()
    before, state = traps.seen(root), _state(root)
    try:
        plan = preview.preview(root, wish)
        acts: list[str] = []
        effect.carry_out(root, wish, confirm=plan.digest, watch=acts.append)
    except CutoverError as error:
        assert (traps.seen(root), _state(root)) == (before, state), "refused, and not as it was"
        known = [why for why in REFUSALS if why in str(error)]
        if not known:
            raise AssertionError(f"refused for no known reason: {error}") from None
        return known[0]
    _is_as_previewed(root, plan, before)
    undo.undo(root)
    assert traps.seen(root) == before, "undo is not exact"
    assert _state(root) == state, "undo left git otherwise"
    _killed(root, wish, plan, random.Random(seed).randrange(1, len(acts)), seed % 6)  # noqa: S311
    assert (traps.seen(root), _state(root)) == (before, state), "undo after a kill is not exact"
    return "done"


REFUSALS = ("no longer be ignored", "archive's place is taken", "There is no folder v2", "conflicts in")
"""What these repositories may rightly be refused for."""


def _state(root: Path) -> dict[str, bytes]:
    return {**traps.git_state(root), "others": b""}


def _is_as_previewed(root: Path, plan: Plan, before: dict[str, Any]) -> None:
    lines = traps.git(root, "ls-tree", "-r", "-z", "HEAD").split("\0")[:-1]
    tree = {line.split("\t", 1)[1]: tuple(line.split("\t")[0].split()[::2]) for line in lines}
    assert tree == {path: tuple(entry) for path, entry in plan.result.items()}, "another tree than previewed"
    assert traps.git(root, "status", "--porcelain", "-uno") == "", "files are not as committed"
    places = {one.path.rstrip("/"): one.to and one.to.rstrip("/") for one in plan.loose}
    expected, aside = {}, root / ".git" / FOLDER / "aside"
    for path, one in before.items():
        if one[0] == "folder" or path in plan.before:
            continue
        over = max(
            (own for own in places if path == own or path.startswith(f"{own}/")), key=len, default=None
        )
        target = path if over is None else places[over]
        if target is None:
            assert os.path.lexists(aside / path), "set aside, and not there"
        else:
            expected[target + path[len(path if over is None else over) :]] = one
    now = {path: one for path, one in traps.seen(root).items() if one[0] != "folder"}
    found = {path: one for path, one in now.items() if path not in tree}
    assert found == expected, "untracked files are not where the preview says"


def _killed(root: Path, wish: Wish, plan: Plan, first: int, second: int) -> None:
    """A clean-up that is killed before its act `first`, and an undo killed before its act `second`."""
    with suppress(Killed):
        effect.carry_out(root, wish, confirm=plan.digest, watch=struck(first))
    try:
        undo.undo(root, watch=struck(second))
    except Killed:
        undo.undo(root)


def struck(number: int) -> Callable[[str], None]:
    """Ends whatever is watched before its act of this number."""
    acts = iter(range(1_000_000))

    def strike(_: str) -> None:
        if next(acts) == number:
            raise Killed

    return strike


def batch(number: int) -> Callable[[Path], Account]:
    """The repositories of one batch."""

    def run(folder: Path) -> Account:
        wrong, came_to = [], dict[str, int]()
        for seed in range(SEED + number * EACH, SEED + (number + 1) * EACH):
            try:
                said = tried(folder / str(seed), seed)
            except (AssertionError, OSError) as error:
                said = "broken"
                wrong.append(f"seed {seed}: {str(error).splitlines()[0][:120]}")
            came_to[said] = came_to.get(said, 0) + 1
        return {"tried": EACH, "broken": wrong, "came_to": came_to}

    return run


def page(accounts: list[Account]) -> str:
    """The figures."""
    came_to = {why: sum(one["came_to"].get(why, 0) for one in accounts) for why in ("done", *REFUSALS)}
    rows = [f"| {why} | {count} |" for why, count in came_to.items()]
    return "\n".join(
        [
            "# The code clean-up on made-up repositories",
            "",
            f"Made by `./inv soak tidy`: {total(accounts, 'tried'):.0f} repositories from seed {SEED}, in "
            f"{total(accounts, 'seconds'):.0f} s. Each that is done is compared with its preview, taken",
            "back, killed amid the clean-up and amid the way back, and compared with what it was before.",
            "",
            "| came to | repositories |",
            "| --- | ---: |",
            *rows,
            "",
            *(broken(accounts) or ["Nothing broke."]),
            "",
        ]
    )


if __name__ == "__main__":
    judged = (ROOT / "migration" / "tidy", Path(__file__))
    batches = [Batch(f"repositories {number + 1} of {BATCHES}", batch(number)) for number in range(BATCHES)]
    sys.exit(Campaign("tidy", batches, page, judged).main())
