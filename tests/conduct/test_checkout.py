"""Settings that stand in files of the checkout: a copy of it is spoilt, and the line is refused (exit 12)."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from fixtures.pair import PairState
from tests.conduct.desk import ROOT, Desk

ROOMS = ("migration", "verbs", "reports", "fixtures")
UNWANTED = shutil.ignore_patterns("node_modules", ".build", ".pair", "__pycache__", "runs", "latest", "*.ts")
Variables = Callable[..., dict[str, str]]

pytestmark = pytest.mark.usefixtures("unmoved")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What of this checkout a command line needs, to be spoilt."""
    copy = tmp_path / "checkout"
    copy.mkdir()
    for room in ROOMS:
        shutil.copytree(ROOT / room, copy / room, ignore=UNWANTED)
    for name in ("tasks.py", "cutover.toml", "invoke.yaml", "pyproject.toml"):
        shutil.copy(ROOT / name, copy)
    return copy


def refused(desk: Desk, checkout: Path, variables: dict[str, str], *arguments: str) -> str:
    """The paragraph with which a line in the copy is refused, before any run."""
    said = desk.line(*(arguments or ("migrate", "--env", "test")), checkout=checkout, more=variables)
    assert said.code == 12, said
    assert said.answered == ""
    assert desk.runs() == []
    return said.words


def name(checkout: Path, table: str, **sides: str) -> None:
    """Writes the names of both sides of an environment into the copy's cutover.toml."""
    lines = "".join(f'{side} = "{value}"\n' for side, value in sides.items())
    kept = (checkout / "cutover.toml").read_text().partition("\n[environments.")[0]
    (checkout / "cutover.toml").write_text(f"{kept}\n[environments.{table}]\n{lines}")


def test_a_key_of_cutover_toml_that_does_not_exist(kept: Desk, configured: Variables, checkout: Path) -> None:
    with (checkout / "cutover.toml").open("a") as file:
        file.write('[environments.staging]\ntarget = "x"\n')
    assert "unknown key 'staging'" in refused(kept, checkout, configured())
    text = (ROOT / "cutover.toml").read_text().replace("workers = 0", "wokers = 0")
    (checkout / "cutover.toml").write_text(text)
    words = refused(kept, checkout, configured())
    assert "unknown key 'wokers'" in words
    assert "Did you mean 'workers'?" in words


def test_an_env_file_that_others_may_read(kept: Desk, configured: Variables, checkout: Path) -> None:
    secret = checkout / ".env"
    secret.write_text("CONVEX_SELF_HOSTED_ADMIN_KEY=hunter2\n")
    secret.chmod(0o644)
    words = refused(kept, checkout, configured())
    assert "may be read by other users (mode 0644)" in words
    assert "chmod 600" in words
    assert "hunter2" not in words


def test_an_env_file_with_a_variable_that_does_not_exist_or_a_line_that_is_none(
    kept: Desk, configured: Variables, checkout: Path
) -> None:
    secret = checkout / ".env"
    for text, word in (("CUTOVER_ENVIRONMENT=hunter2\n", "CUTOVER_ENVIRONMENT"), ("hunter2\n", "line 1")):
        secret.write_text(text)
        secret.chmod(0o600)
        words = refused(kept, checkout, configured())
        assert word in words
        assert "hunter2" not in words


def test_production_without_its_name_typed(
    kept: Desk, configured: Variables, checkout: Path, pair: tuple[Path, PairState]
) -> None:
    target = pair[1].convex_url.partition("//")[2]
    name(checkout, "production", target=target, source=pair[1].postgres_dsn.rpartition("@")[2])
    line = ("migrate", "--production")
    assert "none was given" in refused(kept, checkout, configured(), *line)
    words = refused(kept, checkout, configured(), *line, "--confirm", "another-name")
    assert "another name was given" in words
    assert f"--confirm {target}" in words


def test_a_target_that_has_another_name_or_belongs_to_another_environment(
    kept: Desk, configured: Variables, checkout: Path, pair: tuple[Path, PairState]
) -> None:
    target = pair[1].convex_url.partition("//")[2]
    name(checkout, "test", target="happy-otter-123")
    assert f"The target is '{target}', but cutover.toml says 'happy-otter-123'" in refused(
        kept, checkout, configured()
    )
    name(checkout, "production", target=target)
    assert "belongs to the environment production, not to test" in refused(kept, checkout, configured())
