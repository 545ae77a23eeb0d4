"""Link: what the target already has that the migration must know. Read from the backup, once, streaming.

Gives the transform its table numbers, the v2 users by folded e-mail, their profiles and account rows, and
the clock. Documents of an earlier run of ours are told apart by their 16 bytes. Not here: which v1 row
joins which user (`migration.identity`).
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from migration.errors import RunIncomplete
from migration.filled import Fills, Key, standing, undone
from migration.ids import decode
from migration.mapping import names
from migration.mapping.exported import Exported
from migration.mapping.text import fold

TABLES = ("users", "authAccounts", "userProfiles", "cases")
"""The tables that the migration writes."""

_FIRST_NUMBER = 10001  # user tables begin here; below are the system's


@dataclass(frozen=True, slots=True)
class Existing:
    """A document of the target, as its export spelled it."""

    id: str
    line: bytes

    def document(self) -> Exported:
        """Its fields, to read or to change."""
        return Exported(self.line)


@dataclass(frozen=True)
class Lookup:
    """What the transform may know of the target. `clock_ms` is the run's frozen clock (snapshot start)."""

    numbers: Mapping[str, int]
    clock_ms: float
    users: Mapping[str, tuple[Existing, ...]] = field(default_factory=dict)  # by folded e-mail
    profiles: Mapping[str, Existing] = field(default_factory=dict)  # by the user's `_id`: the oldest
    accounts: Mapping[tuple[str, str], tuple[str, str]] = field(default_factory=dict)  # pair: `_id`, `userId`
    enforced: tuple[Existing, ...] = ()  # profiles whose deadlines are enforced automatically
    ours: frozenset[bytes] = frozenset()  # the 16 bytes of documents an earlier run may have written

    def summary(self) -> dict[str, Any]:
        """Counts for the ledger, and a digest of all that was found."""
        digest = hashlib.sha256(repr((sorted(self.numbers.items()), self.clock_ms)).encode())
        for mail, found in sorted(self.users.items()):
            digest.update(repr((mail, found)).encode())
        for part in (self.profiles, self.accounts):
            digest.update(repr(sorted(part.items(), key=repr)).encode())
        digest.update(repr(self.enforced).encode())
        return {
            "users": sum(map(len, self.users.values())),
            "profiles": len(self.profiles),
            "accounts": len(self.accounts),
            "enforced": len(self.enforced),
            "digest": digest.hexdigest(),
        }

    def is_ours(self, document_id: str) -> bool:
        """Whether this user or profile has an id that only the migration gives."""
        return decode(document_id)[1] in self.ours


def build_lookup(
    backup_zip: Path, raw: Path, clock_ms: float, fills: Mapping[Key, Fills] | None = None
) -> Lookup:
    """The lookup for the snapshot in `raw`, from the target's backup. `clock_ms`: Unix milliseconds.

    `fills` are an earlier load's changes of v2's own documents: those that nobody changed since are undone.
    Memory grows with the target's users, never with its cases. A backup that can not be read is an error.
    """
    try:
        with zipfile.ZipFile(backup_zip) as archive:
            theirs = _AsBefore(fills or {})
            profiles, enforced = _profiles(archive, theirs)
            return Lookup(
                numbers=_numbers(archive),
                clock_ms=clock_ms,
                users=_users(archive, theirs),
                profiles=profiles,
                accounts=_accounts(archive),
                enforced=enforced,
                ours=_ours(raw),
            )
    except (zipfile.BadZipFile, OSError, ValueError, KeyError) as error:
        raise RunIncomplete(
            f"The backup {backup_zip.name} can not be read ({type(error).__name__}).",
            touched="The target was not changed.",
            next_step="Take the backup again: invoke backup.",
        ) from None


def _numbers(archive: zipfile.ZipFile) -> dict[str, int]:
    """Number by table; a table that the target does not have yet gets the next one that is free."""
    taken = {row["name"]: int(row["id"]) for row in map(orjson.loads, _lines(archive, "_tables"))}
    following = max(
        (number for number in taken.values() if number >= _FIRST_NUMBER), default=_FIRST_NUMBER - 1
    )
    for table in TABLES:
        if table not in taken:
            following += 1
            taken[table] = following
    return {table: taken[table] for table in TABLES}


class _AsBefore:
    """Documents of v2's own as they were before an earlier load."""

    def __init__(self, fills: Mapping[Key, Fills]) -> None:
        self._fills = fills

    def documents(self, archive: zipfile.ZipFile, table: str) -> Iterator[tuple[bytes, dict[str, Any]]]:
        for line, document in _documents(archive, table):
            known = self._fills.get((table, decode(document["_id"])[1]), {})
            if fills := standing(document, known):
                own = undone(document, fills)
                yield orjson.dumps(own), own
            else:
                yield line, document


def _users(archive: zipfile.ZipFile, theirs: _AsBefore) -> dict[str, tuple[Existing, ...]]:
    found: dict[str, tuple[Existing, ...]] = {}
    for line, document in theirs.documents(archive, "users"):
        mail = fold(document.get("email"))
        if mail:
            found[mail] = (*found.get(mail, ()), Existing(document["_id"], line))
    return found


def _profiles(
    archive: zipfile.ZipFile, theirs: _AsBefore
) -> tuple[dict[str, Existing], tuple[Existing, ...]]:
    oldest: dict[str, tuple[tuple[float, str], Existing]] = {}
    enforced = []
    for line, document in theirs.documents(archive, "userProfiles"):
        one, user = Existing(document["_id"], line), document["userId"]
        age = (float(document["_creationTime"]), one.id)
        if user not in oldest or age < oldest[user][0]:
            oldest[user] = (age, one)
        if document.get("autoDeadlineEnforcementEnabled") is True:
            enforced.append(one)
    return {user: one for user, (_, one) in oldest.items()}, tuple(enforced)


def _accounts(archive: zipfile.ZipFile) -> dict[tuple[str, str], tuple[str, str]]:
    return {
        (document["provider"], document["providerAccountId"]): (document["_id"], document["userId"])
        for _, document in _documents(archive, "authAccounts")
    }


def _ours(raw: Path) -> frozenset[bytes]:
    """The ids that v1's users have or would have on the target, users and profiles."""
    found: set[bytes] = set()
    for key in user_keys(raw / "public.users.ndjson"):
        found.add(UUID(key).bytes)
        found.add(names.profile(key))
    return frozenset(found)


def user_keys(path: Path) -> Iterator[str]:
    """The ids of the rows of `public.users.ndjson`, in the spelling of a UUID."""
    with path.open("rb") as handle:
        for line in handle:
            try:
                yield str(UUID(orjson.loads(line)["id"]))
            except (ValueError, KeyError, TypeError):
                continue  # the transform sets an unreadable row aside; here it can not be anybody's


def _documents(archive: zipfile.ZipFile, table: str) -> Iterable[tuple[bytes, dict[str, Any]]]:
    for line in _lines(archive, table):
        yield line, orjson.loads(line)


def _lines(archive: zipfile.ZipFile, table: str) -> Iterator[bytes]:
    name = f"{table}/documents.jsonl"
    if name not in archive.namelist():
        return
    with archive.open(name) as handle:
        for line in handle:
            if line.strip():
                yield line.strip()
