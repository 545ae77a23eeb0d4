"""The target's people as a graph: who has which profile, which e-mail and which ways in.

Built from the export alone, for checks that follow edges instead of comparing values. People are few; cases
are never held here.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from checks.target.archive import Archive

Document = dict[str, Any]


class Graph:
    """Users, profiles and accounts of one export, found from every side.

    A field that is absent or of another kind leads nowhere; that it is so is the schema check's finding.
    """

    def __init__(self, archive: Archive) -> None:
        self.users = {document["_id"]: document for document in archive.documents("users")}
        self.by_email: dict[str, list[str]] = defaultdict(list)
        for identifier, user in self.users.items():
            self.by_email[str(user.get("email"))].append(identifier)
        self.profiles = list(archive.documents("userProfiles"))
        self.profiles_of: dict[str, list[Document]] = defaultdict(list)
        self.by_legacy: dict[str, list[Document]] = defaultdict(list)
        for profile in self.profiles:
            self.profiles_of[str(profile.get("userId"))].append(profile)
            if "legacyId" in profile:
                self.by_legacy[str(profile["legacyId"])].append(profile)
        self._legacy = {
            user: legacy
            for user, found in self.profiles_of.items()
            if len(found) == 1 and isinstance(legacy := found[0].get("legacyId"), str)
        }
        self.accounts = list(archive.documents("authAccounts"))
        self.by_pair: dict[tuple[str, str], list[Document]] = defaultdict(list)
        self.accounts_of: dict[str, list[Document]] = defaultdict(list)
        for account in self.accounts:
            self.accounts_of[str(account.get("userId"))].append(account)
            pair = str(account.get("provider")), str(account.get("providerAccountId"))
            self.by_pair[pair].append(account)

    def legacy_of(self, user_id: object) -> str | None:
        """The v1 id on the only profile of this user, or None."""
        return self._legacy.get(str(user_id))

    def email_of(self, user_id: object) -> str | None:
        """The e-mail of this user, or None."""
        email = self.users.get(str(user_id), {}).get("email")
        return email if isinstance(email, str) else None
