"""invoke's own program with two differences: `--list` is a table of contents, in chapters and reading order,
and a run's id may follow a task without `--run`.

`inv` starts this. Plain `invoke` in an activated environment works just as well, lists alphabetically, and
wants `--run`.
"""

from __future__ import annotations

import os
import re
import sys
import tomllib
from collections.abc import Container, Sequence
from pathlib import Path

from invoke import __version__
from invoke.program import Program
from invoke.util import helpline

CHAPTERS_KEY = "chapters"
CUT_OFF = 128 + 13  # as a shell says of SIGPIPE
RUN_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{4}")


class CutoverProgram(Program):
    """Lists the root's tasks by the chapters that `tasks.py` configures; anything else as invoke does."""

    def parse_tasks(self) -> None:
        """As invoke does, but that a run may be named without its flag: `./inv approve RUN --by NAME`."""
        of_a_run = {str(context.name) for context in self.collection.to_contexts() if "run" in context.args}
        self.core.unparsed = run_named(self.core.unparsed, of_a_run)
        super().parse_tasks()

    def list_flat(self) -> None:
        """Prints each chapter's title and its tasks with their first line."""
        chapters = self.scoped_collection.configuration().get(CHAPTERS_KEY)
        if self.list_root or not chapters:
            super().list_flat()
            return
        for title, names in chapters.items():
            print(f"{title}\n")  # noqa: T201 - this is the listing
            self.print_columns([(name, helpline(self.collection[name])) for name in names])


def run_named(words: Sequence[str], tasks: Container[str]) -> list[str]:
    """The words of a command line, with `--run` put before a run's id that stands right after one of `tasks`.

    invoke has no optional word of a task: it would take the id for a task. A word after a flag is the flag's.
    """
    found: list[str] = []
    for before, word in zip(["", *words], words, strict=False):
        found += ["--run", word] if before in tasks and RUN_ID.fullmatch(word) else [word]
    return found


def main() -> None:
    """The entry point."""
    project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())["project"]
    version = f"{project['version']} (invoke {__version__})"
    program = CutoverProgram(version=version, name="Cutover", binary="inv", binary_names=["inv", "invoke"])
    try:
        try:
            program.run()
        finally:
            sys.stdout.flush()  # here, where it can be caught, and not at the interpreter's end
    except BrokenPipeError:  # whoever read our words (head, less) has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(CUT_OFF)


if __name__ == "__main__":
    main()
