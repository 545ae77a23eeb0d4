"""Everyone gets in, and only as themselves (weaknesses A4, A5, C1, C2; decision 0001: authAccounts).

The questions are Convex Auth's own: which user has exactly this e-mail, and which account row has this
provider and name. Each must lead to the one user whose profile carries this person's v1 id.
"""

from __future__ import annotations

from typing import Any

from checks.oracle import accounts
from checks.oracle.people import People, Person
from checks.oracle.rules import fold, moment
from checks.tally import Tally
from checks.target.graph import Graph
from checks.values import ABSENT
from migration.model import Class, Kind

QUESTIONS = (
    "login_email",
    "google",
    "password",
    "barred",
    "verified_time",
    "verified_account",
    "way_in",
    "scheduled_deletion",
    "not_merged",
    "consent",
)


def identity(graph: Graph, people: People, before: Graph) -> dict[str, Tally]:
    """`identity.<question>` for everyone who came from v1; scheduled deletions for every user of the target.

    `before` is the target as it was backed up.
    """
    tallies = {name: Tally() for name in QUESTIONS}
    owners: dict[str, str] = {}
    for person in people.carried():
        profile = graph.by_legacy.get(person.key, [])
        user = str(profile[0].get("userId")) if len(profile) == 1 else ""
        _login(tallies["login_email"], person, user, graph)
        _ways_in(tallies, person, graph, people.clock_ms)
        _verified(tallies["verified_time"], person, user, graph)
        _not_merged(tallies["not_merged"], person, user, owners)
        _consent(tallies["consent"], person, profile, before)
    for identifier, found in graph.users.items():
        _deletion(tallies["scheduled_deletion"], identifier, found, before, people.clock_ms)
    return {f"identity.{name}": tally for name, tally in tallies.items()}


def _login(tally: Tally, person: Person, user: str, graph: Graph) -> None:
    """The e-mail that v2 looks up is found once, and it is this person's user."""
    wanted = person.matched["email"] if person.matched else person.email
    found = graph.by_email.get(wanted, [])
    actual = found[0] if len(found) == 1 else ABSENT
    tally.check(person.key, user, actual, table="users", path="email")


def _ways_in(tallies: dict[str, Tally], person: Person, graph: Graph, clock_ms: int) -> None:
    auth = person.rows.auth
    barred = accounts.barred(auth, clock_ms) if auth else ""
    wanted = accounts.wanted(auth, person.identities, person.created, clock_ms)
    for account in wanted:
        rows = graph.by_pair.get(account.pair, [])
        owner = graph.legacy_of(rows[0].get("userId")) if len(rows) == 1 else None
        path = "providerAccountId"
        tallies[account.provider].check(person.key, person.key, owner, table="authAccounts", path=path)
        if account.provider == "password" and len(rows) == 1 and "secret" not in rows[0]:
            actual = rows[0].get("emailVerified", ABSENT)
            expected = ABSENT if account.verified is None else account.verified
            tallies["verified_account"].check(
                person.key, expected, actual, table="authAccounts", path="emailVerified"
            )
    if barred and auth is not None:
        _shut_out(tallies["barred"], person, graph)
    _has_way_in(tallies["way_in"], person, graph, barred=barred, offered=bool(wanted))


def _shut_out(tally: Tally, person: Person, graph: Graph) -> None:
    """Who may not sign in to v1 gets no account row made; one that v2 had already is v2's."""
    names = [("google", str(identity["provider_id"])) for identity in person.identities]
    names.append(("password", fold((person.rows.auth or {}).get("email"))))
    made = [row for pair in names for row in graph.by_pair.get(pair, []) if "secret" not in row]
    if made and person.matched is None:
        tally.find(
            Kind.EXTRANEOUS, person.key, table="authAccounts", path="userId", rule="banned or deleted in v1"
        )
    else:
        tally.match()


def _has_way_in(tally: Tally, person: Person, graph: Graph, *, barred: str, offered: bool) -> None:
    if any(
        graph.accounts_of.get(str(profile.get("userId"))) for profile in graph.by_legacy.get(person.key, ())
    ):
        tally.match()
        return
    rule = barred or ("" if offered else "no_way_in_in_v1")
    cls = Class.INTRODUCED if not rule else Class.DECLARED if barred else Class.INHERITED
    tally.find(
        Kind.MISSING, person.key, cls=cls, table="authAccounts", path="userId", rule=rule or "locked out"
    )


def _verified(tally: Tally, person: Person, user: str, graph: Graph) -> None:
    """The time v1 had the address confirmed; what v2 knew already stays."""
    confirmed = moment(person.rows.auth.get("email_confirmed_at")) if person.rows.auth else None
    wanted: object = ABSENT if confirmed is None else confirmed
    if person.matched is not None and "emailVerificationTime" in person.matched:
        wanted = person.matched["emailVerificationTime"]
    actual = graph.users.get(user, {}).get("emailVerificationTime", ABSENT)
    tally.check(person.key, wanted, actual, table="users", path="emailVerificationTime")
    if wanted is ABSENT:
        tally.note("addresses never confirmed in v1")


def _not_merged(tally: Tally, person: Person, user: str, owners: dict[str, str]) -> None:
    other = owners.setdefault(user, person.key)
    if user and other == person.key:
        tally.match()
    else:
        tally.find(
            Kind.MISMATCHED,
            person.key,
            table="userProfiles",
            path="userId",
            actual=other,
            rule="one user, two people",
        )


def _consent(tally: Tally, person: Person, profiles: list[dict[str, Any]], before: Graph) -> None:
    """Who has accepted v2's terms has done so in v2, and nobody else: they meet its dialog first (C7)."""
    earlier = before.profiles_of.get(str(person.matched["_id"]), []) if person.matched else []
    wanted = next((one["termsAcceptedAt"] for one in earlier if "termsAcceptedAt" in one), ABSENT)
    actual = profiles[0].get("termsAcceptedAt", ABSENT) if profiles else ABSENT
    tally.check(person.key, wanted, actual, table="userProfiles", path="termsAcceptedAt")
    if wanted is ABSENT:
        tally.note("people who will meet the dialog of v2's terms")


def _deletion(tally: Tally, identifier: str, user: dict[str, object], before: Graph, clock_ms: int) -> None:
    """`users.deletedAt` in the past means that v2's hourly job destroys the user and every case."""
    scheduled = user.get("deletedAt", ABSENT)
    earlier = before.users.get(identifier, {}).get("deletedAt", ABSENT)
    if scheduled is ABSENT or (
        isinstance(scheduled, float) and scheduled > clock_ms and scheduled == earlier
    ):
        tally.match()
        return
    cls = Class.INHERITED if scheduled == earlier else Class.INTRODUCED
    tally.find(Kind.EXTRANEOUS, identifier, cls=cls, table="users", path="deletedAt", actual=scheduled)
