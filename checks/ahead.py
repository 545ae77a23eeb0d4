"""`python -m checks.ahead`: works ahead at what hundreds of checks of the data phase will ask for.

Stands beside the pytest that asks them, as one of several processes: pytest's own start is most of what a
small database costs, so it is started once, and only the shared work is divided. Judges nothing and records
nothing; pytest does by itself whatever is not there.
"""

from __future__ import annotations

import sys

from checks.accounts import accounts
from checks.evidence import Evidence
from checks.freshness import freshness
from checks.jobs import jobs
from checks.process import concluded
from checks.products import cases
from checks.substance import substance
from migration.run import Run


def work_ahead() -> None:
    """Works until nothing is left to begin."""
    evidence = Evidence(Run.from_environment())
    # the small ones while pytest starts, which asks for people and freshness before it asks for cases
    for product in (accounts, jobs, substance, cases, freshness):
        evidence.ahead(product)


if __name__ == "__main__":
    sys.exit(concluded(work_ahead))
