"""The shared computations of the data phase: people, cases, the tables left alone, and v1's accounts.

Each opens its own view of both sides, streams through it once, and returns tallies. The suites name what they
need.
"""

from __future__ import annotations

from collections.abc import Mapping

from checks import case_work
from checks.compare import Comparison
from checks.divided import Divided
from checks.facts import paths
from checks.judges import edges
from checks.judges.absence import Absence
from checks.judges.identity import identity
from checks.judges.mails import DIGEST, Readers, digest
from checks.judges.schema import Schema
from checks.judges.settings import settings as preferences
from checks.tally import Tally
from checks.world import PEOPLE, World
from migration.config import Settings
from migration.run import Run

PEOPLE_ROWS = ("public.users", "public.user_settings", "public.user_preferences")


def people(run: Run, settings: Settings) -> Mapping[str, Tally]:
    """users, userProfiles, authAccounts: values, schema, absence, edges, identity, settings."""
    with World.of(run, settings) as world:
        return people_of(world)


def people_of(world: World) -> dict[str, Tally]:
    """The same of a world that is open already."""
    tallies: dict[str, Tally] = {}
    expected = world.expected_people
    graph, before = world.graphs()
    for table in PEOPLE:
        after_table, before_table = world.spools(table)
        absence = Absence(table)
        comparison = Comparison(
            after_table,
            before_table,
            paths(table),
            [absence],
            schema=Schema(table, world.after.numbers),
            retired=world.retired(table),
        )
        comparison.run(expected[table])
        tallies.update({**comparison.tallies, **dict(absence.tallies())})
        if table == "userProfiles":
            tallies.update(preferences(expected[table], world.people, after_table))
    tallies.update(edges.people_edges(graph, world.people, before))
    tallies.update(identity(graph, world.people, before))
    readers = Readers.among(graph.users.values(), graph.profiles)
    tallies[DIGEST] = digest(graph, readers, Readers.of_expected(before, expected))
    tallies.update(world.rows_of(("auth.users", "auth.identities", *PEOPLE_ROWS)))
    return tallies


cases = Divided("cases", case_work.opened)
"""cases: values, schema, absence, dates, statuses, edges, counts, reminders."""
