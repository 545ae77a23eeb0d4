"""Documents of v2's own with every field filled, put on a deployment before it is migrated.

So that each field of each table holds something that can be lost. The seeded pair has no more of v2's own
than the other tests need; nothing of v1 is made here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from checks.facts import v2_schema
from fixtures import wire
from fixtures.faults.model import tamper_target
from fixtures.tamper import Document, Planted, Tables
from migration.config import Settings
from tests.soak.random_faults.batches import examples
from tests.soak.random_faults.material import LISTED
from tests.soak.random_faults.values import Ids, valid

PEOPLE, OF_EACH = 6, 2
"""How many users there will be more, and how many documents of every table but theirs."""

CREATED, LATER = 1_750_000_000_000.25, 4_000_000_000_000.0
NOT_OWN = ("legacyId", "legacyAuthId", "legacyUserId", "scheduledDeletionJobId")
"""Fields that only a migration writes, and one that names a job of the deployment."""

_ONE_EACH = ("users", "userProfiles", "authAccounts")


def plant_own(settings: Settings, seed: int) -> None:
    """Adds them over the public wire; the same for the same seed."""

    def edit(tables: Tables) -> Planted:
        numbers = {str(table["name"]): int(table["id"]) for table in tables[LISTED]}
        added = own_documents(numbers, seed)
        for table, found in added.items():
            tables[table].extend(found)
        return Planted("users", added["users"][0]["_id"])

    tamper_target(settings, (*v2_schema(), LISTED), edit)


def own_documents(numbers: Mapping[str, int], seed: int) -> dict[str, list[Document]]:
    """The documents by table, for a deployment with these table numbers."""
    counts = {table: PEOPLE if table in _ONE_EACH else OF_EACH for table in v2_schema()}
    ids = {table: [_id(numbers[table], table, at) for at in range(count)] for table, count in counts.items()}
    made = {}
    for table, found in ids.items():
        fields = {
            name: spec
            for name, spec in v2_schema()[table]["fields"].items()
            if name.rstrip("?") not in NOT_OWN
        }
        bodies = examples(valid(fields, Ids(ids, numbers)), seed, len(found))
        made[table] = [
            {"_id": one, "_creationTime": CREATED + at, **body, **_fixed(table, at, ids)}
            for at, (one, body) in enumerate(zip(found, bodies, strict=True))
        ]
    return made


def _fixed(table: str, at: int, ids: Mapping[str, list[str]]) -> dict[str, Any]:
    """What can not be left to chance: who is whose, and that no job of v2 deletes a user."""
    if table == "users":
        return {"email": f"own{at}@v2.example.com", "deletedAt": LATER}
    return {"userId": ids["users"][at]} if table in _ONE_EACH else {}


def _id(number: int, table: str, at: int) -> str:
    return wire.encode_id(number, hashlib.sha256(f"own/{table}/{at}".encode()).digest()[:16])
