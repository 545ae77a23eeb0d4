"""Both sides of a run as the checks see them: the live source, the backup, the verified export, the oracle.

Everything is opened here and streamed from here; nothing is judged here.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from checks.oracle import book, cases, entries
from checks.oracle.expectation import Expected, Origin
from checks.oracle.known import Known
from checks.oracle.people import People
from checks.oracle.profiles import UNRESOLVABLE, mentioned_case
from checks.oracle.rules import Document, Rejected, items_of
from checks.source.resolutions import Resolutions
from checks.source.session import Row, Session, opened
from checks.tally import Tally
from checks.target import ids
from checks.target.archive import Archive, Spool
from checks.target.graph import Graph
from checks.values import canonical, is_uuid
from migration.config import Settings
from migration.model import Kind
from migration.run import Run

PEOPLE = ("users", "userProfiles", "authAccounts")
LARGEST = 1 << 20
"""Bytes of a document in the import file; a longer one would stop the whole import."""

OURS = (*PEOPLE, "cases")
MAY_BE_EMPTY = ("authAccounts",)
"""Tables to which a clean migration may add nothing: the few people of a small v1 may have no way in."""


class World:
    """One run's two sides. Use `of`. `rejected` fills while the expected cases stream."""

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
        self.rejected: Counter[tuple[str, str]] = Counter()
        self.rejected_keys: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
        self.orphans: Counter[str] = Counter()
        self.followers: Counter[str] = Counter()
        self.resolutions = resolutions
        self.carried: Counter[str] = Counter()
        self.left: dict[str, Counter[str]] = defaultdict(Counter)
        self.people = self._people()
        self._placed = book.of_people(self.people)

    def _people(self) -> People:
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
        for person in people.by_key.values():
            if person.reason:
                self._reject("public.users", person.reason, person.key, person.deciding)
                self.followers["public.user_settings"] += bool(person.rows.settings)
                self.followers["public.user_preferences"] += bool(person.rows.preferences)
                self.followers["auth.users"] += person.rows.auth is not None
                self.followers["auth.identities"] += len(person.identities)
        return people

    def _rows(self, table: str) -> Iterator[Row]:
        return self.resolutions.apply(table, self.session.rows(table), self.session.columns.get(table, {}))

    def _reject(self, table: str, reason: str, key: str, column: str = "") -> None:
        self.rejected[table, reason] += 1
        if self.rejected[table, reason] <= 20:
            self.rejected_keys[table, reason][key] = column

    def spools(self, table: str) -> tuple[Spool, Spool]:
        """A table of the verified export and of the backup, at hand by id."""
        return (
            Spool(self.after, table, self._scratch / f"after.{table}"),
            Spool(self.before, table, self._scratch / f"before.{table}"),
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

    def expected_people(self) -> dict[str, list[Expected]]:
        """What the tables of people must hold; of v2's own, the profiles (enforcement is switched off)."""
        found: dict[str, list[Expected]] = {table: [] for table in PEOPLE}
        for expectation in self.people.expected(self._owners()):
            found[expectation.table].append(expectation)
            lost = sum(remark.rule == UNRESOLVABLE for remark in expectation.remarks)
            self.left[book.DISMISSING][UNRESOLVABLE] += lost
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

    def expected_cases(self) -> Iterator[Expected]:
        """What the cases table must hold, in the source's order; refused rows are counted in `rejected`."""
        grouped = {kind: self._entries(kind) for kind in ("rfi", "rfe")}
        for row in self._rows("public.cases"):
            key, user = str(row["id"]), str(row["user_id"])
            taken = {kind: self._carriable(kind, rows.take(key)) for kind, rows in grouped.items()}
            try:
                found = self._case(row, taken)
            except Rejected as rejected:
                self._refuse_case(key, user, rejected, taken)
                continue
            self.carried.update({f"public.case_{kind}": len(own) for kind, own in taken.items()})
            self.carried["public.cases"] += 1
            self.left["public.cases"].update(book.left_inside(row))
            yield found
        for kind, rows in grouped.items():
            lost = [case for case in rows.finish() if not self.resolutions.excludes("public.cases", case)]
            self.orphans[f"public.case_{kind}"] = len(lost)

    def _case(self, row: Row, taken: dict[str, list[Row]]) -> Expected:
        owner = self.people.by_key.get(str(row["user_id"]))
        if owner is None or owner.reason:
            raise Rejected("owner_quarantined" if owner else "orphan")
        number = self.people.known.numbers["cases"]
        found = cases.expected(row, **taken, owner=owner.user_id, number=number, clock_ms=self.clock_ms)
        if len(canonical(found.document)) > LARGEST:
            raise Rejected("document_too_large")
        return found

    def _entries(self, kind: str) -> _Grouped:
        table = f"public.case_{kind}"
        if not self.resolutions.assigns(table):
            return _Grouped(self._rows(table), "case_id")
        return _Grouped(sorted(self._rows(table), key=_entry_order), "case_id")

    def _carriable(self, kind: str, rows: list[Row]) -> list[Row]:
        """A bad entry is refused by itself; its case is judged without it."""
        good = []
        for row in rows:
            if reason := entries.refused(row):
                self._reject(f"public.case_{kind}", reason, str(row["id"]))
            else:
                good.append(row)
        return good

    def _refuse_case(self, key: str, user: str, why: Rejected, taken: dict[str, list[Row]]) -> None:
        if why.reason == "orphan" and self.resolutions.excludes("public.users", user):
            self.resolutions.excluded["public.cases"] += 1
            return
        self._reject("public.cases", why.reason, key, why.column)
        for kind, rows in taken.items():
            self.followers[f"public.case_{kind}"] += len(rows)

    def rows_of(self, tables: Iterable[str]) -> dict[str, Tally]:
        """`rows.<table>`: rows with a destination, and those that the oracle says must be in quarantine.

        To be asked after the expected documents have streamed.
        """
        orphans = self._orphans()
        found = {}
        for table in tables:
            found[f"rows.{table}"] = tally = Tally()
            for (of, reason), count in self.rejected.items():
                for key, column in self.rejected_keys[of, reason].items() if of == table else ():
                    tally.find(Kind.REJECTED, key, table=table, path=column, rule=reason)
                if of == table:
                    tally.add(Kind.REJECTED, count - len(self.rejected_keys[of, reason]))
            others = self._behind(table, orphans)
            for rule, count in others.items():
                tally.add(Kind.REJECTED, count, table=table, rule=rule)
            if self.session.has(table):
                tally.match(self.session.count(table) - tally.seen)
            if excluded := self.resolutions.excluded[table]:
                tally.note("left out by a person's decision", excluded)
            told = (
                *book.differences(self._manifest, table, self._buckets(table)),
                *book.unlisted(self._manifest, table, self.left[table]),
            )
            for what, right, own in told:
                rule = f"the manifest's count of what is {what}"
                tally.find(Kind.MISMATCHED, table, table=table, expected=right, actual=own, rule=rule)
        return found

    def _buckets(self, table: str) -> Counter[str]:
        if table in self._placed:
            return self._placed[table]
        name = "migrated" if table == "public.cases" else "merged"
        return Counter({name: self.carried[table]})

    def set_aside(self, tables: Iterable[str]) -> Counter[tuple[str, str]]:
        """How many rows must be in quarantine, by table and reason. To be asked as `rows_of` is."""
        orphans, found = self._orphans(), Counter(self.rejected)
        for table in tables:
            found.update({(table, rule): count for rule, count in self._behind(table, orphans).items()})
        return +found

    def _orphans(self) -> dict[str, int]:
        orphans = dict(self.orphans)
        for table, owners in self.people.orphans.items():
            orphans[table] = sum(not self.resolutions.excludes("public.users", owner) for owner in owners)
        return orphans

    def _behind(self, table: str, orphans: Mapping[str, int]) -> dict[str, int]:
        """The rows that are set aside not for what they hold, but for what they belong to."""
        return {
            "orphan": orphans.get(table, 0),
            "duplicate_row": self.people.duplicates[table],
            "owner_quarantined": self.followers[table],
        }

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
        self._next: Row | None = next(self._rows, None)
        self._passed: list[str] = []

    def take(self, key: str) -> list[Row]:
        """The rows of this key; rows of keys before it belong to nobody."""
        taken = []
        while self._next is not None and (own := str(self._next[self._column])) <= key:
            if own == key:
                taken.append(self._next)
            else:
                self._passed.append(own)
            self._next = next(self._rows, None)
        return taken

    def finish(self) -> list[str]:
        """The keys of the rows that belonged to nobody."""
        while self._next is not None:
            self._passed.append(str(self._next[self._column]))
            self._next = next(self._rows, None)
        return self._passed


def _entry_order(row: Row) -> tuple[str, float, str]:
    return str(row["case_id"]), float(row.get("created_at") or 0), str(row["id"])
