"""The transform's pass over the ways in: account rows, and the fate of every auth row and identity.

After the pass over users, because whoever is set aside gets none. Not here: which accounts a user should have
(`identity`), and their fields (`mapping.accounts`).
"""

from __future__ import annotations

from collections.abc import Iterator

from migration.accounting import Book
from migration.identity import AUTH, IDENTITIES, People, Person
from migration.ids import decode, encode
from migration.link import Lookup
from migration.mapping import names
from migration.mapping.accounts import Account, withheld
from migration.mapping.fields import Row
from migration.output import Line, line
from migration.rows import key_of


class AccountPass:
    """Goes over all auth rows once; then `lines` holds the account rows."""

    def __init__(self, lookup: Lookup, book: Book, people: People) -> None:
        self._lookup, self._book, self._people = lookup, book, people
        self.lines: list[Line] = []

    def read(self) -> None:
        """Places every auth row and identity, and writes the account rows."""
        linked: dict[str, list[Person]] = {}
        for person in self._people.by_key.values():
            if person.auth_key:
                linked.setdefault(person.auth_key, []).append(person)
        for key in self._people.auth:
            self._book_auth_row(key, linked.get(key, []))
        made = {one.identity: self._account(person, one) for person, one in self._ways_in()}
        for key, rows in self._people.identities.items():
            for row in rows:
                self._book_identity(row, self._people.auth.get(key), linked.get(key, []), made)

    def _ways_in(self) -> Iterator[tuple[Person, Account]]:
        for person in self._people.by_key.values():
            if person.reason is None:
                yield from ((person, account) for account in person.accounts)

    def _account(self, person: Person, account: Account) -> bool:
        """Writes the account row; False when the user already has it on the target."""
        raw = names.account(account.provider, account.account_id)
        there = self._lookup.accounts.get((account.provider, account.account_id))
        if there is not None and decode(there[0])[1] != raw:
            return False
        number = self._lookup.numbers["authAccounts"]
        links = {"_id": encode(number, raw), "userId": person.id}
        self.lines.append(line(raw, links, account.document))
        return True

    def _book_auth_row(self, key: str, persons: list[Person]) -> None:
        if not persons:
            self._book.exclude(AUTH, "without_profile")
        elif all(person.reason for person in persons):
            self._book.quarantine(AUTH, key, "owner_quarantined")
        else:
            self._book.accounts[AUTH].merged += 1

    def _book_identity(
        self, row: Row, auth: Row | None, persons: list[Person], made: dict[str | None, bool]
    ) -> None:
        key = key_of(row)
        if auth is None or not persons:
            self._book.exclude(IDENTITIES, "without_profile")
        elif all(person.reason for person in persons):
            self._book.quarantine(IDENTITIES, key, "owner_quarantined")
        elif row.get("provider") != "google":
            self._book.exclude(IDENTITIES, "provider_not_google")
        elif reason := withheld(auth, self._lookup.clock_ms):
            self._book.exclude(IDENTITIES, reason)
        elif made.get(key):
            self._book.accounts[IDENTITIES].migrated += 1
        else:
            self._book.accounts[IDENTITIES].merged += 1
