"""invoke's own program with one difference: `--list` is a table of contents, in chapters and reading order.

`inv` starts this. Plain `invoke` in an activated environment works just as well and lists alphabetically.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from invoke import __version__
from invoke.program import Program
from invoke.util import helpline

CHAPTERS_KEY = "chapters"


class CutoverProgram(Program):
    """Lists the root's tasks by the chapters that `tasks.py` configures; anything else as invoke does."""

    def list_flat(self) -> None:
        """Prints each chapter's title and its tasks with their first line."""
        chapters = self.scoped_collection.configuration().get(CHAPTERS_KEY)
        if self.list_root or not chapters:
            super().list_flat()
            return
        for title, names in chapters.items():
            print(f"{title}\n")  # noqa: T201 - this is the listing
            self.print_columns([(name, helpline(self.collection[name])) for name in names])


def main() -> None:
    """The entry point."""
    project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())["project"]
    version = f"{project['version']} (invoke {__version__})"
    CutoverProgram(version=version, name="Cutover", binary="inv", binary_names=["inv", "invoke"]).run()


if __name__ == "__main__":
    main()
