"""A run's raw data behind age encryption, between its use and its purge (law 13, optional).

After the window the backup may be wanted for weeks while nobody should be able to read it in passing. `close`
packs the data folder into one file for the recipients of cutover.toml and removes the folder; `open_` brings
it back, byte for byte, with an identity that never stands in a setting. Both are noted in the ledger.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pyrage

from migration.errors import Refusal, RunIncomplete
from migration.model import LedgerEntry, StepOutcome
from migration.run import Run, iso_now
from migration.verdict import is_loaded, is_rolled_back

CLOSED, OPENED = "encrypt", "decrypt"
"""The ledger's names of the two steps."""

_SSH = "ssh-"
_PIECE = 1 << 20


@dataclass(frozen=True)
class Packed:
    """What was put into the file or taken out of it: files, and bytes and SHA-256 of the packed stream."""

    files: int
    bytes: int
    sha256: str


def place(run: Run) -> Path:
    """Where the encrypted data of a run lies: beside its data folder."""
    return run.data.with_name(f"{run.id}.tar.age")


def must_be_open(run: Run) -> None:
    """A `RunIncomplete` while the run's data is encrypted: nothing can be resumed, judged or rolled back."""
    if place(run).exists():
        raise RunIncomplete(
            f"The data of run {run.id} is encrypted.",
            touched="Nothing was changed.",
            next_step=f"./inv decrypt {run.id} --identity FILE",
        )


def close(run: Run, recipients: Sequence[str]) -> Packed:
    """Packs and encrypts the data folder, then removes it. A `Refusal` for a recipient that can not be read,
    and while the run would be resumed from its data."""
    _may_be_closed(run)
    keys = [_recipient(one) for one in recipients]
    files = sum(path.is_file() for path in run.data.rglob("*"))
    partial = place(run).with_suffix(".part")
    try:
        with open(partial, "wb", opener=_private) as out:
            packed = _through(
                lambda into: _pack(run.data, into), lambda stream: pyrage.encrypt_io(stream, out, keys)
            )
            out.flush()
            os.fsync(out.fileno())
        partial.replace(place(run))
    finally:
        partial.unlink(missing_ok=True)
    done = Packed(files, *packed)
    shutil.rmtree(run.data, ignore_errors=True)
    left = sum(path.is_file() for path in run.data.rglob("*")) if run.data.exists() else 0
    _note(run, CLOSED, done, StepOutcome.FAILED if left else StepOutcome.DONE)
    if left:
        raise RunIncomplete(
            f"{left} files of {run.data} could not be removed.",
            touched=f"All of them are in {place(run).name} too.",
            next_step="Look at the rights of what is left, then remove the folder.",
        )
    return done


def open_(run: Run, identity: Path) -> Packed:
    """Decrypts and unpacks the data folder, proves it is what was packed, and removes the encrypted one.
    A `Refusal` when nothing is encrypted, and for an identity that can not be read or does not fit."""
    if not place(run).exists():
        raise Refusal(f"Run {run.id} has no encrypted data.", next_step="./inv runs")
    keys = _identities(identity)
    wanted = next((one.notes["sha256"] for one in reversed(run.ledger()) if one.step == CLOSED), None)
    fresh = run.data.with_name(f"{run.id}.opening")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    try:
        with place(run).open("rb") as source:
            packed = _through(
                lambda into: pyrage.decrypt_io(source, into, keys), lambda stream: _unpack(stream, fresh)
            )
        if packed[1] != wanted:
            raise _damaged(run)
        if run.data.exists():
            run.data.rmdir()  # an empty one, made when the run was opened; anything in it is not ours to lose
        fresh.rename(run.data)
    except pyrage.DecryptError as error:
        raise Refusal(
            f"{place(run).name} can not be decrypted with that identity: {error}.",
            next_step="Take the identity that belongs to a recipient of cutover.toml.",
        ) from None
    except (tarfile.TarError, OSError) as error:
        raise _damaged(run) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    done = Packed(sum(path.is_file() for path in run.data.rglob("*")), *packed)
    _note(run, OPENED, done, StepOutcome.DONE)
    place(run).unlink()
    return done


def _may_be_closed(run: Run) -> None:
    ledger = run.ledger()
    if place(run).exists():
        raise Refusal(f"The data of run {run.id} is encrypted already.", next_step="./inv runs")
    if ledger and not is_loaded(ledger) and not is_rolled_back(ledger):
        raise Refusal(
            f"Run {run.id} was begun and neither loaded nor rolled back, and would be resumed from its data.",
            touched="Nothing was encrypted.",
            next_step="./inv migrate --resume, or ./inv rollback",
        )


def _recipient(text: str) -> Any:
    kind = pyrage.ssh.Recipient if text.startswith(_SSH) else pyrage.x25519.Recipient
    try:
        return kind.from_str(text)
    except pyrage.RecipientError as error:
        raise Refusal(
            f"cutover.toml: [privacy] age_recipients: {text[:24]}... is no recipient of age: {error}.",
            next_step="age1..., or an SSH public key of the kind ssh-ed25519 or ssh-rsa.",
        ) from None


def _identities(path: Path) -> list[Any]:
    try:
        text = path.read_text("utf-8")
        if "PRIVATE KEY-----" in text:
            return [pyrage.ssh.Identity.from_buffer(text.encode())]
        lines = [line.strip() for line in text.splitlines() if line.startswith("AGE-SECRET-KEY-")]
        found = [pyrage.x25519.Identity.from_str(line) for line in lines]
    except (OSError, UnicodeDecodeError, pyrage.IdentityError) as error:
        raise Refusal(
            f"{path.name} can not be read as an identity of age ({type(error).__name__}).",
            next_step="--identity names a file of age-keygen, or an SSH private key without a passphrase.",
        ) from None
    if not found:
        raise Refusal(f"{path.name} holds no identity of age.", next_step="age-keygen makes one.")
    return found


def _through(write: Callable[[IO[bytes]], None], read: Callable[[_Counted], None]) -> tuple[int, str]:
    """Lets one function write what the other reads, with no plain copy on the disk; its bytes and SHA-256."""
    reading, writing = os.pipe()
    failed: list[BaseException] = []

    def feed() -> None:
        with os.fdopen(writing, "wb") as into:
            try:
                write(into)
            except BaseException as error:  # noqa: BLE001 - it is raised again by the thread that waits
                failed.append(error)

    feeder = threading.Thread(target=feed)
    feeder.start()
    with _Counted(os.fdopen(reading, "rb")) as stream:
        try:
            read(stream)
        finally:
            stream.drain()
            feeder.join()
            if failed:
                raise failed[0]
        return stream.bytes, stream.digest.hexdigest()


class _Counted:
    """A readable stream that knows what went through it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self.bytes, self.digest = stream, 0, hashlib.sha256()

    def __enter__(self) -> _Counted:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def read(self, size: int = -1) -> bytes:
        piece = self._stream.read(size)
        self.bytes += len(piece)
        self.digest.update(piece)
        return piece

    def drain(self) -> None:
        """Reads the rest: a writer whose reader is gone would wait for ever."""
        while self.read(_PIECE):
            pass


def _pack(folder: Path, into: IO[bytes]) -> None:
    with tarfile.open(fileobj=into, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        # symbolic links are pointers of the test tool's own, and lead to folders that are packed anyway
        for path in sorted(one for one in folder.rglob("*") if not one.is_symlink()):
            archive.add(path, arcname=str(path.relative_to(folder)), recursive=False)


def _unpack(stream: Any, folder: Path) -> None:
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        archive.extractall(folder, filter="data")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _note(run: Run, step: str, packed: Packed, outcome: StepOutcome) -> None:
    notes = {"files": packed.files, "bytes": packed.bytes, "sha256": packed.sha256}
    run.append_ledger(LedgerEntry(step=step, outcome=outcome, at=iso_now(), notes=notes))


def _damaged(run: Run) -> RunIncomplete:
    return RunIncomplete(
        f"{place(run).name} is not what was packed.",
        touched="It was left as it is, and nothing was unpacked.",
        next_step="Take a copy of it from your own backups.",
    )
