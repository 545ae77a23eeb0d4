"""The ways in: which account rows an auth user must have in v2, and which must not exist (decision 0001)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from checks.oracle.rules import Document, Row, fold, moment
from checks.target import ids


@dataclass(frozen=True)
class Account:
    """One account row that a person must have. `created` is the `_creationTime` of one we make."""

    provider: str
    name: str
    created: float
    verified: str | None = None

    @property
    def pair(self) -> tuple[str, str]:
        """What Convex Auth finds an account by."""
        return self.provider, self.name

    def document(self, number: int, user_id: str) -> Document:
        """The row we make."""
        made: Document = {
            "_id": ids.of_name(number, f"authAccounts/{self.provider}/{self.name}"),
            "_creationTime": self.created,
            "userId": user_id,
            "provider": self.provider,
            "providerAccountId": self.name,
        }
        return made if self.verified is None else {**made, "emailVerified": self.verified}


def barred(auth: Row, clock_ms: int) -> str:
    """Why this auth user may not sign in (and gets no account rows), or an empty text."""
    if auth.get("deleted_at") is not None:
        return "auth_deleted"
    until = auth.get("banned_until")
    forever = isinstance(until, str) and not until.startswith("-")
    return "banned" if forever or (isinstance(until, int) and until > clock_ms) else ""


def wanted(auth: Row | None, identities: Iterable[Row], joined: float, clock_ms: int) -> list[Account]:
    """The account rows of a person whose row was made at `joined`."""
    if auth is None or barred(auth, clock_ms):
        return []
    registered = moment(auth.get("created_at")) or joined
    found = [
        Account("google", str(identity["provider_id"]), moment(identity.get("created_at")) or registered)
        for identity in identities
        if identity["provider"] == "google"
    ]
    email = fold(auth.get("email"))
    if auth.get("has_password") and email:
        confirmed = auth.get("email_confirmed_at") is not None
        found.append(Account("password", email, registered, email if confirmed else None))
    return found
