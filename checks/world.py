"""Both sides of a run as the checks see them: the live source, the backup, the verified export, the oracle.

Everything is opened here and streamed from here; nothing is judged here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from checks.batches import batches
from checks.oracle import book, cases, entries
from checks.oracle.expectation import Expected, Origin
from checks.oracle.known import Known
from checks.oracle.people import People
from checks.oracle.profiles import UNRESOLVABLE, mentioned_case
from checks.oracle.rules import Document, Rejected, items_of
from checks.ranges import Within
from checks.refusals import Refusals
from checks.source.columns import Row
from checks.source.resolutions import Resolutions
from checks.source.session import Session, opened
from checks.tally import Tally
from checks.target import ids
from checks.target.archive import Archive, Spool
from checks.target.graph import Graph
from checks.values import is_uuid
from migration.config import Settings
from migration.model import Kind
from migration.run import Run

PEOPLE = ("users", "userProfiles", "authAccounts")
LARGEST = 1 << 20
"""Bytes of a document in the import file; a longer one would stop the whole import."""

OURS = (*PEOPLE, "cases")
MAY_BE_EMPTY = ("authAccounts",)
"""Tables to which a clean migration may add nothing: the few people of a small v1 may have no way in."""

_BUCKETS = {"public.cases": "migrated", "public.case_rfi": "merged", "public.case_rfe": "merged"}
"""What the manifest calls the rows of a table of cases that have a destination."""


class World:
    """One run's two sides. Use `of`. `refusals` fills with `people`, and while the expected cases stream."""

    def __init__(
        self,
        session: Session,
        before: Archive,
        after: Archive,
        *,
        clock_ms: int,
        scratch: Path,
        resolutions: Resolutions,
        manifest: Mapping[str, Any],
    ) -> None:
        self.session, self.before, self.after, self._manifest = session, before, after, manifest
        self.clock_ms, self._scratch = clock_ms, scratch
        self.refusals = Refusals(excluded=resolutions.excluded)
        self.resolutions = resolutions

    @cached_property
    def people(self) -> People:
        """Everyone of v1, and what becomes of them; worked out when first asked for."""
        tables = (
            "auth.users",
            "auth.identities",
            "public.users",
            "public.user_settings",
            "public.user_preferences",
        )
        rows = {table: list(self._rows(table)) for table in tables}
        known = Known(
            self.after.numbers,
            self.before.documents("users"),
            self.before.documents("userProfiles"),
            self.before.documents("authAccounts"),
            people=frozenset(str(row["id"]) for row in rows["public.users"]),
        )
        people = People(rows, known, self.clock_ms)
        self._refuse_people(people)
        return people

    @cached_property
    def _placed(self) -> dict[str, Counter[str]]:
        return book.of_people(self.people)

    def _refuse_people(self, people: People) -> None:
        refusals = self.refusals
        for person in people.by_key.values():
            if person.reason:
                refusals.reject("public.users", person.reason, person.key, person.deciding)
                refusals.followers["public.user_settings"] += bool(person.rows.settings)
                refusals.followers["public.user_preferences"] += bool(person.rows.preferences)
                refusals.followers["auth.users"] += person.rows.auth is not None
                refusals.followers["auth.identities"] += len(person.identities)
        refusals.duplicates.update(people.duplicates)
        for table, owners in people.orphans.items():
            lost = (not self.resolutions.excludes("public.users", owner) for owner in owners)
            refusals.orphans[table] += sum(lost)

    def _rows(self, table: str, within: Within | None = None) -> Iterator[Row]:
        rows = self.session.rows(table, within)
        return self.resolutions.apply(table, rows, self.session.columns.get(table, {}))

    def count_anew(self) -> Refusals:
        """The counts of what streams from here on, apart; those of people are known before."""
        _ = self.people
        self.refusals = Refusals()
        self.resolutions.excluded = self.refusals.excluded
        return self.refusals

    def spools(self, table: str) -> tuple[Spool, Spool]:
        """A table of the verified export and of the backup, at hand by id."""
        return (
            Spool.of(self.after, table, self._scratch / f"after.{table}"),
            Spool.of(self.before, table, self._scratch / f"before.{table}"),
        )

    def retired(self, table: str) -> Callable[[Document], bool]:
        """Tells whether a document of the backup has an id that only one of v1's rows can have given it."""
        number = self.before.numbers.get(table, 0)
        if table == "users":
            keys = [profile.get("legacyId") for profile in self.before.documents("userProfiles")]
            made = {ids.of_row(number, key) for key in keys if is_uuid(key)}
            return lambda document: document["_id"] in made

        def by_own_names(document: Document) -> bool:
            legacy = document.get("legacyId")
            if table == "authAccounts":
                name = f"authAccounts/{document['provider']}/{document['providerAccountId']}"
                return bool(document["_id"] == ids.of_name(number, name))
            if not is_uuid(legacy):
                return False
            own = ids.of_row(number, legacy) if table == "cases" else ids.of_name(number, f"{table}/{legacy}")
            return bool(document["_id"] == own)

        return by_own_names

    @cached_property
    def expected_people(self) -> Mapping[str, list[Expected]]:
        """What the tables of people must hold; of v2's own, the profiles (enforcement is switched off)."""
        found: dict[str, list[Expected]] = {table: [] for table in PEOPLE}
        for expectation in self.people.expected(self._owners()):
            found[expectation.table].append(expectation)
            lost = sum(remark.rule == UNRESOLVABLE for remark in expectation.remarks)
            self.refusals.left[book.DISMISSING, UNRESOLVABLE] += lost
        known = {expectation.id for expectation in found["userProfiles"]}
        retired = self.retired("userProfiles")
        for profile in self.before.documents("userProfiles"):
            if profile["_id"] not in known and not retired(profile):
                quiet = {**profile, "autoDeadlineEnforcementEnabled": False}
                found["userProfiles"].append(Expected("userProfiles", profile["_id"], quiet, Origin.FOREIGN))
        return found

    def _owners(self) -> dict[str, str]:
        """The user of every case that a dismissed deadline mentions."""
        mentioned = {
            case
            for person in self.people.by_key.values()
            for row in (person.rows.settings, person.rows.preferences)
            for _, item in items_of(row.get("dismissed_deadlines"))
            if (case := mentioned_case(item)) is not None
        }
        return self._as_decided(self.session.owners_of(mentioned))

    def _as_decided(self, owners: Mapping[str, str]) -> dict[str, str]:
        """Cases and their users, as the decisions about rows leave them."""
        decided = {key: self.resolutions.owner("public.cases", key, user) for key, user in owners.items()}
        return {key: user for key, user in decided.items() if user is not None}

    def strata(self) -> dict[str, tuple[str, str]]:
        """The user and the status word of every case that someone who is carried owns."""
        found = self.session.strata()
        owners = self._as_decided({key: user for key, (user, _) in found.items()})
        carried = {person.key for person in self.people.carried()}
        return {key: (user, found[key][1]) for key, user in owners.items() if user in carried}

    def expected_cases(self, within: Within | None = None) -> Iterator[Expected]:
        """What the cases table must hold, in the source's order; refused rows are counted in `refusals`.

        With `within`, only what comes of those rows.
        """
        grouped = {kind: self._entries(kind, within) for kind in ("rfi", "rfe")}
        number = self.people.known.numbers["cases"]
        for rows in batches(self._rows("public.cases", within)):
            drafts = [self._draft(row, grouped) for row in rows]
            cases.work_out(drafts, number)
            yield from self._worked_out(drafts)
        for kind, stream in grouped.items():
            lost = [case for case in stream.finish() if not self.resolutions.excludes("public.cases", case)]
            self.refusals.orphans[f"public.case_{kind}"] += len(lost)

    def _draft(self, row: Row, grouped: Mapping[str, _Grouped]) -> cases.Draft:
        key = str(row["id"])
        rfi, rfe = (self._carriable(kind, rows.take(key)) for kind, rows in grouped.items())
        owner = self.people.by_key.get(str(row["user_id"]))
        if owner is None or owner.reason:
            return cases.Draft(row, rfi, rfe, rejected=Rejected("owner_quarantined" if owner else "orphan"))
        return cases.Draft(row, rfi, rfe, owner.user_id)

    def _worked_out(self, drafts: Sequence[cases.Draft]) -> Iterator[Expected]:
        """What is expected of those that can be carried; all are counted."""
        found = [draft.rejected or draft.expected(self.clock_ms) for draft in drafts]
        for place, one in enumerate(found):
            if isinstance(one, Expected) and len(one.text) > LARGEST:
                found[place] = Rejected("document_too_large")
        for draft, one in zip(drafts, found, strict=True):
            if isinstance(one, Rejected):
                self._refuse_case(draft, one)
                continue
            self.refusals.carry("public.cases", 1, book.left_inside(draft.row))
            self.refusals.carry("public.case_rfi", len(draft.rfi))
            self.refusals.carry("public.case_rfe", len(draft.rfe))
            yield one

    def _entries(self, kind: str, within: Within | None) -> _Grouped:
        table = f"public.case_{kind}"
        if not self.resolutions.assigns(table):
            return _Grouped(self._rows(table, within), "case_id")
        # some stand where they were before the decision; what a decision leaves out is counted in one range
        every = (
            row
            for row in self.session.rows(table)
            if within is None
            or row["case_id"] in within
            or not self.resolutions.excludes(table, str(row["id"]))
        )
        decided = self.resolutions.apply(table, every, self.session.columns.get(table, {}))
        moved = sorted(decided, key=_entry_order)
        return _Grouped((row for row in moved if within is None or row["case_id"] in within), "case_id")

    def _carriable(self, kind: str, rows: list[Row]) -> list[Row]:
        """A bad entry is refused by itself; its case is judged without it."""
        if not rows:
            return rows
        good = []
        for row in rows:
            if reason := entries.refused(row):
                self.refusals.reject(f"public.case_{kind}", reason, str(row["id"]))
            else:
                good.append(row)
        return good

    def _refuse_case(self, draft: cases.Draft, why: Rejected) -> None:
        row = draft.row
        if why.reason == "orphan" and self.resolutions.excludes("public.users", str(row["user_id"])):
            self.refusals.excluded["public.cases"] += 1
            return
        self.refusals.reject("public.cases", why.reason, str(row["id"]), why.column)
        self.refusals.followers["public.case_rfi"] += len(draft.rfi)
        self.refusals.followers["public.case_rfe"] += len(draft.rfe)

    def rows_of(self, tables: Iterable[str], refusals: Refusals | None = None) -> dict[str, Tally]:
        """`rows.<table>`: rows with a destination, and those that the oracle says must be in quarantine.

        `refusals` are those counted elsewhere; else this world's own, to be asked for after the expected
        documents have streamed.
        """
        counted = refusals or self.refusals
        found = {}
        for table in tables:
            rows = self.session.count(table) if self.session.has(table) else None
            found[f"rows.{table}"] = tally = counted.tally(table, rows)
            told = (
                *book.differences(self._manifest, table, self._buckets(table, counted)),
                *book.unlisted(self._manifest, table, counted.left_in(table)),
            )
            for what, right, own in told:
                rule = f"the manifest's count of what is {what}"
                tally.find(Kind.MISMATCHED, table, table=table, expected=right, actual=own, rule=rule)
        return found

    def _buckets(self, table: str, counted: Refusals) -> Counter[str]:
        if name := _BUCKETS.get(table):
            return Counter({name: counted.carried[table]})
        return self._placed[table]

    def graphs(self) -> tuple[Graph, Graph]:
        """The people of the target, as they are and as they were."""
        return Graph(self.after), Graph(self.before)

    @classmethod
    @contextmanager
    def of(cls, run: Run, settings: Settings) -> Iterator[World]:
        """The world of a run that has been migrated and exported."""
        manifest = run.manifest()
        clock = datetime.fromisoformat(manifest["clock"])
        with ExitStack() as stack:
            before = stack.enter_context(Archive(run.data / "backup.zip"))
            after = stack.enter_context(Archive(run.data / "verified.zip"))
            session = stack.enter_context(opened(settings))
            yield cls(
                session,
                before,
                after,
                clock_ms=round(clock.timestamp() * 1000),
                scratch=run.data / "checks",
                resolutions=Resolutions(settings.quarantine_file),
                manifest=manifest,
            )


class _Grouped:
    """Rows sorted by a key, handed out key by key while another sorted stream goes by."""

    def __init__(self, rows: Iterable[Row], column: str) -> None:
        self._rows, self._column = iter(rows), column
        self._passed: list[str] = []
        self._step()

    def _step(self) -> None:
        self._next = next(self._rows, None)
        self._key = "" if self._next is None else str(self._next[self._column])

    def take(self, key: str) -> list[Row]:
        """The rows of this key; rows of keys before it belong to nobody."""
        taken = []
        while self._next is not None and self._key <= key:
            if self._key == key:
                taken.append(self._next)
            else:
                self._passed.append(self._key)
            self._step()
        return taken

    def finish(self) -> list[str]:
        """The keys of the rows that belonged to nobody."""
        while self._next is not None:
            self._passed.append(self._key)
            self._step()
        return self._passed


def _entry_order(row: Row) -> tuple[str, float, str]:
    return str(row["case_id"]), float(row.get("created_at") or 0), str(row["id"])
