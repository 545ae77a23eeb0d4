"""Every edge leads to the right document, not just to some document (weaknesses A4, A6, B5).

A case's owner is followed three ways: through the profile's legacy id, through the row's own legacy ids, and
through the e-mail that its v1 user has. Uniqueness is asserted on the way: nothing here takes the first of
several. What led nowhere in v2 already before the import, and still does, is inherited.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from checks.oracle.expectation import Expected, Origin
from checks.oracle.people import People, Person
from checks.oracle.rules import Document, Row, fold
from checks.tally import Tally
from checks.target.archive import Spool
from checks.target.graph import Graph
from checks.values import ABSENT, same
from migration.model import Class, Kind

CASE_EDGES = ("user_exists", "owner_by_legacy_id", "legacy_user", "owner_by_email", "legacy_id", "entries")


class CaseEdges:
    """`edges.cases.<edge>`, and `unique.entries.id` within each case."""

    def __init__(self, graph: Graph, people: People, before: Graph) -> None:
        self._graph, self._people, self._before = graph, people, before
        self._edges = {name: Tally() for name in CASE_EDGES}
        self._entry_ids = Tally()

    def judge(self, expected: Expected | None, actual: Document, line: bytes) -> None:
        """Follow one case's edges."""
        key = expected.key if expected else str(actual.get("legacyId") or actual.get("_id"))
        user = actual.get("userId")
        own: Document = expected.document if expected and expected.origin is Origin.FOREIGN else {}
        if str(user) in self._graph.users:
            self._edges["user_exists"].matched += 1
        else:
            lost_before = same(own.get("userId", ABSENT), user) and str(user) not in self._before.users
            cls = Class.INHERITED if lost_before else Class.INTRODUCED
            self._edges["user_exists"].check(key, True, False, cls=cls, table="cases", path="userId")
        self._unique_entries(key, actual, own)
        if expected is None or expected.origin is not Origin.MADE or expected.source is None:
            return
        row = expected.source
        if self._is_right(row, user, actual):
            for name in ("owner_by_legacy_id", "legacy_user", "owner_by_email", "legacy_id"):
                self._edges[name].matched += 1
        else:
            self._follow(key, row, user, actual)
        self._entries(key, expected.document, actual)

    def _is_right(self, row: Row, user: object, actual: Document) -> bool:
        """Whether every way from this case leads to the owner of its row."""
        return (
            self._graph.legacy_of(user) == row["user_id"] == actual.get("legacyUserId")
            and actual.get("legacyId") == row["id"]
            and (owner := self._people.by_key.get(row["user_id"])) is not None
            and fold(self._graph.email_of(user)) == owner.email
        )

    def _follow(self, key: str, row: Row, user: object, actual: Document) -> None:
        """Each way by itself."""
        self._edge("owner_by_legacy_id", key, row["user_id"], self._graph.legacy_of(user), "userId")
        self._edge("legacy_user", key, row["user_id"], actual.get("legacyUserId", ABSENT), "legacyUserId")
        owner = self._people.by_key.get(row["user_id"])
        email = self._graph.email_of(user)
        self._edge("owner_by_email", key, owner.email if owner else None, fold(email), "userId")
        self._edge("legacy_id", key, row["id"], actual.get("legacyId", ABSENT), "legacyId")

    def _edge(self, name: str, key: str, wanted: object, found: object, path: str) -> None:
        self._edges[name].check(key, wanted, found, table="cases", path=path)

    def _entries(self, key: str, wanted: Document, actual: Document) -> None:
        if actual is wanted:
            self._edges["entries"].matched += len(wanted["rfiEntries"]) + len(wanted["rfeEntries"])
            return
        for field in ("rfiEntries", "rfeEntries"):
            left = Counter(entry["id"] for entry in wanted[field])
            right = Counter(str(entry.get("id")) for entry in actual.get(field) or ())
            tally = self._edges["entries"]
            tally.match((left & right).total())
            for identifier in (left - right).elements():
                tally.find(Kind.MISSING, f"{key}/{field}/{identifier}", table="cases", path=f"{field}[].id")
            for identifier in (right - left).elements():
                tally.find(
                    Kind.EXTRANEOUS, f"{key}/{field}/{identifier}", table="cases", path=f"{field}[].id"
                )

    def _unique_entries(self, key: str, actual: Document, own: Document) -> None:
        for field in ("rfiEntries", "rfeEntries", "notes", "documents"):
            if not (listed := actual.get(field)):
                continue
            if len({entry.get("id") for entry in listed}) == len(listed):
                self._entry_ids.match(len(listed))
                continue
            cls = Class.INHERITED if same(own.get(field), listed) else Class.INTRODUCED
            seen = set[str]()
            for entry in listed:
                _once(self._entry_ids, f"{key}/{field}", entry.get("id") in seen, "cases", field, cls=cls)
                seen.add(entry.get("id"))

    def tallies(self) -> Iterator[tuple[str, Tally]]:
        """All of them."""
        for name, tally in self._edges.items():
            yield f"edges.cases.{name}", tally
        yield "unique.entries.id", self._entry_ids


class LegacyIds:
    """`unique.cases.legacyId` over all cases of the target, wherever they were seen."""

    def __init__(self) -> None:
        self._holders: dict[str, str] = {}
        self._others: list[str] = []

    def judge(self, expected: Expected | None, actual: Document, line: bytes) -> None:
        """Remember one case's v1 id, and by which key the case goes."""
        if (legacy := actual.get("legacyId")) is not None:
            key = expected.key if expected else str(legacy or actual.get("_id"))
            self._hold(legacy, legacy if key == legacy else key)

    def join(self, other: LegacyIds) -> None:
        """Take over other cases."""
        if self._holders.keys().isdisjoint(other._holders):  # as it should be
            self._holders.update(other._holders)
        else:
            for legacy, key in other._holders.items():
                self._hold(legacy, key)
        self._others += other._others

    def _hold(self, legacy: str, key: str) -> None:
        if legacy in self._holders:
            self._others.append(key)
        else:
            self._holders[legacy] = key

    def tallies(self) -> Iterator[tuple[str, Tally]]:
        """The first of an id is right, each further one is not."""
        tally = Tally(matched=len(self._holders))
        for key in self._others:
            _once(tally, key, True, "cases", "legacyId")
        yield "unique.cases.legacyId", tally


def people_edges(graph: Graph, people: People, before: Graph) -> dict[str, Tally]:
    """The edges between users, profiles and accounts, and what must be unique among them."""
    edges = {name: Tally() for name in ("userProfiles.userId", "userProfiles.email", "userProfiles.firmId")}
    edges["authAccounts.userId"] = Tally()
    lost_before = _without_user(before)
    for table, documents in (("userProfiles", graph.profiles), ("authAccounts", graph.accounts)):
        for document in documents:
            key = str(document.get("legacyId") or document["_id"])
            user = str(document.get("userId"))
            cls = Class.INHERITED if (document["_id"], user) in lost_before else Class.INTRODUCED
            there = user in graph.users
            edges[f"{table}.userId"].check(key, True, there, cls=cls, table=table, path="userId")
    for person in people.carried():
        found = graph.by_legacy.get(person.key, [])
        email = graph.email_of(found[0].get("userId")) if len(found) == 1 else None
        edges["userProfiles.email"].check(
            person.key, person.email, fold(email), table="userProfiles", path="userId"
        )
        if len(found) == 1:
            _firm(edges["userProfiles.firmId"], person, found[0], graph, people)
    named = {f"edges.{name}": tally for name, tally in edges.items()}
    return {**named, **_uniqueness(graph, before)}


def _without_user(graph: Graph) -> frozenset[tuple[str, str]]:
    """The profiles and accounts whose user is not there, with the id that leads nowhere."""
    every = ((each["_id"], str(each.get("userId"))) for each in (*graph.profiles, *graph.accounts))
    return frozenset((identifier, user) for identifier, user in every if user not in graph.users)


Owners = Mapping[str, object]
"""The user of each case, by the case's id; a case without one is not in it."""


def dismissed_owners(graph: Graph, cases: Spool) -> dict[str, object]:
    """The users of those of these cases that dismissed deadlines name."""
    named = {case for _, _, case in _dismissals(graph)}
    found = {each: case for each in named if (case := cases.document(each)) is not None}
    return {each: case["userId"] for each, case in found.items() if "userId" in case}


def dismissed_edges(graph: Graph, owners: Owners, before: Graph, owners_before: Owners) -> Tally:
    """Every dismissed deadline names a case of the same user that exists."""
    tally = Tally()
    wrong_before = {
        (profile["_id"], case)
        for profile, _, case in _dismissals(before)
        if not same(profile.get("userId", ABSENT), owners_before.get(case, ABSENT))
    }
    for profile, index, case in _dismissals(graph):
        key = f"{profile.get('legacyId') or profile['_id']}/dismissedDeadlines[{index}]"
        cls = Class.INHERITED if (profile["_id"], case) in wrong_before else Class.INTRODUCED
        wanted, owner = profile.get("userId", ABSENT), owners.get(case, ABSENT)
        tally.check(key, wanted, owner, cls=cls, table="userProfiles", path="caseId")
    return tally


def _dismissals(graph: Graph) -> Iterator[tuple[Document, int, str]]:
    """The profile of each dismissed deadline, its place, and the id of the case that it names."""
    for profile in graph.profiles:
        listed = profile.get("dismissedDeadlines")
        for index, entry in enumerate(listed if isinstance(listed, list) else ()):
            yield profile, index, str(entry.get("caseId") if isinstance(entry, dict) else None)


def _firm(tally: Tally, person: Person, profile: Document, graph: Graph, people: People) -> None:
    key = person.rows.user.get("firm_id")
    firm = people.by_key.get(str(key)) if key else None
    if person.matched_profile is not None and "firmId" in person.matched_profile:
        tally.note("kept from v2")
        return
    wanted = firm.key if firm and not firm.reason else None
    found = profile.get("firmId", ABSENT)
    if key and wanted is None and found is ABSENT:
        tally.find(
            Kind.MISSING,
            person.key,
            cls=Class.INHERITED,
            table="userProfiles",
            path="firmId",
            expected=key,
            rule="dangling_firm",
        )
        return
    actual = None if found is ABSENT else graph.legacy_of(found)
    tally.check(person.key, wanted, actual, table="userProfiles", path="firmId")


def _uniqueness(graph: Graph, before: Graph) -> dict[str, Tally]:
    """What there may only be one of. The same holders of one value before the import are v2's own affair."""
    tallies, then = {}, _groups(before)
    for name, found in _groups(graph).items():
        table, path = name.split(".")
        tallies[f"unique.{name}"] = tally = Tally()
        for value, holders in found.items():
            inherited = set(holders) <= set(then[name].get(value, ()))
            cls = Class.INHERITED if inherited else Class.INTRODUCED
            _once(tally, holders[-1], len(holders) > 1, table, path, cls=cls)
    return tallies


def _groups(graph: Graph) -> dict[str, dict[object, list[str]]]:
    """By what must be unique: the documents that hold each value."""
    groups: dict[str, dict[object, list[str]]] = {
        name: defaultdict(list)
        for name in ("users.email", "userProfiles.userId", "userProfiles.legacyId", "authAccounts.pair")
    }
    for identifier, user in graph.users.items():
        if email := fold(str(user.get("email") or "")):
            groups["users.email"][email].append(identifier)
    for profile in graph.profiles:
        groups["userProfiles.userId"][str(profile.get("userId"))].append(profile["_id"])
        if "legacyId" in profile:
            groups["userProfiles.legacyId"][str(profile["legacyId"])].append(profile["_id"])
    for pair, accounts in graph.by_pair.items():
        groups["authAccounts.pair"][pair] = [account["_id"] for account in accounts]
    return groups


def _once(
    tally: Tally, key: str, again: bool, table: str, path: str, *, cls: Class = Class.INTRODUCED
) -> None:
    if again:
        tally.find(Kind.EXTRANEOUS, key, cls=cls, table=table, path=path, rule="occurs more than once")
    else:
        tally.match()
