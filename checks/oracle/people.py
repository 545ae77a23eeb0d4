"""The people of v1, and the documents that stand for them in v2: who is made, who joins whom, who is refused.

Users are few, so they are held in memory; everything about a case streams. A v2 user with the same folded
e-mail is kept and filled, never written over (decision 0001). Whoever can not be carried has a `reason` and
no documents.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from checks.oracle import accounts, profiles
from checks.oracle.expectation import Expected, Origin, Remark
from checks.oracle.known import Known
from checks.oracle.rules import Document, Rejected, Row, fold, moment
from checks.target import ids
from migration.model import Class

_BY_EMAIL = {"no_email", "email_collision", "email_ambiguous_on_target"}


@dataclass
class Person:
    """One row of public.users, with what belongs to it and what becomes of it."""

    rows: profiles.Rows
    identities: list[Row]
    email: str = ""
    reason: str = ""
    column: str = ""  # or the way in that decides the reason, where one does
    created: float = 0.0
    user_id: str = ""
    matched: Document | None = None
    matched_profile: Document | None = None
    accounts: list[accounts.Account] = field(default_factory=list)
    kept_accounts: int = 0

    @property
    def deciding(self) -> str:
        """The column that decides the reason, where the reason alone tells it."""
        return "email" if self.reason in _BY_EMAIL else self.column

    @property
    def key(self) -> str:
        """v1's id of this person, which becomes `legacyId`."""
        return str(self.rows.user["id"])


class People:
    """All of them. `by_key` is in the order of the rows; `orphans` names the owners that rows lack."""

    def __init__(self, tables: Mapping[str, Iterable[Row]], known: Known, clock_ms: int) -> None:
        self.known, self.clock_ms = known, clock_ms
        self.orphans: dict[str, list[str]] = defaultdict(list)
        self.duplicates: Counter[str] = Counter()
        self.auth = {str(row["id"]): row for row in tables["auth.users"]}
        self.identities: dict[str, list[Row]] = defaultdict(list)
        for identity in tables["auth.identities"]:
            self.identities[str(identity["user_id"])].append(identity)
        self.by_key = {str(row["id"]): self._person(row) for row in tables["public.users"]}
        self._add(tables, "user_settings")
        self._add(tables, "user_preferences")
        self._judge()

    def _person(self, row: Row) -> Person:
        auth_id = str(row.get("auth_user_id"))
        return Person(profiles.Rows(row, self.auth.get(auth_id)), self.identities.get(auth_id, []))

    def _add(self, tables: Mapping[str, Iterable[Row]], table: str) -> None:
        for row in tables[f"public.{table}"]:
            person = self.by_key.get(str(row["user_id"]))
            if person is None:
                self.orphans[f"public.{table}"].append(str(row["user_id"]))
            elif getattr(person.rows, table.removeprefix("user_")):
                self.duplicates[f"public.{table}"] += 1
            else:
                setattr(person.rows, table.removeprefix("user_"), row)

    def _judge(self) -> None:
        for person in self.by_key.values():
            auth = person.rows.auth or {}
            person.email = fold(person.rows.user.get("email")) or fold(auth.get("email"))
            person.reason = "" if person.email else "no_email"
        shared = Counter(person.email for person in self.by_key.values() if person.email)
        for person in self.by_key.values():
            if shared[person.email] > 1:
                person.reason = "email_collision"
            elif not person.reason:
                person.reason = self._join(person)
        self._give_accounts()
        for person in self.by_key.values():
            person.reason = person.reason or _bad_time(person)

    def _join(self, person: Person) -> str:
        own = ids.of_row(self.known.numbers["users"], person.key)
        found = self.known.users.get(person.email, [])
        person.user_id = own
        if len(found) + len(self.known.ours.get(person.email, ())) > 1:
            return "email_ambiguous_on_target"
        if found:
            (person.matched,) = found
            person.user_id = person.matched["_id"]
            person.matched_profile = self.known.profile(person.user_id)
            if "deletedAt" in person.matched:
                return "target_user_scheduled_for_deletion"
        return ""

    def _give_accounts(self) -> None:
        wanted: Counter[tuple[str, str]] = Counter()
        for person in self.by_key.values():
            try:
                person.created = moment(person.rows.user.get("created_at")) or 0.0
                person.accounts = accounts.wanted(
                    person.rows.auth, person.identities, person.created, self.clock_ms
                )
            except Rejected as rejected:
                person.reason = person.reason or rejected.reason
            wanted.update({account.pair for account in person.accounts})
        for person in self.by_key.values():
            self._settle_accounts(person, wanted)

    def _settle_accounts(self, person: Person, wanted: Counter[tuple[str, str]]) -> None:
        kept = []
        for account in person.accounts:
            ours = account.document(self.known.numbers["authAccounts"], person.user_id)
            there = self.known.accounts.get(account.pair)
            foreign = there is not None and there["_id"] != ours["_id"]
            others = foreign and there is not None and there["userId"] != person.user_id
            if others or wanted[account.pair] > 1:
                if not person.reason:
                    person.reason = "account_of_another_user"
                    person.column = account.provider if others else ""
            elif foreign:
                person.kept_accounts += 1
            else:
                kept.append(account)
        person.accounts = kept

    def carried(self) -> Iterator[Person]:
        """Everyone who has documents in v2."""
        return (person for person in self.by_key.values() if not person.reason)

    def expected(self, owners: Mapping[str, str]) -> Iterator[Expected]:
        """The users, userProfiles and authAccounts documents that v1's people must have."""
        for person in self.carried():
            yield self._user(person)
            yield self._profile(person, owners)
            number = self.known.numbers["authAccounts"]
            for account in person.accounts:
                yield Expected("authAccounts", person.key, account.document(number, person.user_id))

    def _user(self, person: Person) -> Expected:
        ours = profiles.user_document(person.rows, person.email)
        if person.matched is not None:
            document = profiles.joined_document(person.matched, ours)
            return Expected("users", person.key, document, Origin.JOINED)
        return Expected("users", person.key, {"_id": person.user_id, "_creationTime": person.created, **ours})

    def _profile(self, person: Person, owners: Mapping[str, str]) -> Expected:
        ours, remarks = profiles.profile_document(person.rows, person.created)
        ours["userId"] = person.user_id
        listed, lost = profiles.dismissed(person.rows, owners, self.known.numbers["cases"], ours["updatedAt"])
        ours["dismissedDeadlines"] = listed
        remarks += lost
        self._firm(person, ours, remarks)
        remarks += _left_behind(person)
        if person.matched_profile is None:
            name = f"userProfiles/{person.key}"
            identity = {
                "_id": ids.of_name(self.known.numbers["userProfiles"], name),
                "_creationTime": person.created,
            }
            return Expected("userProfiles", person.key, {**identity, **ours}, Origin.MADE, remarks)
        return Expected(
            "userProfiles", person.key, _joined_profile(person.matched_profile, ours), Origin.JOINED, remarks
        )

    def _firm(self, person: Person, ours: Document, remarks: list[Remark]) -> None:
        key = person.rows.user.get("firm_id")
        if key is None:
            return
        firm = self.by_key.get(str(key))
        if firm is None or firm.reason:
            remarks.append(Remark("firmId", Class.INHERITED, "dangling_firm", key))
        else:
            ours["firmId"] = firm.user_id


def _joined_profile(theirs: Document, ours: Document) -> Document:
    document = profiles.joined_document(
        theirs, ours, always=("legacyId", "legacyAuthId"), never=("deletedAt", "userId")
    )
    known = {(entry["caseId"], entry["deadlineType"]) for entry in theirs.get("dismissedDeadlines", ())}
    new = [
        entry for entry in ours["dismissedDeadlines"] if (entry["caseId"], entry["deadlineType"]) not in known
    ]
    document["dismissedDeadlines"] = [*theirs.get("dismissedDeadlines", ()), *new]
    document["autoDeadlineEnforcementEnabled"] = False
    return document


def _left_behind(person: Person) -> list[Remark]:
    """What v2 already said and v1 may not change is no loss; an enforcement switched off is worth a word."""
    theirs = person.matched_profile or {}
    if theirs.get("autoDeadlineEnforcementEnabled") is True:
        return [
            Remark("autoDeadlineEnforcementEnabled", Class.DECLARED, "enforcement_off_for_everyone", True)
        ]
    return []


def _bad_time(person: Person) -> str:
    try:
        for row in (person.rows.user, person.rows.auth or {}):
            for column in ("created_at", "updated_at", "deleted_at", "email_confirmed_at"):
                moment(row.get(column))
    except Rejected as rejected:
        return rejected.reason
    return "" if person.created > 0 else "impossible_date"
