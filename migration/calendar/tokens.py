"""Opens v1's Google tokens: Fernet under v1's ENCRYPTION_KEY. What is opened lives in memory only (law 13).

A wrong key is one refusal, found at the first user, before Google is asked for anything; a single token that
does not open is that user's own trouble.
"""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken
from pydantic import SecretStr

from migration.calendar.model import CalendarRefusal
from migration.calendar.people import Person

_CIPHERTEXT = "gAAAA"  # version byte and the high bytes of a time stamp: how every Fernet text begins


class Tokens:
    """v1's tokens, opened one at a time."""

    def __init__(self, key: SecretStr) -> None:
        try:
            self._fernet = Fernet(key.get_secret_value())
        except ValueError:
            raise CalendarRefusal(
                "ENCRYPTION_KEY is not a Fernet key (32 bytes in url-safe base64).",
                next_step="Take it from v1's backend, where it has the same name (its value is not shown).",
            ) from None

    def meet(self, people: Sequence[Person]) -> None:
        """Refuses a key that opens none of these users' refresh tokens; the first decides when it opens."""
        stored = [person.refresh_token for person in people if person.connected and person.refresh_token]
        if stored and all(self.opened(token) is None for token in stored):
            raise CalendarRefusal(
                "ENCRYPTION_KEY does not open the first user's token, nor any of the others'.",
                next_step="Take the key that v1's backend ran with; Google was not asked for anything.",
            )

    def opened(self, stored: str | None) -> str | None:
        """The token behind a stored text; None when it is absent or this key does not open it."""
        if not stored:
            return None
        try:
            return self._fernet.decrypt(stored.encode()).decode()
        except (InvalidToken, UnicodeError):
            return None

    def access(self, person: Person) -> str | None:
        """The stored access token. v1's documents disagree on whether it was encrypted, so both are taken."""
        stored = person.access_token
        return self.opened(stored) if stored and stored.startswith(_CIPHERTEXT) else stored
