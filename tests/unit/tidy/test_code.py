"""The clean-up on the repository of traps: the preview is the effect, and the way back is exact."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fixtures import repository as traps
from fixtures.repository.contents import ASIDE, UNTRACKED
from migration.errors import Refusal, RunIncomplete
from migration.tidy import effect, preview, undo
from migration.tidy.journal import FOLDER, TAG
from migration.tidy.layout import Wish
from migration.tidy.plan import Plan

ROOT = Path(__file__).resolve().parents[3]
WISH = Wish(branch=traps.BRANCH, test=(sys.executable, "check.py"))


@pytest.fixture(scope="module")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return traps.make(tmp_path_factory.mktemp("pattern")).root


@pytest.fixture
def root(pattern: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(pattern, tmp_path / "perm-tracker", symlinks=True))


def previewed(root: Path) -> Plan:
    return preview.preview(root, WISH)


def carried_out(root: Path, watch: Callable[[str], None] = lambda _: None) -> Plan:
    digest = previewed(root).digest
    return effect.carry_out(root, WISH, confirm=digest, watch=watch)


def test_a_preview_changes_nothing(root: Path) -> None:
    def touched() -> list[tuple[str, int]]:
        # git freshens the time stamp of an object that it would have written, and nothing else
        own = [path for path in root.rglob("*") if ".git/objects/" not in str(path)]
        return sorted((str(path), path.lstat().st_mtime_ns) for path in own)

    def objects() -> list[str]:
        return sorted(str(path) for path in (root / ".git/objects").rglob("*"))

    before = touched(), objects(), traps.seen(root), traps.git_state(root)
    assert preview.lines(previewed(root))
    assert (touched(), objects(), traps.seen(root), traps.git_state(root)) == before


def test_the_effect_is_what_the_preview_says(root: Path) -> None:
    before, plan = traps.seen(root), previewed(root)
    carried_out(root)
    after = traps.seen(root)

    committed = traps.git(root, "ls-tree", "-r", "-z", "HEAD").split("\0")[:-1]
    assert {line.split("\t", 1)[1]: tuple(line.split("\t")[0].split()[::2]) for line in committed} == {
        path: (entry.mode, entry.oid) for path, entry in plan.result.items()
    }
    assert traps.git(root, "status", "--porcelain", "-uno") == ""
    expected = expected_loose(before, plan)
    files = {path: one for path, one in after.items() if one[0] != "folder"}
    submodule = {path for path in files if path.startswith("libs/dates/")}
    assert {path: files[path] for path in set(files) - set(plan.result) - submodule} == expected


def expected_loose(
    before: dict[str, tuple[str, int, bytes]], plan: Plan
) -> dict[str, tuple[str, int, bytes]]:
    """Where the preview says that each untracked file will be."""
    places = {one.path.rstrip("/"): one.to.rstrip("/") if one.to else None for one in plan.loose}
    found = {}
    for path, one in before.items():
        if one[0] == "folder" or path in plan.before or "/libs/dates/" in path:
            continue
        over = [source for source in places if path == source or path.startswith(f"{source}/")]
        source = max(over, key=len, default=None)
        target = places[source] if source is not None else path
        if target is not None:
            found[target + path[len(source or path) :]] = one
    return found


def test_every_file_that_is_not_tracked_is_there_afterwards_or_named(root: Path) -> None:
    plan = carried_out(root)
    aside = root / ".git" / FOLDER / "aside"
    named = {one.path.rstrip("/") for one in plan.loose if one.to is None}
    for path, content in ASIDE.items():
        kept = aside / path
        assert kept.read_bytes() == (content.encode() if isinstance(content, str) else content)
        assert any(path == one or path.startswith(f"{one}/") for one in named)
    for path, content in UNTRACKED.items():
        moved = root / path.removeprefix("v2/")
        assert moved.read_bytes() == (content.encode() if isinstance(content, str) else content)
    assert (aside.parent.stat().st_mode & 0o777, (aside / "backend/.env").stat().st_mode & 0o777) == (
        0o700,
        0o600,
    )
    assert "v2/build/inner" in " ".join(one.path for one in plan.loose)
    assert (root / "vendor/tool/.git/HEAD").exists()


def test_what_names_a_path_names_its_new_place(root: Path) -> None:
    plan = carried_out(root)

    def text(path: str) -> str:
        return (root / path).read_text()

    assert text("app/page.ts").startswith('import dates from "../shared/dates.json";')
    assert "../../../shared/dates.json" in text("app/(auth)/[id]/page.tsx")
    assert (root / "app/windows.txt").read_bytes() == b"shared at ../shared/dates.json\r\nand no more\r\n"
    assert text("app/added.ts") == 'import dates from "../shared/dates.json";\n'
    assert "ls ../app/page.ts ../shared/dates.json" in text("scripts/deploy.sh")
    ci = text(".github/workflows/ci.yml")
    assert "working-directory: .\n" in ci
    assert "cache-dependency-path: package-lock.json\n" in ci
    assert ("backend/**" in ci, "actions/checkout@v2" in ci) == (False, True)
    assert str((root / "current").readlink()) == "app"
    assert str((root / "docs/today.json").readlink()) == "../shared/dates.json"
    assert str((root / "inside").readlink()) == "app/page.ts"
    assert {"README.md", "CLAUDE.md", "docs/guide.md", "config", "assets/logo.txt"} <= set(plan.replaced)
    assert text("docs/archive/planning/ROADMAP.md").startswith("- [x] 229")
    assert text(".planning/NOTES.md") == "v2's own notes\n"
    left = {(one.path, one.line) for one in plan.left}
    assert (".github/workflows/ci.yml", "- run: python3 backend/app.py") in left
    assert ("shared/old", "link to ../backend/app.py, which goes") in left
    assert (root / "bin/run").stat().st_mode & 0o111


def test_a_submodule_that_moves_still_works_and_one_that_goes_is_forgotten(root: Path) -> None:
    carried_out(root)
    assert traps.git(root, "submodule", "status").split()[1] == "libs/dates"
    assert traps.git(root / "libs/dates", "status", "--porcelain") == ""
    assert "backend" not in (root / ".gitmodules").read_text()


def test_undo_is_exact_ignored_files_included(root: Path) -> None:
    before, state = traps.seen(root), traps.git_state(root)
    plan = carried_out(root)
    assert traps.seen(root) != before
    undo.undo(root)
    assert traps.seen(root) == before
    now = traps.git_state(root)
    assert {**now, "others": b""} == {**state, "others": b""}
    extra = set(now["others"].split()) - set(state["others"].split())
    assert extra <= {b"cutover-tidy.lock", b"packed-refs"}, "git packs the branches when a tag goes"
    assert not (root / ".git" / FOLDER).exists()
    assert carried_out(root).tree == plan.tree, "done again it comes to the same"


class Killed(BaseException):
    """As if the process had ended here: nothing may catch it."""


def struck(number: int) -> Callable[[str], None]:
    """Ends whatever is watched before its act of this number."""
    acts = iter(range(10_000))

    def strike(_: str) -> None:
        if next(acts) == number:
            raise Killed

    return strike


def unchanged(root: Path, before: dict[str, Any], state: dict[str, bytes]) -> bool:
    """Whether files, branches, tags, index and settings are as they were."""
    now = traps.git_state(root)
    return traps.seen(root) == before and {**now, "others": b""} == {**state, "others": b""}


def test_killed_on_its_way_it_is_taken_back_exactly(root: Path) -> None:
    before, state = traps.seen(root), traps.git_state(root)
    acts: list[str] = []
    carried_out(root, acts.append)
    undo.undo(root)
    later = [acts.index(one) for one in ("place", "committed")]
    for number in (1, len(acts) // 3, *later):
        with pytest.raises(Killed):
            carried_out(root, struck(number))
        undo.undo(root)
        assert unchanged(root, before, state), acts[number]


def test_an_undo_that_is_killed_is_continued(root: Path) -> None:
    before, state = traps.seen(root), traps.git_state(root)
    carried_out(root)
    acts: list[str] = []
    undo.undo(root, watch=acts.append)
    for number in (1, len(acts) // 2):
        carried_out(root)
        with pytest.raises(Killed):
            undo.undo(root, watch=struck(number))
        undo.undo(root)
        assert unchanged(root, before, state), acts[number]


def test_a_process_that_is_killed_leaves_what_undo_needs(root: Path) -> None:
    before, state = traps.seen(root), traps.git_state(root)
    program = f"""
import os, signal, pathlib
from migration.tidy import effect
from migration.tidy.layout import Wish
effect.carry_out(pathlib.Path({str(root)!r}), Wish(branch={traps.BRANCH!r}, test=("true",)),
    confirm={previewed(root).digest!r},
    watch=lambda act: os.kill(os.getpid(), signal.SIGKILL) if act == "placed" else None)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    with pytest.raises(Refusal, match=r"was begun before"):
        carried_out(root)
    undo.undo(root)
    assert unchanged(root, before, state)


@pytest.mark.parametrize(
    ("test", "words"),
    [
        (("false",), "tests are red"),
        (("no-such-program",), "FileNotFoundError"),
        (("sh", "-c", "echo more >> package.json"), "changed 1 tracked files, as package.json"),
    ],
)
def test_red_tests_put_everything_back_and_end_with_ten(
    root: Path, test: tuple[str, ...], words: str
) -> None:
    before, state = traps.seen(root), traps.git_state(root)
    with pytest.raises(effect.TestsFailed, match=words) as caught:
        effect.carry_out(root, replace(WISH, test=test), confirm=previewed(root).digest)
    assert (caught.value.exit_code, unchanged(root, before, state)) == (10, True)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(28, "full")])
def test_what_stops_it_on_its_way_puts_everything_back(root: Path, error: BaseException) -> None:
    before, state = traps.seen(root), traps.git_state(root)

    def stop(act: str) -> None:
        if act == "placed":
            raise error

    with pytest.raises(RunIncomplete, match=r"It was stopped .* Everything was put back"):
        carried_out(root, stop)
    assert unchanged(root, before, state)


def test_the_repository_s_tests_get_none_of_our_secrets(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RENDER_API_KEY", "CUTOVER_CONFIRM", "SUPABASE_DB_URL"):
        monkeypatch.setenv(name, "hunter2")
    wish = replace(WISH, test=("sh", "-c", "! env | grep hunter2"))
    effect.carry_out(root, wish, confirm=previewed(root).digest)


def test_a_secret_that_would_come_into_sight_puts_everything_back(root: Path) -> None:
    traps.write(root, {".git/info/exclude": "/v2/shown.txt\n", "v2/shown.txt": "ignored by its full path\n"})
    before, state = traps.seen(root), traps.git_state(root)
    with pytest.raises(Refusal, match=r"would no longer be ignored, as shown\.txt"):
        carried_out(root)
    assert unchanged(root, before, state)


def test_a_repository_of_its_own_in_the_folder_never_replaces_the_root_s(root: Path) -> None:
    (root / "v2/.git").mkdir()
    (root / "v2/.git/HEAD").write_text("ref: refs/heads/other\n")
    before, head = traps.seen(root), traps.git(root, "rev-parse", "HEAD")
    plan = carried_out(root)
    assert ("v2/.git/", None) in {(one.path, one.to) for one in plan.loose}
    assert traps.git(root, "rev-parse", TAG) == head
    undo.undo(root)
    assert traps.seen(root) == before


def _dirty(root: Path) -> None:
    (root / "README.md").write_text("changed\n")


def _conflict(root: Path) -> None:
    traps.write(root, {"v2/app/util.ts": "another\n"})
    traps.commit(root, "conflicting")


def _detached(root: Path) -> None:
    traps.git(root, "switch", "-q", "--detach")


def _elsewhere(root: Path) -> None:
    traps.git(root, "switch", "-q", "-c", "some-work")


def _hidden(root: Path) -> None:
    traps.git(root, "update-index", "--skip-worktree", "README.md")


def _merging(root: Path) -> None:
    (root / ".git/MERGE_HEAD").write_text(traps.git(root, "rev-parse", "HEAD"))


def _archive_taken(root: Path) -> None:
    traps.write(root, {"docs/archive/planning/x": "taken\n"})
    traps.commit(root, "taken")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_dirty, r"not committed: README\.md"),
        (_conflict, r"conflicts in v2/app/util\.ts"),
        (_detached, "No branch is checked out"),
        (_elsewhere, "The branch some-work is checked out, not main"),
        (_hidden, "hidden from git"),
        (_merging, "in the middle of something"),
        (_archive_taken, "archive's place is taken"),
    ],
)
def test_a_repository_that_is_not_fit_is_refused(
    root: Path, spoil: Callable[[Path], None], words: str
) -> None:
    spoil(root)
    before = traps.seen(root)
    with pytest.raises(Refusal, match=words):
        previewed(root)
    assert traps.seen(root) == before


def test_only_the_plan_that_was_looked_at_is_carried_out(root: Path) -> None:
    digest = previewed(root).digest
    traps.write(root, {"v2/late.txt": "came after the preview\n"})
    for typed, words in ((digest, "another was confirmed"), ("", "none was confirmed")):
        with pytest.raises(Refusal, match=words):
            effect.carry_out(root, WISH, confirm=typed)
    with pytest.raises(Refusal, match="No test command"):
        effect.carry_out(root, replace(WISH, test=()), confirm=digest)


def test_undo_refuses_where_it_would_lose_something(root: Path) -> None:
    with pytest.raises(Refusal, match="There is no clean-up"):
        undo.undo(root)
    carried_out(root)
    (root / "README.md").write_text("work of after\n")
    with pytest.raises(Refusal, match=r"1 tracked files were changed since, as README\.md"):
        undo.undo(root)
    traps.commit(root, "work of after")
    with pytest.raises(Refusal, match="There are commits after the clean-up"):
        undo.undo(root)
    traps.git(root, "reset", "-q", "--hard", "HEAD~1")
    traps.write(root, {"backend/app.py": "somebody's new file\n"})
    with pytest.raises(Refusal, match=r"Something lies where 1 files must come back to, as backend/app\.py"):
        undo.undo(root)
