"""A run's raw data goes behind age and comes back byte for byte, or not at all."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pyrage
import pytest

from migration import vault
from migration.audit import examine
from migration.errors import PASS, Refusal, RunIncomplete
from migration.purge import purge
from migration.run import Run
from tests.unit.migration.proven import conclude, ended, proven
from tests.unit.migration.support import settings_for

Key = tuple[str, Path]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A loaded run with data that an archive could stumble over."""
    made = proven(tmp_path)
    (made.data / "raw").mkdir()
    (made.data / "raw" / "cases.ndjson").write_bytes(bytes(range(256)) * 9000)
    (made.data / "ü, a name\nof two lines").write_bytes(b"")
    (made.data / "backup.zip").write_bytes(b"Jane Doe" * 500)
    (made.data / "latest").symlink_to(made.data / "raw")  # as pytest leaves one
    return made


@pytest.fixture
def key(tmp_path: Path) -> Key:
    identity = pyrage.x25519.Identity.generate()
    path = tmp_path / "identity.txt"
    path.write_text(f"# created by a test\n{identity}\n")
    return str(identity.to_public()), path


def content(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.glob("**/*") if p.is_file()}


def test_there_and_back_is_the_same_and_the_record_holds(run: Run, key: Key) -> None:
    before = content(run.data)
    closed = vault.close(run, [key[0]])
    assert not run.data.exists()
    assert vault.place(run).stat().st_mode & 0o777 == 0o600
    assert b"Jane Doe" not in vault.place(run).read_bytes()
    run.data.mkdir(mode=0o700)  # as every command does that opens the run
    with pytest.raises(RunIncomplete, match=r"is encrypted.*inv decrypt"):
        vault.must_be_open(run)
    assert vault.open_(run, key[1]) == closed
    assert content(run.data) == before
    assert not vault.place(run).exists()
    vault.must_be_open(run)
    conclude(run)
    assert examine(run.folder).code == PASS
    assert [entry.step for entry in run.ledger()][-2:] == ["encrypt", "decrypt"]


def test_an_ssh_key_does_as_well(run: Run, tmp_path: Path) -> None:
    if shutil.which("ssh-keygen") is None:
        pytest.skip("no ssh-keygen here")
    path = tmp_path / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    before = content(run.data)
    vault.close(run, [path.with_suffix(".pub").read_text().strip()])
    vault.open_(run, path)
    assert content(run.data) == before


def test_another_identity_opens_nothing_and_loses_nothing(run: Run, key: Key, tmp_path: Path) -> None:
    vault.close(run, [key[0]])
    packed = vault.place(run).read_bytes()
    for text in (str(pyrage.x25519.Identity.generate()), "no identity", ""):
        (tmp_path / "other").write_text(text)
        with pytest.raises(Refusal):
            vault.open_(run, tmp_path / "other")
    with pytest.raises(Refusal, match="can not be read as an identity"):
        vault.open_(run, tmp_path / "absent")
    assert vault.place(run).read_bytes() == packed
    assert list(run.data.parent.glob(f"{run.id}*")) == [vault.place(run)]


@pytest.mark.parametrize("at", [0, 100, -1])
def test_a_changed_byte_is_found_and_nothing_is_unpacked(run: Run, key: Key, at: int) -> None:
    vault.close(run, [key[0]])
    packed = bytearray(vault.place(run).read_bytes())
    packed[at] ^= 1
    vault.place(run).write_bytes(packed)
    with pytest.raises((Refusal, RunIncomplete)):
        vault.open_(run, key[1])
    assert not run.data.exists()
    assert vault.place(run).exists()


def test_what_was_packed_elsewhere_is_not_taken_for_the_run_s(run: Run, key: Key) -> None:
    vault.close(run, [key[0]])
    other = run.data.parent / "other"
    other.mkdir()
    vault.place(run).write_bytes(pyrage.encrypt(b"", [pyrage.x25519.Recipient.from_str(key[0])]))
    with pytest.raises(RunIncomplete, match="is not what was packed"):
        vault.open_(run, key[1])


def test_refused_for_no_recipient_twice_and_while_it_would_be_resumed(
    run: Run, key: Key, tmp_path: Path
) -> None:
    with pytest.raises(Refusal, match="is no recipient of age"):
        vault.close(run, ["age1nobody"])
    assert (run.data / "backup.zip").exists()
    vault.close(run, [key[0]])
    with pytest.raises(Refusal, match="encrypted already"):
        vault.close(run, [key[0]])
    begun = Run.create(settings_for(tmp_path / "second"))
    ended(begun, "export")
    with pytest.raises(Refusal, match="would be resumed"):
        vault.close(begun, [key[0]])


def test_a_purge_takes_the_encrypted_data_too(run: Run, key: Key) -> None:
    ended(run, "rollback")
    vault.close(run, [key[0]])
    purge(run)
    assert list(run.data.parent.glob(f"{run.id}*")) == []
