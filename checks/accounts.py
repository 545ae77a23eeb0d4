"""Where every row and every column of v1 went (law 6), by the checks' own list and PostgreSQL's own counts.

The engine's book, in the manifest, is compared with these counts; it is never taken at its word.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checks.source.layout import LEFT, TABLES
from checks.source.session import Session, opened
from checks.tally import Tally
from checks.values import ABSENT
from migration.config import Settings
from migration.model import Class, Kind
from migration.run import Run


def accounts(run: Run, settings: Settings) -> Mapping[str, Tally]:
    """`tables`, `columns.<table>`, `column.<table>.<column>`, `left.<table>`, `book.<table>`."""
    manifest = run.manifest()
    with opened(settings) as session:
        tallies = {"tables": _tables(session)}
        for table in TABLES:
            counts = session.non_null(table) if session.has(table) else {}
            rows = session.count(table) if session.has(table) else 0
            tallies[f"columns.{table}"] = _columns(manifest, session, table)
            tallies[f"book.{table}"] = _book(manifest, table, rows)
            if table in LEFT:
                tallies[f"left.{table}"] = _left(session, table, rows)
            for column in TABLES[table].columns:
                tallies[f"column.{table}.{column}"] = _column(manifest, table, column, rows, counts)
    return tallies


def _tables(session: Session) -> Tally:
    tally = Tally()
    for table in session.columns:
        if table in TABLES:
            tally.match()
        else:
            rows = session.count(table)
            tally.find(
                Kind.REJECTED, table, table=table, actual=rows, rule="a v1 table that nobody decided about"
            )
    return tally


def _columns(manifest: Mapping[str, Any], session: Session, table: str) -> Tally:
    """The columns that the source has, and that the engine knows what to do with each."""
    tally, layout = Tally(), TABLES[table]
    for name in manifest["transform"]["unknown_columns"]:
        if name.rpartition(".")[0] == table:
            rule = "a column that the engine does not know"
            tally.find(Kind.REJECTED, name, table=table, path=name.rpartition(".")[2], rule=rule)
    for column in session.columns.get(table, ()):
        if layout.rule or column in layout.columns:
            tally.match()
        else:
            tally.find(
                Kind.REJECTED,
                f"{table}.{column}",
                table=table,
                path=column,
                rule="a column nobody decided about",
            )
    return tally


def _column(
    manifest: Mapping[str, Any], table: str, column: str, rows: int, counts: Mapping[str, int]
) -> Tally:
    """A column with a destination is accounted for; of a dropped one, every value left behind counts."""
    tally, filled = Tally(), counts.get(column)
    if filled is None:
        tally.note("the source has no such column")
        tally.match()
        return tally
    tally.match(rows)
    told = manifest["snapshot"]["non_null"].get(table, {}).get(column)
    if told != filled:
        tally.find(
            Kind.UNVERIFIABLE if told is None else Kind.MISMATCHED,
            f"{table}.{column}",
            table=table,
            path=column,
            expected=filled,
            actual=ABSENT if told is None else told,
            rule="the manifest's count of values",
        )
    rule = TABLES[table].dropped.get(column)
    _listed(tally, manifest, f"{table}.{column}", None if rule is None else filled)
    if rule is not None:
        tally.match(-filled)
        tally.add(Kind.MISSING, filled, cls=Class.DECLARED, table=f"{table}.{column}", rule=rule)
    tally.note("values", filled)
    return tally


def _listed(tally: Tally, manifest: Mapping[str, Any], name: str, expected: int | None) -> None:
    """The engine's own list of what it leaves behind, which the report prints: this column with its values,
    or not at all."""
    listed = manifest["transform"]["dropped_columns"].get(name)
    if listed != expected:
        table, _, column = name.rpartition(".")
        tally.find(
            Kind.MISMATCHED,
            name,
            table=table,
            path=column,
            expected=ABSENT if expected is None else expected,
            actual=ABSENT if listed is None else listed,
            rule="the manifest's list of what is left behind",
        )


def _left(session: Session, table: str, rows: int) -> Tally:
    tally = Tally()
    if not session.has(table):
        tally.note("the source has no such table")
    tally.add(Kind.MISSING, rows, cls=Class.DECLARED, table=table, rule=TABLES[table].rule)
    return tally


def _book(manifest: Mapping[str, Any], table: str, rows: int) -> Tally:
    """The engine's account of a table: PostgreSQL's count, each row in one bucket, none in quarantine."""
    tally = Tally()
    account = manifest["transform"]["accounting"].get(table)
    if account is None:
        if rows:
            tally.find(
                Kind.UNVERIFIABLE, table, table=table, expected=rows, rule="the manifest has no account of it"
            )
        return tally
    excluded, quarantined = sum(account["excluded"].values()), sum(account["quarantined"].values())
    placed = account["migrated"] + account["merged"] + excluded + quarantined
    for name, value in (("rows", account["rows"]), ("placed", placed)):
        tally.check(f"{table}/{name}", rows, value, table=table, path=name)
    tally.check(f"{table}/quarantined", 0, quarantined, table=table, path="quarantined")
    for rule, count in account["excluded"].items():
        tally.note(f"excluded: {rule}", count)
    tally.note("migrated", account["migrated"])
    tally.note("merged", account["merged"])
    return tally
