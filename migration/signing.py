"""SSH signatures: made and verified by `ssh-keygen -Y`, with the allowed signers of cutover.toml.

A signature binds a person's approval to a key that is written in the repository, so that nobody without the
key can give it, or give it anew for records that were changed. Secrets never come near: the key stays in its
file or its agent, and ssh-keygen asks for a passphrase itself.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from migration.errors import Refusal

NAMESPACE = "cutover"
_GOOD = re.compile(r"key (SHA256:\S+)")


def sign(content: bytes, key: Path) -> str:
    """The signature of `content` by a key file (private, or public with the private one in an agent)."""
    if not key.is_file():
        raise Refusal(
            f"There is no key file {key}.", next_step="Name your SSH key: --sign ~/.ssh/id_ed25519."
        )
    done = _ssh_keygen(["-Y", "sign", "-q", "-f", str(key), "-n", NAMESPACE], content)
    if done.returncode:
        raise Refusal(
            f"The key {key} could not sign.",
            next_step="Is it an SSH private key that you may use? Try ssh-keygen -y -f with it.",
        )
    return done.stdout.decode()


def verified(content: bytes, signature: str, by: str, signers: Sequence[str]) -> str:
    """The fingerprint of the key that signed `content` for the person `by`; empty when it does not hold.

    `signers`: lines of OpenSSH's allowed_signers (`NAME ssh-ed25519 AAAA...`).
    """
    with tempfile.TemporaryDirectory() as folder:
        allowed, made = Path(folder, "allowed"), Path(folder, "signature")
        allowed.write_text("".join(f"{line}\n" for line in signers))
        made.write_text(signature)
        done = _ssh_keygen(
            ["-Y", "verify", "-f", str(allowed), "-I", by, "-n", NAMESPACE, "-s", str(made)], content
        )
    found = _GOOD.search(done.stdout.decode(errors="replace"))
    return found[1] if done.returncode == 0 and found else ""


def _ssh_keygen(arguments: list[str], content: bytes) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["ssh-keygen", *arguments], input=content, capture_output=True, check=False)
    except FileNotFoundError:
        raise Refusal(
            "ssh-keygen is not installed, so nothing can be signed or verified.",
            next_step="Install OpenSSH's client, or approve without --sign where cutover.toml allows it.",
        ) from None
