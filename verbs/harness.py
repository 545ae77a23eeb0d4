"""The verbs of those who work on the harness itself: its parts, its tests, its figures.

Thin as all of them (`tasks.py`), which also gives their chapter.
"""

from __future__ import annotations

from invoke.context import Context

from migration.errors import PASS, REFUSED
from verbs.exits import leave
from verbs.flags import verb
from verbs.show import answer


@verb
def doctor(_: Context) -> None:
    """Every component, its version, and what would help."""
    from verbs.doctor import examine, healthy, table

    findings = examine()
    answer(table(findings))
    leave(PASS if healthy(findings) else REFUSED)


@verb
def setup(_: Context) -> None:
    """Installs or repairs everything that is missing."""
    doctor.body(_)


@verb
def test(_: Context, path: str = "tests", select: str = "", workers: int = 2) -> None:
    """The harness's own tests."""
    from verbs import quality

    leave(quality.tests(path=path, select=select, workers=workers))


@verb
def contract(_: Context, url: str = "", confirm: str = "", select: str = "", workers: int = 2) -> None:
    """Holds a deployment to Convex's wire, statement by statement."""
    from verbs import contract as suite

    leave(suite.run(url=url, confirm=confirm, select=select, workers=workers))


@verb
def bench(_: Context, what: str) -> None:
    """Measures one part, writes its page: convex, checks, page."""
    from verbs import bench as measuring

    leave(measuring.run(what))


@verb
def gallery(_: Context) -> None:
    """The pictures of docs/, of the newest runs here."""
    from verbs.gallery import take

    take()


@verb
def soak(_: Context, what: str) -> None:
    """A campaign by name; stopped, it goes on later."""
    from verbs import soak as lasting

    leave(lasting.run(what))


@verb
def check(_: Context, workers: int = 2) -> None:
    """Linters, types and tests."""
    from verbs import quality

    codes = [quality.lint(), quality.types(), quality.tests(path="tests", select="", workers=workers)]
    leave(next((code for code in codes if code), PASS))


@verb
def lint(_: Context, fix: bool = False) -> None:
    """ruff: rules and format."""
    from verbs import quality

    leave(quality.lint(fix=fix))


@verb
def types(_: Context) -> None:
    """mypy strict and tsc strict."""
    from verbs import quality

    leave(quality.types())


@verb
def lock(_: Context) -> None:
    """Writes the requirements*.txt lock files anew."""
    from verbs import quality

    leave(quality.lock())


TASKS = (setup, doctor, test, contract, bench, gallery, soak, check, lint, types, lock)
