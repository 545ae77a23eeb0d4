"""`auth.users` and `auth.identities` -> v2's `authAccounts`: the ways in.

A password account carries no secret: v1's bcrypt can not be verified by v2, but v2's reset flow finds the
row. Not here: whether the target already has the account, or two users want the same
(`migration.identity`).
"""

from __future__ import annotations

from typing import NamedTuple

from migration.mapping.fields import Document, Field, Row, mapped
from migration.mapping.instants import created, instant, is_after
from migration.mapping.text import fold, text_of

AUTH_READS = frozenset({"id", "email", "encrypted_password", "banned_until", "deleted_at", "created_at"})
IDENTITY_READS = frozenset({"id", "user_id", "provider", "provider_id", "created_at"})


_INSTANTS = tuple(Field(name, name, instant) for name in ("created_at", "deleted_at", "email_confirmed_at"))


class Account(NamedTuple):
    """One way in that a user should have. `identity`: the key of the v1 identity it came from, if any."""

    provider: str
    account_id: str
    document: Document  # without `_id` and `userId`
    identity: str | None


def withheld(auth: Row, clock_ms: float) -> str | None:
    """Why this auth user gets no account row: `auth_deleted`, `banned` or nothing."""
    if auth.get("deleted_at") is not None:
        return "auth_deleted"
    until = auth.get("banned_until")
    return "banned" if until is not None and is_after(until, clock_ms) else None


def readable(auth: Row) -> None:
    """Refuses an auth row with an instant that can not be carried, also where nothing comes of its value."""
    mapped(auth, _INSTANTS)


def google_account(identity: Row, auth: Row, user: Row) -> Account:
    """The account row of a Google identity: the subject stays text."""
    subject = text_of(identity.get("provider_id") or "")
    document = {
        "provider": "google",
        "providerAccountId": subject,
        "_creationTime": _creation(identity, auth, user),
    }
    return Account("google", subject, document, text_of(identity.get("id") or ""))


def password_account(auth: Row, user: Row) -> Account | None:
    """The account row of a password, without the secret; None when there is no password or no e-mail."""
    email = fold(auth.get("email"))
    if not auth.get("has_password") or not email:
        return None
    document = {
        "provider": "password",
        "providerAccountId": email,
        "_creationTime": _creation(auth, user),
    }
    if auth.get("email_confirmed_at") is not None:
        document["emailVerified"] = email
    return Account("password", email, document, None)


def _creation(*rows: Row) -> float:
    """The creation of the first of these rows that has one."""
    return created(next((row for row in rows if row.get("created_at") is not None), rows[-1]))
