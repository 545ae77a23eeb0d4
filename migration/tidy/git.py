"""What is asked of git, and nothing of it decided here: trees, blobs, loose files, merges, commits.

Every call names its repository, takes no hook or lock that is not needed, and quotes nothing: paths are bytes
to git and surrogate-escaped text here. Reading changes nothing, not even the index's time stamps.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from migration.errors import Refusal, RunIncomplete
from migration.tidy.layout import Entry, Tree

_LEAST = (2, 38)
"""`git merge-tree --write-tree`, which merges without touching a file."""
_AT_WORK = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply", "BISECT_LOG")
LARGEST_TEXT = 1 << 20


class Repository:
    """One repository with files. `extra`: variables for git, as for objects that must go elsewhere."""

    def __init__(self, root: Path, extra: Mapping[str, str] | None = None) -> None:
        self.root, self._extra = root, dict(extra or {})

    @classmethod
    def open(cls, path: Path) -> Repository:
        """The repository whose root is `path`, fit for a clean-up; else a `Refusal` that says why not."""
        _recent_enough()
        found = cls(path.resolve())
        try:
            top = os.fsdecode(found.git("rev-parse", "--show-toplevel")).rstrip("\n")
        except (GitFailed, OSError):
            raise Refusal(f"{path} is no git repository with files.", next_step="Give --repo PATH.") from None
        if Path(top).resolve() != found.root:
            raise Refusal(f"{path} lies inside the repository {top}.", next_step=f"Give --repo {top}.")
        found.must_be_fit()
        return found

    def must_be_fit(self) -> None:
        """A branch checked out, nothing under way, nothing hidden from git's sight."""
        own = self.git_dir()
        under_way = [name for name in _AT_WORK if (own / name).exists()]
        if under_way:
            raise Refusal(
                f"git is in the middle of something ({under_way[0]}).", next_step="Finish or abort it."
            )
        if not self.branch():
            raise Refusal("No branch is checked out.", next_step="Check the main branch out.")
        hidden = [one for one in self.fields("ls-files", "-v", "-z") if one[0].islower() or one[0] == "S"]
        if hidden or self.text("config", "--bool", "core.sparseCheckout", check=False) == "true":
            raise Refusal(
                "Files are hidden from git here (sparse checkout, skip-worktree or assume-unchanged).",
                next_step="git sparse-checkout disable; git update-index --no-skip-worktree FILE.",
            )
        if not self.text("var", "GIT_COMMITTER_IDENT", check=False):
            raise Refusal("git does not know who commits.", next_step="Set user.name and user.email.")

    def git(self, *arguments: str, input: bytes = b"", extra: Mapping[str, str] | None = None) -> bytes:
        """What a git command says; `GitFailed` when it fails."""
        done = subprocess.run(
            [
                "git",
                "--no-optional-locks",
                "-c",
                "core.quotepath=false",
                "-c",
                "core.hooksPath=/dev/null",
                *arguments,
            ],
            cwd=self.root,
            env={**clean_environment(), "LC_ALL": "C", **self._extra, **(extra or {})},
            input=input,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise GitFailed(arguments[0], done.returncode, done.stdout, os.fsdecode(done.stderr).strip())
        return done.stdout

    def text(self, *arguments: str, check: bool = True) -> str:
        """The same as one line of text; with `check` false an empty one for a failure."""
        try:
            return os.fsdecode(self.git(*arguments)).strip()
        except GitFailed:
            if check:
                raise
            return ""

    def fields(self, *arguments: str) -> list[str]:
        """What a command with `-z` lists."""
        return [one for one in os.fsdecode(self.git(*arguments)).split("\0") if one]

    # what is there

    def git_dir(self) -> Path:
        """Where git keeps what is this checkout's own."""
        return (self.root / self.text("rev-parse", "--git-dir")).resolve()

    def branch(self) -> str:
        """The branch that is checked out; empty when none is."""
        return self.text("symbolic-ref", "-q", "--short", "HEAD", check=False)

    def commit(self, name: str) -> str:
        """The id of a commit, or a `Refusal` when there is none of this name."""
        found = self.text("rev-parse", "--verify", "-q", f"{name}^{{commit}}", check=False)
        if not found:
            raise Refusal(
                f"The repository has no commit {name!r}.", next_step="git branch -a lists branches."
            )
        return found

    def tree(self, name: str) -> Tree:
        """Every file of a tree."""
        found: Tree = {}
        for line in self.fields("ls-tree", "-r", "-z", "--full-tree", name):
            about, _, path = line.partition("\t")
            mode, _, oid = about.split(" ")
            found[path] = Entry(mode, oid)
        return found

    def changed(self) -> list[str]:
        """Tracked files that differ from the last commit, staged or not, submodules included."""
        return [one[3:] for one in self.fields("status", "--porcelain", "-z", "-uno", "--no-renames")]

    def loose(self) -> dict[str, bool]:
        """Files and folders (with `/`) that git does not track, and whether git ignores them."""
        ignored = set(self.fields("ls-files", "-o", "-i", "--exclude-standard", "--directory", "-z"))
        return {one: one in ignored for one in self.fields("ls-files", "-o", "--directory", "-z")}

    def visible(self) -> set[str]:
        """Untracked files that git does not ignore: what the next `git add` would take."""
        return set(self.fields("ls-files", "-o", "--exclude-standard", "-z"))

    def unlike_index(self) -> list[str]:
        """Tracked files whose content is not what the index says."""
        return self.fields("diff", "--name-only", "-z", "--no-ext-diff", "--ignore-submodules=none")

    def blobs(self, oids: Iterable[str]) -> dict[str, bytes]:
        """The content of each blob that is no larger than a text is."""
        wanted = sorted(set(oids))
        said = os.fsdecode(self.git("cat-file", "--batch-check", input="\n".join(wanted).encode() + b"\n"))
        small = [one.split()[0] for one in said.splitlines() if _is_small_blob(one)]
        content = self.git("cat-file", "--batch", input="".join(f"{one}\n" for one in small).encode())
        found, at = {}, 0
        while at < len(content):
            end = content.index(b"\n", at)
            oid, _, size = content[at:end].decode().split()
            found[oid] = content[end + 1 : end + 1 + int(size)]
            at = end + 2 + int(size)
        return found

    # objects, which change no file and no branch

    @contextmanager
    def scratch(self) -> Iterator[Repository]:
        """The same repository, whose new objects go to a folder that is removed."""
        objects = self.root / self.text("rev-parse", "--git-path", "objects")
        with tempfile.TemporaryDirectory(prefix="cutover-objects-") as folder:
            yield Repository(
                self.root,
                {"GIT_OBJECT_DIRECTORY": folder, "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(objects.resolve())},
            )

    def merged(self, branch: str) -> str:
        """The tree that merging a branch into HEAD gives; a `Refusal` that names conflicts."""
        try:
            return os.fsdecode(
                self.git("merge-tree", "--write-tree", "-z", "--name-only", "HEAD", branch)
            ).split("\0")[0]
        except GitFailed as error:
            if error.code != 1:
                raise
            names = os.fsdecode(error.said).split("\0\0")[0].split("\0")[1:]
            raise Refusal(
                f"Merging {branch} conflicts in {', '.join(names[:5])}.",
                next_step="Merge it by hand and run the command again; it then finds nothing to merge.",
            ) from None

    def contains(self, branch: str) -> bool:
        """Whether HEAD has all commits of a branch."""
        try:
            self.git("merge-base", "--is-ancestor", branch, "HEAD")
        except GitFailed:
            return False
        return True

    def store(self, content: bytes) -> str:
        """Writes a blob and returns its id."""
        return os.fsdecode(self.git("hash-object", "-w", "--stdin", input=content)).strip()

    def write_tree(self, entries: Tree) -> str:
        """Writes a tree by an index of its own and returns its id."""
        lines = b"".join(
            f"{one.mode} {one.oid} 0\t".encode() + os.fsencode(path) + b"\0" for path, one in entries.items()
        )
        with tempfile.TemporaryDirectory(prefix="cutover-index-") as folder:
            index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            self.git("update-index", "-z", "--index-info", input=lines, extra=index)
            return os.fsdecode(self.git("write-tree", extra=index)).strip()

    def write_commit(self, tree: str, parents: Iterable[str], message: str) -> str:
        """Writes a commit that no branch points at yet."""
        named = [part for one in parents for part in ("-p", one)]
        return os.fsdecode(self.git("commit-tree", tree, *named, input=message.encode())).strip()


class GitFailed(RunIncomplete):
    """A git command that ended with a code of its own."""

    def __init__(self, command: str, code: int, said: bytes, why: str) -> None:
        super().__init__(f"git {command} failed with code {code}: {why[:300]}", touched="")
        self.code, self.said = code, said


def clean_environment() -> dict[str, str]:
    """The environment without git's own variables, which would point at another repository."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}


def _is_small_blob(line: str) -> bool:
    parts = line.split()
    return len(parts) == 3 and parts[1] == "blob" and int(parts[2]) <= LARGEST_TEXT


def _recent_enough() -> None:
    try:
        told = subprocess.run(["git", "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:
        told = ""
    found = re.search(r"(\d+)\.(\d+)", told)
    if found is None or (int(found[1]), int(found[2])) < _LEAST:
        raise Refusal(
            f"git here is {told.strip() or 'not there'}; 2.38 is needed.", next_step="Install a newer one."
        )
