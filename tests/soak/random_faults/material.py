"""The documents of an export: where they come from, how a finding names them, whom they are about.

Read by a decoder of its own; knows nothing of the checks.
"""

from __future__ import annotations

import json
import random
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from tests.soak.random_faults.values import Ids

T = TypeVar("T")
Document = dict[str, Any]
Tables = Mapping[str, list[Document]]
LISTED = "_tables"
V1, BOTH, V2 = "v1", "both", "v2"
"""Origins: made of a row of v1; v2's own and filled from v1; v2's own."""

_IDENTIFYING = ("_id", "legacyId", "legacyUserId", "email", "providerAccountId")
"""Fields by which other documents, or v1's rows, refer to a document."""


class Material:
    """An export and the backup before it. `seed` shuffles, so that not always the first document is taken."""

    def __init__(self, after: Tables, before: Tables, numbers: Mapping[str, int], seed: int) -> None:
        self.tables = after
        self.ids = Ids(
            {table: [each["_id"] for each in found] for table, found in after.items() if found}, numbers
        )
        self._own = {document["_id"] for found in before.values() for document in found}
        self._seed = seed

    @classmethod
    def read(cls, verified: Path, backup: Path, seed: int = 0) -> Material:
        """The material of a migrated run: its export, and the backup."""
        after, before = documents(verified), documents(backup)
        listed = after.pop(LISTED)
        before.pop(LISTED)
        return cls(after, before, {str(table["name"]): int(table["id"]) for table in listed}, seed)

    @cached_property
    def _v1_of(self) -> dict[str, str]:
        """v1's id of every user, by the id in v2."""
        return {
            each["userId"]: each["legacyId"] for each in self.tables["userProfiles"] if "legacyId" in each
        }

    @cached_property
    def _known(self) -> frozenset[str]:
        """Every text by which a document is known to others."""
        every = (each for found in self.tables.values() for each in found)
        return frozenset(str(each[field]) for each in every for field in _IDENTIFYING if field in each)

    def origin(self, table: str, document: Document) -> str:
        """Where a document comes from."""
        if document["_id"] not in self._own:
            return V1
        return BOTH if table in {"users", "userProfiles"} and self._legacy(table, document) else V2

    def key(self, table: str, document: Document) -> str:
        """How a finding names it: by v1's id if it has one (an account by its user's), else by its own."""
        if self.origin(table, document) == V2:
            return str(document["_id"])
        return self._legacy(table, document) or str(document["_id"])

    def _legacy(self, table: str, document: Document) -> str | None:
        if table == "users":
            return self._v1_of.get(document["_id"])
        return self._v1_of.get(document["userId"]) if table == "authAccounts" else document.get("legacyId")

    def names(self, document: Document) -> frozenset[str]:
        """Whom a document is about: every text in it by which some document is known."""
        return self._known.intersection(_texts(document))

    def shuffled(self, table: str, path: str) -> dict[str, list[Document]]:
        """The documents of a table by origin, in the order of `mixed`."""
        found: dict[str, list[Document]] = {}
        for document in self.mixed(self.tables[table], table, path):
            found.setdefault(self.origin(table, document), []).append(document)
        return dict(sorted(found.items()))

    def mixed(self, items: Iterable[T], table: str, path: str) -> list[T]:
        """The items in an order of chance that is the place's own."""
        listed = list(items)
        random.Random(f"{self._seed} {table}.{path}").shuffle(listed)  # noqa: S311 - not for secrets
        return listed


def documents(export: Path) -> dict[str, list[Document]]:
    """The documents of every table of an export, `_tables` among them."""
    found = {}
    with zipfile.ZipFile(export) as archive:
        for name in archive.namelist():
            table, _, rest = name.rpartition("/")
            if rest == "documents.jsonl":
                found[table] = [json.loads(line) for line in archive.read(name).splitlines() if line.strip()]
    return found


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    inner: Iterable[object] = ()
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
    for each in inner:
        yield from _texts(each)
