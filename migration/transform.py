"""Transform: the raw snapshot becomes the documents to import. Memory grows with users, not with cases.

Order: who everybody is (`identity`), users with their settings (`transform_users`), their ways in
(`transform_accounts`), cases with their entries (here), and last the profiles that wait for the ids of
dismissed cases. The same snapshot, lookup and resolutions give the same bytes. Not here: values (`mapping`),
import (`load`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migration.accounting import Book, TableAccount
from migration.identity import People, Person, resolve
from migration.ids import encode
from migration.link import Lookup
from migration.mapping.cases import case_document
from migration.mapping.dropped import READ
from migration.mapping.entries import Entry, from_row
from migration.mapping.fields import Row, Unmappable
from migration.mapping.names import uuid_bytes
from migration.output import MAX_DOCUMENT, TableResult, TableWriter, line, write_table
from migration.progress import Progress
from migration.quarantine import Quarantined, Resolutions
from migration.rows import Mutable, Source, key_of
from migration.transform_accounts import AccountPass
from migration.transform_users import UserPass, orphaned

CASES, RFI, RFE = "public.cases", "public.case_rfi", "public.case_rfe"
_PROGRESS_EVERY = 1000


@dataclass(frozen=True)
class TransformReport:
    """What a transform did. `dropped_columns`: values that were not carried, by `table.column`.

    Counts there are of columns the snapshot holds, and of keys inside JSON (`public.cases.documents[].type`).
    """

    tables: dict[str, TableResult]
    accounting: dict[str, TableAccount]
    dropped_columns: dict[str, int]
    quarantined: list[Quarantined]
    resolutions: str  # digest of the resolutions that were applied

    def as_manifest(self) -> dict[str, Any]:
        """The manifest's `transform`: counts and digests, no keys of rows."""
        return {
            "tables": {
                name: {"documents": one.documents, "digest": one.digest} for name, one in self.tables.items()
            },
            "accounting": {name: account.as_dict() for name, account in self.accounting.items()},
            "dropped_columns": self.dropped_columns,
            "resolutions": self.resolutions,
        }


def transform(
    raw: Path, lookup: Lookup, out: Path, *, progress: Progress, resolutions: Resolutions | None = None
) -> TransformReport:
    """Writes `out/<table>.ndjson` for the four tables and reports every row's fate.

    Rows set aside are in the report; the caller must not load while there are any. A resolution that meets no
    row is refused, a snapshot with a missing or unsorted file ends the run.
    """
    decided = resolutions or Resolutions()
    book = Book(READ)
    source = Source(raw, book, decided)
    out.mkdir(parents=True, exist_ok=True)
    people = resolve(source, lookup)
    users = UserPass(source, lookup, book, people)
    users.read()
    accounts = AccountPass(lookup, book, people)
    accounts.read()
    with TableWriter(out, "cases") as writer:
        owners = _CasePass(source, lookup, book, people, users.wanted_cases()).write(writer, progress)
        cases = writer.result()
    tables = {
        "users": write_table(out, "users", users.users),
        "authAccounts": write_table(out, "authAccounts", accounts.lines),
        "userProfiles": write_table(out, "userProfiles", users.profiles(owners)),
        "cases": cases,
    }
    decided.refuse_unmet()
    book.close()
    dropped = dict(sorted(book.dropped.items()))
    return TransformReport(tables, book.accounts, dropped, book.quarantined, decided.digest)


class _CasePass:
    """The pass over cases, with the rows of case_rfi and case_rfe joined to each."""

    def __init__(self, source: Source, lookup: Lookup, book: Book, people: People, wanted: set[str]) -> None:
        self._source, self._lookup, self._book, self._people = source, lookup, book, people
        self._wanted = wanted
        self._owners: dict[str, tuple[str, str]] = {}

    def write(self, writer: TableWriter, progress: Progress) -> dict[str, tuple[str, str]]:
        """Writes all cases; returns owner key and `_id` of the wanted ones that were migrated."""
        children = [self._source.children(table) for table in (RFI, RFE)]
        orphans = [orphaned(self._source, self._book, one.table, CASES) for one in children]
        for done, row in enumerate(self._source.rows(CASES), 1):
            key = key_of(row)
            rfi, rfe = (one.take(key, orphan) for one, orphan in zip(children, orphans, strict=True))
            self._case(writer, key, row, rfi, rfe)
            if done % _PROGRESS_EVERY == 0:
                progress.advance(done)
        for one, orphan in zip(children, orphans, strict=True):
            one.rest(orphan)
        return self._owners

    def _case(
        self, writer: TableWriter, key: str, row: Mutable, rfi: list[Mutable], rfe: list[Mutable]
    ) -> None:
        owner = str(row.get("user_id") or "").lower()
        person = self._people.by_key.get(owner)
        if person is None:
            ownerless = orphaned(self._source, self._book, CASES, "public.users")
            ownerless(row)
            excluded = owner in self._source.excluded["public.users"]
            self._leave(rfi, rfe, self._exclude if excluded else self._set_aside)
        elif person.reason:
            self._book.quarantine(CASES, key, "owner_quarantined")
            self._leave(rfi, rfe, self._set_aside)
        else:
            try:
                self._write(writer, key, row, person, (rfi, rfe))
            except Unmappable as problem:
                self._book.quarantine(CASES, key, problem.reason, problem.where)
                self._leave(rfi, rfe, self._set_aside)

    def _write(
        self,
        writer: TableWriter,
        key: str,
        row: Row,
        person: Person,
        children: tuple[list[Mutable], list[Mutable]],
    ) -> None:
        read = [[_entry(child) for child in rows] for rows in children]
        rfi, rfe = ([one for one in entries if isinstance(one, Entry)] for entries in read)
        raw = uuid_bytes(key)
        case_id = encode(self._lookup.numbers["cases"], raw)
        document = case_document(row, rfi, rfe, self._lookup.clock_ms, self._book.dropped)
        one = line(raw, {"_id": case_id, "userId": person.id}, document)
        if len(one.text) > MAX_DOCUMENT:
            raise Unmappable("document_too_large")
        writer.write(one)
        self._book.accounts[CASES].migrated += 1
        if key in self._wanted:
            self._owners[key] = (person.key, case_id)
        for table, rows, results in zip((RFI, RFE), children, read, strict=True):
            for child, result in zip(rows, results, strict=True):
                if isinstance(result, Unmappable):
                    self._book.quarantine(table, key_of(child), result.reason, result.where)
                else:
                    self._book.accounts[table].merged += 1

    def _leave(self, rfi: list[Mutable], rfe: list[Mutable], place: Callable[[str, Mutable], None]) -> None:
        for table, rows in ((RFI, rfi), (RFE, rfe)):
            for row in rows:
                place(table, row)

    def _set_aside(self, table: str, row: Mutable) -> None:
        self._book.quarantine(table, key_of(row), "owner_quarantined")

    def _exclude(self, table: str, _row: Mutable) -> None:
        self._book.exclude(table, "owner_excluded")


def _entry(row: Row) -> Entry | Unmappable:
    """The row's entry, or what is wrong with it: one bad row must not hide the others."""
    try:
        return from_row(row)
    except Unmappable as problem:
        return problem
