"""A stratified sample of cases, read through v2's own functions as their owner (app phase).

One `query_batch` a user: the positive control first (users:currentUser; null means that nothing was proven),
then list, dashboard counts, one case of somebody else, which must stay hidden, and the sampled cases.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from checks.oracle.dashboard import TILES, tiles
from checks.oracle.rules import Document
from checks.tally import Tally
from checks.values import ABSENT, canonical
from checks.world import World
from migration.config import Settings
from migration.model import Class, Kind
from migration.run import Run
from migration.target import Answer, Target

QUESTIONS = ("control", "case", "fields", "list", "summary", "stranger")
READ_LIMIT = 1000
"""v2 reads at most this many rows of a user, silently; list and summary may lack the others: inherited."""

_BATCH = 100
Question = tuple[str, dict[str, Any]]


@dataclass
class Owner:
    """A user of the target with the cases that they must see."""

    key: str
    user_id: str
    chosen: dict[str, Document] = field(default_factory=dict)
    cases: list[Document] = field(default_factory=list)

    @property
    def unread(self) -> int:
        """How many of their cases v2 does not read."""
        return max(0, len(self.cases) - READ_LIMIT)

    @property
    def live(self) -> list[Document]:
        """What v2 shows of them."""
        return [case for case in self.cases if "deletedAt" not in case]


def sample(run: Run, settings: Settings) -> Mapping[str, Tally]:
    """The tallies of `QUESTIONS`, and `size`."""
    seed = run.manifest()["sample"]["seed"]
    with World.of(run, settings) as world:
        strata = world.strata()
        wanted = max(settings.sample_minimum, round(len(strata) * settings.sample_fraction))
        chosen = choose(strata, wanted, seed)
        owners = _owners(world, chosen)
    tallies = {name: Tally() for name in QUESTIONS}
    tallies["size"] = _size(owners, len(strata), min(wanted, len(strata)), seed)
    with Target(settings.target.url, settings.target.admin_key.get_secret_value()) as target:
        for owner, other in zip(owners, owners[1:] + owners[:1], strict=True):
            _read(target, owner, other, tallies)
    return tallies


def choose(strata: Mapping[str, tuple[str, str]], wanted: int, seed: int) -> set[str]:
    """`wanted` keys or all: one of every user, one of every status, the rest at random.

    `strata` gives each key its user and status. The same seed chooses the same keys.
    """
    order = sorted(strata)
    random.Random(seed).shuffle(order)  # noqa: S311 - a sample, not a secret
    first: dict[tuple[int, str], str] = {}
    for key in order:
        for place, stratum in enumerate(strata[key]):
            first.setdefault((place, stratum), key)
    chosen = set(first.values())
    rest = (key for key in order if key not in chosen)
    chosen.update(key for key, _ in zip(rest, range(max(0, wanted - len(chosen))), strict=False))
    return chosen


def _owners(world: World, chosen: set[str]) -> list[Owner]:
    """Everyone who came from v1, with their cases; of most cases only what the counts need is kept."""
    owners = {person.key: Owner(person.key, person.user_id) for person in world.people.carried()}
    own: set[str] = set()
    for expected in world.expected_cases():
        owner = owners[expected.document["legacyUserId"]]
        own.add(expected.id)
        owner.cases.append(_light(expected.document))
        if expected.key in chosen:
            owner.chosen[expected.key] = expected.document
    by_user = {owner.user_id: owner for owner in owners.values()}
    for case in world.before.documents("cases"):
        if case["_id"] not in own and case["userId"] in by_user:
            by_user[case["userId"]].cases.append(_light(case))
    return [owner for owner in owners.values() if owner.cases]


def _light(case: Document) -> Document:
    kept = ("_id", "caseStatus", "progressStatus", "deletedAt", "duplicateOf")
    return {name: case[name] for name in kept if name in case}


def _size(owners: Sequence[Owner], total: int, wanted: int, seed: int) -> Tally:
    tally = Tally()
    chosen = sum(len(owner.chosen) for owner in owners)
    tally.note(f"seed {seed}")
    tally.note("cases", total)
    tally.match(chosen)
    if chosen < wanted:
        tally.find(
            Kind.UNVERIFIABLE, "sample", expected=wanted, actual=chosen, rule="the sample is too small"
        )
    return tally


def _read(target: Target, owner: Owner, other: Owner, tallies: dict[str, Tally]) -> None:
    keys = list(owner.chosen)
    foreign = other.live[0]["_id"] if other is not owner and other.live else None
    shown = [foreign] if foreign else []
    shown += [owner.chosen[key]["_id"] for key in keys]
    asked: list[Question] = [
        (path, {}) for path in ("users:currentUser", "cases:list", "dashboard:getSummary")
    ]
    asked += [("cases:get", {"id": identifier}) for identifier in shown]
    answers = _asked(target, asked, owner.user_id)
    known = answers[0].value if isinstance(answers[0].value, dict) else {}
    if known.get("_id") != owner.user_id:
        _nothing_proven(owner, answers[0], tallies)
        return
    tallies["control"].match()
    _list(tallies["list"], owner, answers[1])
    _summary(tallies["summary"], owner, answers[2])
    if foreign:
        _hidden(tallies["stranger"], other, answers[3])
    for key, answer in zip(keys, answers[-len(keys) :] if keys else (), strict=True):
        _case(tallies, key, owner.chosen[key], answer)


def _asked(target: Target, asked: Sequence[Question], user: str) -> list[Answer]:
    answers: list[Answer] = []
    for start in range(0, len(asked), _BATCH):
        answers += target.query_batch(asked[start : start + _BATCH], acting_as=user)
    return answers


def _nothing_proven(owner: Owner, answer: Answer, tallies: dict[str, Tally]) -> None:
    rule = "the app does not know this user" if answer.error is None else "the function failed"
    for name in ("control", "list", "summary", "stranger"):
        tallies[name].find(Kind.UNVERIFIABLE, owner.key, table="users", rule=rule)
    for key in owner.chosen:
        tallies["case"].find(Kind.UNVERIFIABLE, key, table="cases", rule=rule)


def _case(tallies: dict[str, Tally], key: str, wanted: Document, answer: Answer) -> None:
    tally = tallies["case"]
    if answer.error is not None:
        tally.find(Kind.REJECTED, key, table="cases", rule="cases:get failed")
    elif "deletedAt" in wanted:
        _null(tally, key, answer.value, "a deleted case is shown")
    elif not isinstance(answer.value, dict):
        tally.find(Kind.MISSING, key, table="cases", expected=wanted["_id"], rule="cases:get answers nothing")
    elif canonical(answer.value) == canonical(wanted):
        tally.match()
        tallies["fields"].match(len(wanted))
    else:
        different = _differences(tallies["fields"], key, wanted, answer.value)
        tally.find(Kind.MISMATCHED, key, table="cases", path=different)


def _differences(tally: Tally, key: str, wanted: Document, actual: Document) -> str:
    first = ""
    for path in sorted(wanted.keys() | actual.keys()):
        left, right = wanted.get(path, ABSENT), actual.get(path, ABSENT)
        tally.check(key, left, right, table="cases", path=path)
        first = first or (path if canonical(left) != canonical(right) else "")
    return first


def _list(tally: Tally, owner: Owner, answer: Answer) -> None:
    found = {case["_id"] for case in answer.value} if isinstance(answer.value, list) else None
    wanted = {case["_id"] for case in owner.live}
    if found is not None and found < wanted and len(wanted - found) <= owner.unread:
        _unread(tally, Kind.MISSING, owner, "cases:list")
        return
    _compare(tally, owner.key, wanted, found, "cases:list")


def _summary(tally: Tally, owner: Owner, answer: Answer) -> None:
    counts = tiles(owner.live)
    wanted = {name: float(counts[name]) for name in TILES}
    value = answer.value if isinstance(answer.value, dict) else {}
    found = {name: value[name]["count"] for name in TILES} if set(TILES) <= value.keys() else None
    lacking = {wanted[name] - found[name] for name in TILES} if found else {0.0}
    if min(lacking) >= 0 and 0 < max(lacking) <= owner.unread:
        _unread(tally, Kind.MISMATCHED, owner, "dashboard:getSummary")
        return
    _compare(tally, owner.key, wanted, found, "dashboard:getSummary")


def _unread(tally: Tally, kind: Kind, owner: Owner, function: str) -> None:
    """No more is lacking than v2 leaves unread; what else is wrong, is judged as anybody's is."""
    cases, rule = len(owner.cases), f"v2 reads no more than {READ_LIMIT:,} cases a user"
    tally.find(
        kind,
        owner.key,
        cls=Class.INHERITED,
        table="users",
        path=function,
        expected=cases,
        actual=READ_LIMIT,
        rule=rule,
    )


def _compare(tally: Tally, key: str, wanted: Any, found: Any, function: str) -> None:
    if wanted == found:
        tally.match()
    elif found is None:
        tally.find(Kind.REJECTED, key, table="users", rule=f"{function} failed")
    else:
        left, right = (_ordered(each) for each in (wanted, found))
        tally.find(Kind.MISMATCHED, key, table="users", path=function, expected=left, actual=right)


def _ordered(each: Iterable[str] | dict[str, float]) -> object:
    return each if isinstance(each, dict) else sorted(each)


def _hidden(tally: Tally, other: Owner, answer: Answer) -> None:
    _null(tally, other.key, None if answer.error else answer.value, "a stranger sees this user's case")


def _null(tally: Tally, key: str, value: object, rule: str) -> None:
    if value is None:
        tally.match()
    else:
        tally.find(Kind.EXTRANEOUS, key, table="cases", rule=rule)
