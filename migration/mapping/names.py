"""Ids that v1 never had, derived from a name so that every run gives the same one (decision 0001, Ids)."""

from __future__ import annotations

from hashlib import sha1
from uuid import NAMESPACE_URL, uuid5

NAMESPACE = uuid5(NAMESPACE_URL, "https://permtracker.app/cutover")
_NAMESPACE_BYTES = NAMESPACE.bytes


def derived(name: str) -> bytes:
    """The 16 bytes of uuid5(NAMESPACE, name), without the UUID class (hot: three a case)."""
    digest = bytearray(sha1(_NAMESPACE_BYTES + name.encode(), usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    return bytes(digest)


def derived_text(name: str) -> str:
    """As `derived`, in the spelling of a UUID."""
    text = derived(name).hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def uuid_bytes(text: str) -> bytes:
    """The 16 bytes of a UUID as PostgreSQL prints it."""
    return bytes.fromhex(text.replace("-", ""))


def profile(user_key: str) -> bytes:
    """The 16 bytes of the profile of `public.users.id`."""
    return derived(f"userProfiles/{user_key}")


def account(provider: str, account_id: str) -> bytes:
    """The 16 bytes of the account row of this pair."""
    return derived(f"authAccounts/{provider}/{account_id}")
