"""What the target held before the import, as far as it decides what becomes of v1's people.

Documents whose id one of v1's own rows gives are ours from an earlier run, not v2's: they are written again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from checks.oracle.rules import Document, fold
from checks.target import ids

_TABLES = ("users", "userProfiles", "authAccounts", "cases")


class Known:
    """The backup's users, profiles and accounts, and the numbers of the four tables."""

    def __init__(
        self,
        numbers: dict[str, int],
        users: Iterable[Document],
        profiles: Iterable[Document],
        accounts: Iterable[Document],
        *,
        people: frozenset[str],
    ) -> None:
        # a table that the target has not got can hold no document: any number serves to name what is missing
        self.numbers = {table: numbers.get(table, 10001 + place) for place, table in enumerate(_TABLES)}
        ours = {ids.of_row(self.numbers["users"], key) for key in people}
        self.users: dict[str, list[Document]] = defaultdict(list)
        self.ours: dict[str, list[str]] = defaultdict(list)
        for user in users:
            email = fold(user.get("email"))
            if user["_id"] in ours:
                self.ours[email].append(user["_id"])
            elif email:
                self.users[email].append(user)
        self._mine = {ids.of_name(self.numbers["userProfiles"], f"userProfiles/{key}") for key in people}
        self._profiles: dict[str, list[Document]] = defaultdict(list)
        for profile in profiles:
            self._profiles[profile["userId"]].append(profile)
        self.accounts = {(row["provider"], row["providerAccountId"]): row for row in accounts}

    def profile(self, user_id: str) -> Document | None:
        """The profile that v2 made for a user; of several the oldest, and none when that one is ours."""
        found = self._profiles.get(user_id, [])
        oldest = min(found, key=lambda profile: (profile["_creationTime"], profile["_id"]), default=None)
        return None if oldest is None or oldest["_id"] in self._mine else oldest
