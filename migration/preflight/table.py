"""The gates, one row each, in the order in which they are asked.

Automatic ones first, because most others mean little while a side can not be reached; then the evidence of
earlier runs; last what a person attests.
"""

from __future__ import annotations

from datetime import timedelta

from migration.errors import Refusal
from migration.preflight import audit, backup, deployment, rehearsals, source
from migration.preflight.items import ATTESTED_GATES, PRODUCTION
from migration.preflight.model import Gate

DAY = timedelta(days=1)
REHEARSING = ("embedded", "test", "dress")
FENCED = ("embedded", "test", "production")

GATES = (
    Gate(
        "deployment",
        "Does the target answer, take our key, and is nobody importing into it?",
        "Check the address and the key; wait for the other import's end.",
        probe=deployment.reachable,
    ),
    Gate(
        "source",
        "Can every row of v1 be read and fenced by this role, and are there rows?",
        "Connect as postgres, on the direct or session connection; end read-only mode.",
        probe=source.readable,
    ),
    Gate(
        "versions",
        "Are the versions of the database and the deployment known, and do they fit?",
        "Migrate from a server that fits, or find out which version this is.",
        probe=source.versions,
        waits_for=("deployment", "source"),
    ),
    Gate(
        "key",
        "May the target's key do everything that the steps, the checks and a rollback need?",
        "Make a deploy key without restrictions, or with the permissions that are named.",
        probe=deployment.permitted,
        waits_for=("deployment",),
    ),
    Gate(
        "schema",
        "Is v2's schema deployed?",
        "Deploy v2 to the target: npx convex deploy.",
        probe=deployment.schema,
        waits_for=("deployment",),
    ),
    Gate(
        "functions",
        "Are v2's functions deployed, and none of the first migration kit's?",
        "Deploy v2 as it will go live: npx convex deploy.",
        probe=deployment.functions,
        waits_for=("deployment",),
    ),
    Gate(
        "environment",
        "Are the deployment's variables set and clean?",
        "Set them anew without quotes and newlines: npx convex env set NAME.",
        probe=deployment.environment,
        waits_for=("deployment",),
    ),
    Gate(
        "senders",
        "Does the rehearsal's deployment hold no key that could mail or push?",
        "Remove them: npx convex env remove NAME.",
        REHEARSING,
        deployment.silent,
        waits_for=("deployment",),
        elsewhere="production must mail; its queued jobs are listed before it is opened",
    ),
    Gate(
        "site",
        "Does the site answer, and is there a canary to sign in?",
        "Set CUTOVER_APP_URL and the canary; deploy the site.",
        probe=source.site,
    ),
    Gate(
        "room",
        "Is there room on this machine's disk?",
        "Make room, or set CUTOVER_DATA_DIR to a larger disk.",
        probe=source.room,
        waits_for=("source",),
    ),
    Gate(
        "backup",
        "Is there a backup of the source, recent and known to restore?",
        "Make one in Supabase's dashboard, or mend what keeps our own dump from restoring.",
        environments=FENCED,
        probe=backup.present,
        lasts=DAY,
        slow=True,
        waits_for=("source",),
        elsewhere="a dress rehearsal only reads the source",
    ),
    Gate(
        "audit",
        "Does every row of v1 become a document that the target takes?",
        "Decide in quarantine.toml about the rows that preflight/quarantine.jsonl of the data folder lists; "
        "what the schema refuses needs v2 as it will go live.",
        probe=audit.source,
        lasts=DAY,
        slow=True,
        waits_for=("deployment", "source", "key", "schema"),
    ),
    Gate(
        "rehearsed",
        "Was a run on the test pair green, with this code and these decisions, within a week?",
        "./inv migrate --env test verify smoke",
        PRODUCTION,
        rehearsals.rehearsed,
    ),
    Gate(
        "rollback-rehearsed",
        "Was a rollback on the test pair carried out with this code, within a week?",
        "Migrate on the test pair, ./inv rollback, and migrate there again.",
        PRODUCTION,
        rehearsals.rolled_back,
    ),
    Gate(
        "going-live",
        "Does cutover.toml say how production goes live, how that is known, and how it comes back?",
        "Fill in [cutover.production] in cutover.toml; its comments say what each line means.",
        PRODUCTION,
        source.going_live,
    ),
    Gate(
        "dress-rehearsal",
        "Were production's rows migrated into the test target and green, with this code, within two weeks?",
        "./inv migrate --env dress verify smoke, then ./inv rollback --env dress",
        PRODUCTION,
        rehearsals.dressed,
        waits_for=("source",),
    ),
    *ATTESTED_GATES,
)  # fmt: skip


def named(name: str) -> Gate:
    """The gate of this name, or a `Refusal`."""
    for gate in GATES:
        if gate.name == name:
            return gate
    names = ", ".join(gate.name for gate in GATES)
    raise Refusal(f"There is no gate {name!r}.", next_step=f"Known: {names}.")
