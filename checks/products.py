"""The shared computations of the data phase: people, cases, the tables left alone, and v1's accounts.

Each opens its own view of both sides, streams through it once, and returns tallies. The suites name what they
need.
"""

from __future__ import annotations

from collections.abc import Mapping

from checks.compare import Comparison, Judge
from checks.facts import paths
from checks.judges import edges
from checks.judges.absence import Absence
from checks.judges.counts import Counts
from checks.judges.dates import Dates
from checks.judges.first_edit import FirstEdit
from checks.judges.identity import identity
from checks.judges.mails import DIGEST, Readers, Reminders, digest
from checks.judges.schema import Schema
from checks.judges.settings import settings as preferences
from checks.judges.statuses import Statuses
from checks.tally import Tally
from checks.world import PEOPLE, World
from migration.config import Settings
from migration.run import Run

PEOPLE_ROWS = ("public.users", "public.user_settings", "public.user_preferences")
CASE_ROWS = ("public.cases", "public.case_rfi", "public.case_rfe")


def people(run: Run, settings: Settings) -> Mapping[str, Tally]:
    """users, userProfiles, authAccounts: values, schema, absence, edges, identity, settings."""
    tallies: dict[str, Tally] = {}
    with World.of(run, settings) as world:
        expected = world.expected_people()
        graph, before = world.graphs()
        for table in PEOPLE:
            after_table, before_table = world.spools(table)
            comparison = Comparison(
                after_table,
                before_table,
                paths(table),
                [Absence(table)],
                schema=Schema(table, world.after.numbers),
                retired=world.retired(table),
            )
            comparison.run(expected[table])
            tallies.update(comparison.tallies)
            if table == "userProfiles":
                tallies.update(preferences(expected[table], world.people, after_table))
        tallies.update(edges.people_edges(graph, world.people, before))
        tallies.update(identity(graph, world.people, before))
        readers = Readers.among(graph.users.values(), graph.profiles)
        tallies[DIGEST] = digest(graph, readers, Readers.of_expected(before, expected))
        tallies.update(world.rows_of(("auth.users", "auth.identities", *PEOPLE_ROWS)))
    return tallies


def cases(run: Run, settings: Settings) -> Mapping[str, Tally]:
    """cases: values, schema, absence, dates, statuses, edges, counts."""
    with World.of(run, settings) as world:
        after_table, before_table = world.spools("cases")
        graph, before = world.graphs()
        counts = Counts()
        reminders = Reminders(
            world.clock_ms,
            Readers.among(graph.users.values(), graph.profiles),
            Readers.of_expected(before, world.expected_people()),
            world.after.documents("notifications"),
        )
        judges: tuple[Judge, ...] = (
            Absence("cases"),
            Dates(),
            Statuses(world.clock_ms),
            FirstEdit(world.clock_ms),
            edges.CaseEdges(graph, world.people, before),
            reminders,
            counts,
        )
        comparison = Comparison(
            after_table,
            before_table,
            paths("cases"),
            judges,
            schema=Schema("cases", world.after.numbers),
            retired=world.retired("cases"),
        )
        comparison.run(counts.watched(world.expected_cases()))
        dismissed = edges.dismissed_edges(graph, after_table, before, before_table)
        rows = world.rows_of(CASE_ROWS)
        return {**comparison.tallies, **rows, "edges.userProfiles.dismissedDeadlines": dismissed}
