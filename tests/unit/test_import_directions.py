"""The rooms import each other in the directions of the design, and in no other."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("tasks", "verbs", "migration", "checks", "e2e", "fixtures", "reports", "tests")
SHARED_WORDS = ("migration.model", "migration.config", "migration.errors", "migration.run")
CONNECTIONS = ("migration.source", "migration.target")

# Which modules of other rooms each room may import: a name allows itself and everything inside it.
ALLOWED: dict[str, tuple[str, ...]] = {
    "tasks.py": ("verbs", "migration", "fixtures", "reports"),
    "verbs": ("migration", "fixtures", "reports"),
    "checks": (*SHARED_WORDS, *CONNECTIONS, "fixtures"),
    "e2e": (*SHARED_WORDS, *CONNECTIONS, "fixtures"),
    "fixtures": SHARED_WORDS,
    "reports": ("migration.model", "migration.run"),
    "migration": (),
}
# Libraries that the engine must not know (tests, command line, browser, output on screen).
NOT_IN_THE_ENGINE = ("pytest", "invoke", "playwright", "rich", "jinja2", "factory", "syrupy")


def sources(place: str) -> list[Path]:
    """The Python files of a room."""
    path = ROOT / place
    found = [path] if path.is_file() else sorted(path.rglob("*.py"))
    return [file for file in found if "node_modules" not in file.parts]


def imported(file: Path) -> Iterator[str]:
    """Every module that a file imports anywhere, functions and type-checking blocks included."""
    for node in ast.walk(ast.parse(file.read_text(), str(file))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative imports hide their room"
            module = node.module or ""
            yield from (f"{module}.{alias.name}" for alias in node.names)


def forbidden(place: str, module: str) -> bool:
    """Whether `module` lies in another room that `place` may not import from."""
    room, own = module.partition(".")[0], place.removesuffix(".py")
    if room not in ROOMS or room == own:
        return False
    return not any(module == name or module.startswith(f"{name}.") for name in ALLOWED[place])


@pytest.mark.parametrize("place", sorted(ALLOWED))
def test_room_imports_only_what_the_design_allows(place: str) -> None:
    wrong = [
        f"{file.relative_to(ROOT)} imports {module}"
        for file in sources(place)
        for module in imported(file)
        if forbidden(place, module)
    ]
    assert wrong == []


def test_engine_knows_no_test_tool_no_command_line_and_no_browser() -> None:
    wrong = [
        f"{file.relative_to(ROOT)} imports {module}"
        for file in sources("migration")
        for module in imported(file)
        if module.partition(".")[0] in NOT_IN_THE_ENGINE
    ]
    assert wrong == []


def test_engine_prints_nothing() -> None:
    prints = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in sources("migration")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert prints == []


@pytest.mark.parametrize(
    ("place", "module"),
    [
        ("checks", "migration.mapping.cases"),
        ("checks", "migration.ids"),
        ("fixtures", "migration.flow.migrate"),
        ("fixtures", "verbs.exits"),
        ("migration", "fixtures.pair"),
        ("reports", "migration.verdict.merge"),
        ("e2e", "checks.judges"),
    ],
)
def test_this_test_would_notice_a_wrong_direction(place: str, module: str) -> None:
    assert forbidden(place, module)
