"""The transform's pass over users: users, profiles and account rows, with settings and preferences joined.

Finished lines are kept (memory grows with users); profiles with dismissed deadlines wait until the cases
are written, because a dismissed deadline of a case that is not migrated is dropped. Not here: who
everybody is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from migration.accounting import Book
from migration.identity import USERS, People, Person
from migration.ids import encode
from migration.link import Existing, Lookup
from migration.mapping import names
from migration.mapping.fields import Document, Row, Unmappable
from migration.mapping.merge import joined_profile, joined_user, unenforced
from migration.mapping.profiles import Dismissed, dismissed, profile_document
from migration.mapping.users import user_document
from migration.output import MAX_DOCUMENT, Line, line, spelled_line
from migration.quarantine import OWNER_COLUMN
from migration.rows import Mutable, Source, key_of

SETTINGS, PREFERENCES = "public.user_settings", "public.user_preferences"


class _Waiting(NamedTuple):
    """A profile whose dismissed deadlines are not resolved yet."""

    person: Person
    document: Document
    dismissed: list[Dismissed]


class UserPass:
    """Reads the users once; then `users`, `accounts` and `profiles` hold their lines."""

    def __init__(self, source: Source, lookup: Lookup, book: Book, people: People) -> None:
        self._source, self._lookup, self._book, self._people = source, lookup, book, people
        self._waiting: list[_Waiting] = []
        self._finished: list[Line] = []
        self._joined: set[str] = set()
        self.users: list[Line] = []

    def read(self) -> None:
        """Maps every user, and books users, settings and preferences."""
        children = [self._source.children(table) for table in (SETTINGS, PREFERENCES)]
        orphans = [orphaned(self._source, self._book, one.table, USERS) for one in children]
        for row in self._source.rows(USERS):
            person = self._people.by_key[key_of(row)]
            rows = [one.take(person.key, orphan) for one, orphan in zip(children, orphans, strict=True)]
            self._user(person, row, *(found[0] if found else {} for found in rows))
            for one, found in zip(children, rows, strict=True):
                self._book_children(one.table, found, person)
        for one, orphan in zip(children, orphans, strict=True):
            one.rest(orphan)

    def wanted_cases(self) -> set[str]:
        """The cases that some dismissed deadline names."""
        return {one.case for waiting in self._waiting for one in waiting.dismissed}

    def profiles(self, owners: dict[str, tuple[str, str]]) -> Iterator[Line]:
        """All profile lines. `owners`: owner key and `_id` of the wanted cases that were migrated."""
        yield from self._finished
        for waiting in self._waiting:
            yield self._profile(waiting.person, waiting.document, self._resolved(waiting, owners))
        for other in self._lookup.enforced:
            if other.id not in self._joined and not self._lookup.is_ours(other.id):
                yield spelled_line(unenforced(other.document()))

    def _resolved(self, waiting: _Waiting, owners: dict[str, tuple[str, str]]) -> list[Document]:
        """The dismissed deadlines of the user's own migrated cases; the first of each (case, type)."""
        found: dict[tuple[str, str], Document] = {}
        for case, deadline, at in waiting.dismissed:
            owner, case_id = owners.get(case, ("", ""))
            if owner == waiting.person.key:
                one = {"caseId": case_id, "deadlineType": deadline, "dismissedAt": at}
                found.setdefault((case_id, deadline), one)
            else:
                self._book.dropped["dismissed_deadline_unresolvable"] += 1
        return list(found.values())

    def _user(self, person: Person, row: Row, settings: Row, preferences: Row) -> None:
        if person.reason is None:
            try:
                self._map(person, row, settings, preferences)
            except Unmappable as problem:
                person.set_aside(problem.reason, problem.where)
        if person.reason is not None:
            self._book.quarantine(USERS, person.key, person.reason, person.where)
        elif person.match:
            self._book.accounts[USERS].merged += 1
        else:
            self._book.accounts[USERS].migrated += 1

    def _map(self, person: Person, row: Row, settings: Row, preferences: Row) -> None:
        user = user_document(row, person.auth, person.email)
        profile = profile_document(row, settings, preferences)
        firm = self._people.by_key.get(str(row.get("firm_id") or "").lower())
        if firm is not None and firm.reason is None:
            profile["firmId"] = firm.id
        if person.match:
            text = joined_user(person.match.document(), user)
            user_line = spelled_line(text)
        else:
            user_line = line(names.uuid_bytes(person.key), {"_id": person.id}, user)
        if len(user_line.text) > MAX_DOCUMENT:
            raise Unmappable("document_too_large")
        items = list(dismissed(settings, preferences, profile["updatedAt"], self._book.dropped))
        if items:
            self._waiting.append(_Waiting(person, profile, items))
        else:
            self._finished.append(self._profile(person, profile, []))
        self.users.append(user_line)

    def _profile(self, person: Person, document: Document, resolved: list[Document]) -> Line:
        theirs = self._theirs(person)
        if theirs:
            self._joined.add(theirs.id)
            one = spelled_line(joined_profile(theirs.document(), document, resolved))
        else:
            raw = names.profile(person.key)
            number = self._lookup.numbers["userProfiles"]
            links: dict[str, Any] = {
                "_id": encode(number, raw),
                "userId": person.id,
                "dismissedDeadlines": resolved,
            }
            if "firmId" in document:
                links["firmId"] = document["firmId"]
            one = line(raw, links, {name: it for name, it in document.items() if name != "firmId"})
        return one

    def _theirs(self, person: Person) -> Existing | None:
        """The profile that a matched v2 user already has, unless it is ours of an earlier run."""
        found = self._lookup.profiles.get(person.id) if person.match else None
        return None if found is None or self._lookup.is_ours(found.id) else found

    def _book_children(self, table: str, rows: list[Mutable], person: Person) -> None:
        for position, row in enumerate(rows):
            if person.reason:
                self._book.quarantine(table, key_of(row), "owner_quarantined")
            elif position:
                self._book.quarantine(table, key_of(row), "duplicate_row")
            else:
                self._book.accounts[table].merged += 1


def orphaned(source: Source, book: Book, table: str, parents: str) -> Callable[[Mutable], None]:
    """Books a row of `table` whose parent is not there: excluded or set aside with it, or an orphan."""
    column = OWNER_COLUMN.get(table, "user_id")

    def place(row: Mutable) -> None:
        owner = str(row.get(column) or "").lower()
        if owner in source.excluded[parents]:
            book.exclude(table, "owner_excluded")
        elif owner in source.unreadable[parents]:
            book.quarantine(table, key_of(row), "owner_quarantined")
        else:
            book.quarantine(table, key_of(row), "orphan", column)

    return place
