"""Wiring: the evidence that items assert on, and how an item records a tally."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from checks.evidence import Evidence, Product
from checks.tally import Tally
from fixtures.recorder import Recorder, suite_of
from migration.model import CheckResult, Outcome, Severity
from migration.run import Run

Judged = Callable[..., CheckResult]
_OF_CASES = frozenset({"counts", "dates", "exposure", "foreign_keys", "statuses", "uniqueness"})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What asks about cases comes last: they take longest, and are worked at meanwhile (`checks.ahead`)."""
    items.sort(key=lambda item: "case" in item.name or suite_of(item.nodeid.partition("::")[0]) in _OF_CASES)


@pytest.fixture(scope="session")
def evidence(run: Run) -> Evidence:
    """The shared computations of this run."""
    return Evidence(run)


@pytest.fixture
def judge(record: Recorder, evidence: Evidence) -> Judged:
    """Records one tally of a product as this item's result.

    `may_be_empty`: no unit at all is a pass here (a list that no row fills), because another item of the
    suite proves that there was something to see.
    """

    def judged(
        product: Product,
        name: str,
        *,
        title: str,
        scope: str = "",
        severity: Severity = Severity.CRITICAL,
        may_be_empty: bool = False,
    ) -> CheckResult:
        return write(
            record,
            evidence.tally(product, name),
            title=title,
            scope=scope or name,
            severity=severity,
            may_be_empty=may_be_empty,
        )

    return judged


def write(
    record: Recorder,
    tally: Tally,
    *,
    title: str,
    scope: str,
    severity: Severity = Severity.CRITICAL,
    may_be_empty: bool = False,
) -> CheckResult:
    """Records a tally. Nothing seen is UNKNOWN unless it may be empty."""
    return record(
        title=title,
        scope=scope,
        severity=severity,
        matched=tally.matched,
        findings=tally.findings,
        further=tally.further,
        totals=tally.totals,
        classes=tally.classes,
        notes=dict(tally.notes),
        outcome=Outcome.PASS if may_be_empty and not tally.seen else None,
    )
