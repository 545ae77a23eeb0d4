"""Was there anything to judge? An empty or tiny source proves nothing, and never passes (weakness B1)."""

from __future__ import annotations

import pytest

from checks import products
from checks.conftest import Judged
from checks.evidence import Evidence
from checks.substance import substance
from fixtures.recorder import Recorder
from migration.model import Finding, Kind, Outcome

pytestmark = pytest.mark.data


@pytest.mark.parametrize("what", ["users", "cases", "statuses"])
def test_source(record: Recorder, evidence: Evidence, what: str) -> None:
    settings = evidence.settings
    wanted = {"users": settings.minimum_users, "cases": settings.minimum_cases, "statuses": 1}[what]
    found = evidence.tally(substance, what).matched
    enough = found >= wanted
    short = Finding(
        kind=Kind.UNVERIFIABLE,
        table="source",
        key=what,
        expected=str(wanted),
        actual=str(found),
        rule="fewer than prove anything",
    )
    record(
        scope=what,
        title=f"the source has at least {wanted} {what} beside the canary",
        matched=found if enough else 0,
        findings=[] if enough else [short],
        outcome=Outcome.PASS if enough else Outcome.UNKNOWN,
        error="" if enough else f"The source has {found} {what}; fewer than {wanted} prove nothing.",
        notes={"found": found, "at least": wanted},
    )


@pytest.mark.parametrize("table", ["users", "userProfiles", "cases"])
def test_target(judge: Judged, table: str) -> None:
    """A positive control: documents that both sides have were seen."""
    product = products.cases if table == "cases" else products.people
    judge(product, f"compared.{table}", title=f"documents of {table} were really compared", scope=table)
