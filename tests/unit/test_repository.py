"""What a fresh clone must be like: locked, without addresses, and tied to no machine."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ["requirements.txt", "requirements-node.txt", "requirements-postgres.txt"]
NPM_LOCKS = ["fixtures/package-lock.json", "fixtures/browser/package-lock.json"]
# A home folder or a work folder of somebody's machine. Documented system places (/usr, /opt, /tmp) are fine.
MACHINE_PATH = re.compile(r"(?<![\w.$}~/-])/(?:home|root|Users|work|farm)/[\w.-]+")


def tracked() -> list[Path]:
    """The files that git knows."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in names.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("name", LOCKS)
def test_lock_file_names_no_download_address(name: str) -> None:
    assert re.findall(r"https?://\S+|--index-url|--find-links", (ROOT / name).read_text()) == []


@pytest.mark.parametrize("name", NPM_LOCKS)
def test_npm_lock_file_names_no_download_address(name: str) -> None:
    packages = json.loads((ROOT / name).read_text())["packages"]
    assert [path for path, package in packages.items() if "resolved" in package] == []


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_a_hash(name: str) -> None:
    blocks = re.split(r"\n(?=\S)", (ROOT / name).read_text())
    packages = [block for block in blocks if "==" in block]
    assert packages
    assert [block.split("==")[0] for block in packages if "--hash=sha256:" not in block] == []


@pytest.mark.parametrize("name", NPM_LOCKS)
def test_every_locked_npm_package_has_an_integrity_hash(name: str) -> None:
    packages = json.loads((ROOT / name).read_text())["packages"]
    assert [path for path, package in packages.items() if path and "integrity" not in package] == []


@pytest.mark.parametrize("name", LOCKS)
def test_lock_file_locks_what_its_input_asks_for(name: str) -> None:
    locked = {line.split("==")[0].lower() for line in (ROOT / name).read_text().splitlines() if "==" in line}
    asked = (ROOT / name).with_suffix(".in").read_text().splitlines()
    wanted = {re.split(r"[\[<>=;~! ]", line)[0].lower() for line in asked if line and line[0] not in "#-"}
    assert wanted - locked == set()


def test_no_tracked_file_names_a_folder_of_somebodys_machine() -> None:
    found = []
    for path in tracked():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {match}" for match in MACHINE_PATH.findall(text)]
    assert found == []


def test_people_data_and_secrets_are_ignored_by_git() -> None:
    names = [
        ".env",
        "reports/runs/x/report.html",
        "fixtures/.pair/pair.json",
        "fixtures/node_modules/x",
        ".venv/x",
    ]
    ignored = subprocess.run(
        ["git", "check-ignore", *names], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ignored.stdout.split() == names
