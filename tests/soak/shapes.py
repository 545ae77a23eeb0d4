"""The clean migrations that `./inv soak clean` tries: what each seed's source and target look like.

A shape follows from its seed alone. All of it is data that v1 could hold and the migration must carry:
whatever is not a PASS is a bug of the mapping, of a check, or of this module. Nothing is written here
(`tests.soak.ground`), and nothing is judged.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from checks.source.layout import MOVED, TABLES
from fixtures.layout import Layout

KINDS = (
    "ordinary",
    "one user",
    "many users",
    "over 1,000 cases of one user",
    "columns that only one document names are absent",
    "other columns and tables are absent",
    "hazards, decided by a person",
    "long and odd texts, extreme dates",
    "no rows of settings or preferences",
    "nothing on the target",
)
LARGE, LARGE_CASES = (42, 150), 3_000
"""Seeds with many cases besides what their kind says."""

_NEEDED = frozenset(
    {
        *("auth.users.id", "auth.users.email", "auth.users.encrypted_password"),
        *("auth.identities.id", "auth.identities.user_id"),
        *("auth.identities.provider", "auth.identities.provider_id"),
        *("public.users.id", "public.users.auth_user_id", "public.users.email"),
        *("public.users.created_at", "public.cases.created_at"),
        *("public.cases.id", "public.cases.user_id", "public.cases.case_status"),
        *("public.case_rfi.id", "public.case_rfi.case_id", "public.case_rfe.id", "public.case_rfe.case_id"),
        *("public.user_settings.user_id", "public.user_preferences.user_id"),
    }
)
"""Without these a source is refused (`migration.introspect`)."""

_LEFT_TABLES = (
    *("public.notifications", "public.refresh_tokens", "public.permission_states"),
    *("public.conversation_messages", "public.calendar_sync_channels"),
)
_SESSION: Mapping[str, tuple[str, ...]] = {
    "TimeZone": ("America/New_York", "Asia/Kathmandu", "Pacific/Kiritimati", "Australia/Lord_Howe"),
    "DateStyle": ("German, DMY", "SQL, MDY", "Postgres, DMY"),
    "IntervalStyle": ("iso_8601", "sql_standard", "postgres_verbose"),
    "extra_float_digits": ("0", "-5"),
    "bytea_output": ("escape",),
    "search_path": ("auth, public", "nowhere"),
    "client_encoding": ("LATIN1", "SQL_ASCII"),
    "statement_timeout": ("2s",),
    "lc_numeric": ("C",),
}
"""Settings of the role in this database that must not matter, as people leave them behind."""


@dataclass(frozen=True)
class Shape:
    """One clean migration. `absent`: `schema.table` or `schema.table.column`, dropped after filling."""

    seed: int
    kind: str
    users: int
    cases: int
    layout: Layout = field(default_factory=Layout)
    target: str = "v2's own"  # or "the canary only", "nothing"
    turkish: bool = False  # the database's collation, in which I and i are two letters
    session: Mapping[str, str] = field(default_factory=dict)
    absent: tuple[str, ...] = ()

    @property
    def hazards(self) -> bool:
        """Whether rows wait for a decision first."""
        return self.kind == KINDS[6]

    @property
    def stretched(self) -> bool:
        """Whether texts and dates are taken to their limits."""
        return self.kind == KINDS[7]

    @property
    def bare(self) -> bool:
        """Whether nobody has settings or preferences."""
        return self.kind == KINDS[8]


def shape_of(seed: int) -> Shape:
    """The shape of a seed; the kinds come by turns, everything else by lot."""
    lot = random.Random(f"shape {seed}")  # noqa: S311 - made-up data
    kind = KINDS[seed % len(KINDS)]
    users, cases = _size(lot, kind)
    return Shape(
        seed=seed,
        kind=kind,
        users=users,
        cases=LARGE_CASES if seed in LARGE else cases,
        layout=Layout(
            users_table=lot.choice(("users", "perm_users")),
            doubtful=kind != KINDS[4] and lot.random() < 0.8,
        ),
        target=_target(lot, kind),
        turkish=lot.random() < 0.25,
        session={name: lot.choice(values) for name, values in _SESSION.items() if lot.random() < 0.3},
        absent=_absent(lot) if kind == KINDS[5] else (),
    )


def _size(lot: random.Random, kind: str) -> tuple[int, int]:
    if kind == KINDS[1]:
        return 1, lot.choice((1, 2, 3, 9, 40))
    if kind == KINDS[2]:
        return lot.randint(120, 400), lot.randint(150, 400)
    if kind == KINDS[3]:
        return lot.randint(1, 2), lot.randint(1_050, 1_250)
    return lot.randint(2, 45), lot.randint(1, 260)


def _target(lot: random.Random, kind: str) -> str:
    if kind == KINDS[9]:
        return "nothing"
    if kind == KINDS[6]:
        return "v2's own"  # three of the hazards have their other half there
    return lot.choice(("v2's own", "v2's own", "the canary only"))


def _absent(lot: random.Random) -> tuple[str, ...]:
    columns = [f"{table}.{name}" for table in MOVED for name in TABLES[table].columns]
    optional = sorted(name for name in columns if name not in _NEEDED and not name.startswith("auth."))
    return (
        *lot.sample(optional, lot.randint(1, 25)),
        *lot.sample(_LEFT_TABLES, lot.randint(0, len(_LEFT_TABLES))),
    )
