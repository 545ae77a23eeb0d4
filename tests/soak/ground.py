"""One embedded pair on which one made-up migration after the other is laid out: for `./inv soak clean`.

A pair takes seconds to start, so that it is emptied instead: the source's database is made anew, the target's
documents are replaced, and every seed has folders of its own for data and evidence. Nothing is judged here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from fixtures import layout as layouts
from fixtures import pair, postgres
from fixtures.canary import add_to_target, canary_rows, plant_source
from fixtures.factories.documents import Documents
from fixtures.hazards import decided, hazards_for
from fixtures.pair import DATABASE, PairState
from fixtures.population import Population, populate
from fixtures.postgres import MAINTENANCE, SUPERUSER, Postgres
from fixtures.seed import fill
from fixtures.seed_target import replace_all, target_documents
from migration import quarantine
from migration.config import Settings
from migration.run import Run
from migration.target import Target
from tests.soak.shapes import Shape
from tests.soak.stretch import stretch
from tests.teeth.bench import settings_of

FOLLOWS = "owner_quarantined"


@dataclass(frozen=True)
class Ground:
    """A running pair in `folder`."""

    folder: Path
    state: PairState
    server: Postgres

    def lay(self, shape: Shape) -> Settings:
        """Both sides as the shape says; the settings by which they are migrated."""
        dsn = self._database(shape)
        population = _population(shape)
        fill(dsn, population, hazards_for(population, shape.seed) if shape.hazards else None)
        plant_source(dsn)
        self._leave_out(shape)
        self._set(shape)
        self._target(shape)
        settings = settings_of(self.folder)
        settings.quarantine_file.unlink(missing_ok=True)
        own = self.folder / f"seed-{shape.seed}"
        return settings.model_copy(update={"data_dir": own / "data", "runs_dir": own / "reports" / "runs"})

    def _database(self, shape: Shape) -> str:
        self.server.drop_database(DATABASE)
        if not shape.turkish:
            return self.server.create_database(DATABASE, shape.layout)
        with psycopg.connect(self.server.dsn_for(SUPERUSER, MAINTENANCE), autocommit=True) as connection:
            connection.execute(
                sql.SQL(
                    "CREATE DATABASE {} TEMPLATE template0 OWNER postgres"
                    " LOCALE_PROVIDER icu ICU_LOCALE 'tr-TR'"
                ).format(sql.Identifier(DATABASE))
            )
        with psycopg.connect(self.server.dsn_for(SUPERUSER, DATABASE)) as inside:
            layouts.load(inside, shape.layout)
        return self.server.dsn_for(database=DATABASE)

    def _leave_out(self, shape: Shape) -> None:
        """What is absent; a column that the plain layout does not have anyway is none to drop."""
        with psycopg.connect(self.server.dsn_for(SUPERUSER, DATABASE), autocommit=True) as connection:
            for name in shape.absent:
                schema, table, *column = name.split(".")
                if (schema, table) == ("public", "users"):
                    table = shape.layout.users_table
                place = sql.Identifier(schema, table)
                if column:
                    dropped = sql.SQL("ALTER TABLE {} DROP COLUMN IF EXISTS {} CASCADE")
                    connection.execute(dropped.format(place, sql.Identifier(*column)))
                else:
                    connection.execute(sql.SQL("DROP TABLE IF EXISTS {} CASCADE").format(place))

    def _set(self, shape: Shape) -> None:
        with psycopg.connect(self.server.dsn_for(SUPERUSER, MAINTENANCE), autocommit=True) as connection:
            for name, value in shape.session.items():
                connection.execute(
                    sql.SQL("ALTER ROLE postgres IN DATABASE {} SET {} = {}").format(
                        sql.Identifier(DATABASE), sql.Identifier(name), sql.Literal(value)
                    )
                )

    def _target(self, shape: Shape) -> None:
        target = Target(self.state.convex_url, self.state.convex_admin_key)
        if target.state() == "paused":
            target.unpause()
        password = self.state.canary_password

        def documents(numbers: dict[str, int]) -> Documents:
            if shape.target == "v2's own":
                return target_documents(numbers, password, hazardous=shape.hazards)
            made = Documents(numbers)
            if shape.target == "the canary only":
                add_to_target(made, password)
            return made

        replace_all(self.state.convex_url, self.state.convex_admin_key, documents)


@contextmanager
def ground(folder: Path) -> Iterator[Ground]:
    """A pair in `folder`, ended and removed afterwards."""
    try:
        state = pair.up(folder, users=1, cases=1)
        server = postgres.attach(folder / "postgres")
        assert server is not None
        yield Ground(folder, state, server)
    finally:
        pair.down(folder)


def decide(settings: Settings, run: Run) -> int:
    """Notes a sensible person's decision about every row that waits; how many."""
    bird = canary_rows()
    owner = (str(bird["users"][0]["id"]), str(bird["cases"][0]["id"]))
    seen: Counter[tuple[str, str]] = Counter()
    noted = 0
    for row in quarantine.read(run.data / "quarantine.jsonl"):
        if row.reason == FOLLOWS:
            continue
        seen[row.reason, row.where] += 1
        decision = decided(row.reason, row.table, row.where, seen[row.reason, row.where], owner)
        if decision is None:
            continue
        given = {"table": row.table, "key": row.key, "as": decision[0], "value": decision[1]}
        one = quarantine.Resolution.model_validate({**given, "by": "Ann", "reason": "rehearsed"})
        quarantine.append(settings.quarantine_file, one)
        noted += 1
    return noted


def _population(shape: Shape) -> Population:
    population = populate(users=shape.users, cases=shape.cases, seed=shape.seed, shuffled=True)
    if shape.bare:
        population.tables["user_settings"].clear()
        population.tables["user_preferences"].clear()
    if shape.stretched:
        stretch(population, shape.seed)
    return population
