"""The developer's commands: tests, linters, types, lock files. Each runs everything it has and then fails if
any part failed; none hides a failing command.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from fixtures.provision import node_binary
from migration.config import ROOT
from migration.errors import Refusal
from migration.model import Phase

ROOMS = ("tasks.py", "verbs", "migration", "checks", "e2e", "fixtures", "reports", "tests")
LOCKED = {"requirements": [], "requirements-node": ["--no-deps"], "requirements-postgres": ["--no-deps"]}
LOCK_FLAGS = ["--quiet", "--generate-hashes", "--no-header", "--universal", "--python-version", "3.11"]


def tests(*, path: str, select: str, workers: int) -> int:
    """Runs the harness's own tests and returns pytest's code."""
    chosen = ["-k", select] if select else []
    return _run("tests", [sys.executable, "-m", "pytest", *path.split(), "-n", str(workers), *chosen])


def write_detection() -> Path:
    """Writes docs/detection.md anew from the fault catalogue and the checks that there are."""
    from fixtures.faults.detection import family, page
    from verbs import suites

    phases = (Phase.DATA, Phase.APP, Phase.AFTER, Phase.RECHECK)
    written = ROOT / "docs" / "detection.md"
    written.write_text(
        page({family(name) for phase in phases for name in suites.listed(phase)}), encoding="utf-8"
    )
    return written


def lint(*, fix: bool = False) -> int:
    """ruff's rules and format over every room; `fix` mends what can be mended. Returns the first bad code."""
    rules = [sys.executable, "-m", "ruff", "check", *(["--fix"] if fix else []), *ROOMS]
    layout = [sys.executable, "-m", "ruff", "format", *([] if fix else ["--check"]), *ROOMS]
    return _first_bad([_run("lint", rules), _run("format", layout)])


def types() -> int:
    """mypy strict over every Python room and tsc strict over the TypeScript. Returns the first bad code."""
    python = _run("types", [sys.executable, "-m", "mypy", *ROOMS])
    compiler = ROOT / "fixtures" / "node_modules" / "typescript" / "bin" / "tsc"
    script = _run("tsc", [str(node_binary()), str(compiler), "--noEmit", "-p", str(ROOT / "fixtures")])
    return _first_bad([python, script])


def lock() -> int:
    """Writes each requirements*.txt anew from its .in file, with hashes and without any address."""
    beside = Path(sys.executable).with_name("uv")
    uv = shutil.which("uv") or (str(beside) if beside.exists() else None)
    if not uv:
        raise Refusal("Lock files are made by uv, which is not installed.", next_step="`pip install uv`")
    compile_ = [uv, "pip", "compile", *LOCK_FLAGS]
    return _first_bad(
        [
            _run("lock", [*compile_, *flags, f"{name}.in", "-o", f"{name}.txt"])
            for name, flags in LOCKED.items()
        ]
    )


def _first_bad(codes: Sequence[int]) -> int:
    return next((code for code in codes if code), 0)


def _run(name: str, command: Sequence[str]) -> int:
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    if code:
        sys.stderr.write(f"{name}: failed with code {code}\n")
    return code
